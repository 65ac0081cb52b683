import { Command } from "commander";
import { formatEther, type LocalAccount } from "viem";
import { appealVerdict, caseOf, disputeClaim, panelFee } from "../ai/client/audits.ts";
import type { ProtocolAddresses, SentTransaction } from "../ai/client/chain.ts";
import { rpcSource } from "../ai/client/content.ts";
import { demandDeposit } from "../ai/client/demands.ts";
import {
  answerLeaf,
  answerPayout,
  demandLeaf,
  demandOwnLeaf,
  endSilentLeaf,
  type LeafDemand,
  leafDemandOf,
  publishedLeaf,
  returnLeafDeposit,
} from "../ai/client/epoch-demands.ts";
import { type ClosedEpoch, getEpoch, isLeafOpened, openLeaf } from "../ai/client/epochs.ts";
import { requestIdOf } from "../ai/epoch/epoch.ts";
import { publishedEpoch } from "../ai/epoch/published.ts";
import { type ShownLeaf, shownLeaf, shownPayout } from "../ai/epoch/shown.ts";
import type { Address } from "../chain/types/primitives.ts";
import { type CliContext, contextOf, print } from "./context.ts";
import { printCase } from "./dispute-case.ts";
import { requireLeaves } from "./dispute-epoch.ts";
import { findEpoch } from "./epoch.ts";
import { cliError } from "./errors.ts";
import { requireKey } from "./keys.ts";
import { connectProtocol, type Protocol, parseId } from "./protocol.ts";

/** `openledger dispute leaf ...`: a single leaf of an epoch, shown on demand, or run again by verifiers. */
export function disputeLeafCommand(): Command {
  const leaf = new Command("leaf").description(
    "have a host show a leaf of its epoch, or verifiers run it again",
  );
  const of = (name: string, description: string) =>
    leaf.command(`${name} <epoch> <position>`).description(description);
  const ofBoth = (name: string, description: string) =>
    of(name, description).option("--payout", "a leaf of the tree of payouts, not of answers");
  ofBoth(
    "demand",
    "make the host show a leaf, for a deposit; of your own answer for none. Silence ends the epoch",
  ).action(demand);
  ofBoth(
    "answer",
    "show a leaf that somebody demands, for its deposit; its host does it itself, anybody may",
  ).action(answer);
  ofBoth(
    "end",
    "end a demand that nobody answered in time: the epoch is refuted, or the deposit comes back",
  ).action(end);
  of(
    "open",
    "have verifiers run an answer of the epoch again, for a panel's fee; half of what a refuted host loses is yours",
  ).action(open);
  of("appeal", "have a larger panel look again at the verdict of a small one, for a panel's fee").action(
    appeal,
  );
  ofBoth("show", "where a leaf's demand, and its dispute or audit stand").action(show);
  return leaf;
}

interface Leaf {
  context: CliContext;
  protocol: Protocol;
  closed: ClosedEpoch;
  position: number;
  isPayout: boolean;
}

/** @throws CodedError EPOCH_UNKNOWN, NUMBER_INVALID, LEAF_UNKNOWN. */
async function leafOf(
  epoch: string,
  text: string,
  { payout = false }: { payout?: boolean },
  command: Command,
): Promise<Leaf> {
  const context = contextOf(command);
  const position = Number(parseId(text, "position"));
  const protocol = await connectProtocol(context);
  const closed = await findEpoch(protocol, epoch);
  const { count, payoutCount } = closed.closing;
  const last = (payout ? payoutCount : count) - 1;
  if (position <= last) return { context, protocol, closed, position, isPayout: payout };
  throw cliError("LEAF_UNKNOWN", {
    message: `epoch ${closed.epochId} has no ${payout ? "payout" : "answer"} at position ${position}`,
    fix: last < 0 ? "it has none at all" : `give one from 0 to ${last}`,
    facts: { epochId: closed.epochId, position, last },
  });
}

const nameOf = ({ closed, position, isPayout }: Leaf) =>
  `${isPayout ? "payout" : "answer"} ${position} of epoch ${closed.epochId}`;

const factsOf = ({ closed, position, isPayout }: Leaf) => ({ epoch: closed.epochId, position, isPayout });

async function demand(
  epoch: string,
  text: string,
  options: { payout?: boolean },
  command: Command,
): Promise<void> {
  const account = requireKey(contextOf(command));
  const leaf = await leafOf(epoch, text, options, command);
  const { context, protocol, closed, position, isPayout } = leaf;
  const { client, at } = protocol;
  const isOwn = !isPayout && payerOf(closed, position) === account.address.toLowerCase();
  const deposit = isOwn ? 0n : await demandDeposit(client, at);
  const { epochId, ranges } = closed;
  const { hash } = isOwn
    ? await demandOwnLeaf(client, at, account, { epochId, position, ranges })
    : await demandLeaf(client, at, account, epochId, isPayout, position);
  const { deadline } = await demandOf(leaf);
  print(context, { ...factsOf(leaf), deposit, deadline, transaction: hash }, [
    `the host has to show ${nameOf(leaf)} until ${timeOf(deadline)}: ${hash}`,
    isOwn
      ? "you paid for it: no deposit"
      : `${formatEther(deposit)} OPEN go to whoever shows it, or come back`,
    `then \`openledger dispute leaf end ${epochId} ${position}${isPayout ? " --payout" : ""}\` ends the epoch, if nobody did`,
  ]);
}

/** The payer in whose range an answer stands. */
function payerOf({ ranges }: ClosedEpoch, position: number): Address | undefined {
  let end = 0;
  return ranges.find(({ count }) => {
    end += count;
    return position < end;
  })?.payer;
}

const demandOf = ({ protocol: { client, at }, closed, isPayout, position }: Leaf): Promise<LeafDemand> =>
  leafDemandOf(client, at, closed.epochId, isPayout, position);

const isDemanded = ({ by }: LeafDemand) => BigInt(by) !== 0n;

/** An open demand. @throws CodedError DEMAND_ABSENT. */
async function requireDemand(leaf: Leaf): Promise<LeafDemand> {
  const found = await demandOf(leaf);
  if (isDemanded(found) && !found.isAnswered) return found;
  throw cliError("DEMAND_ABSENT", {
    message: `no demand for ${nameOf(leaf)} is open`,
    fix: "see `openledger dispute leaf show`",
    facts: factsOf(leaf),
  });
}

async function answer(
  epoch: string,
  text: string,
  options: { payout?: boolean },
  command: Command,
): Promise<void> {
  const account = requireKey(contextOf(command));
  const leaf = await leafOf(epoch, text, options, command);
  const { context, protocol, closed, position, isPayout } = leaf;
  const { client, at } = protocol;
  await requireDemand(leaf);
  const { epoch: leaves, queries } = await requireLeaves(protocol, closed);
  const { hash } = isPayout
    ? await answerPayout(client, at, account, closed.epochId, shownPayout(leaves, position))
    : await answerLeaf(client, at, account, closed.epochId, shownLeaf(leaves, position), queries[position]!);
  print(context, { ...factsOf(leaf), transaction: hash }, [
    `${nameOf(leaf)} stands on chain: ${hash}`,
    "the demand's deposit, if it had one, is in your balance",
  ]);
}

async function end(
  epoch: string,
  text: string,
  options: { payout?: boolean },
  command: Command,
): Promise<void> {
  const account = requireKey(contextOf(command));
  const leaf = await leafOf(epoch, text, options, command);
  const { context, protocol, closed, position, isPayout } = leaf;
  const { client, at } = protocol;
  const { deadline } = await requireDemand(leaf);
  const { status } = await getEpoch(client, at, closed.epochId);
  const { timestamp } = await client.public.getBlock();
  const isClosed = status === "closed";
  if (isClosed && timestamp <= deadline) {
    throw cliError("DEMAND_EARLY", {
      message: `the host may show ${nameOf(leaf)} until ${timeOf(deadline)}`,
      fix: "try again after it",
      facts: { ...factsOf(leaf), deadline },
    });
  }
  const finish = isClosed ? endSilentLeaf : returnLeafDeposit;
  const { hash } = await finish(client, at, account, closed.epochId, isPayout, position);
  print(context, { ...factsOf(leaf), isRefuted: isClosed, transaction: hash }, [
    isClosed
      ? `epoch ${closed.epochId} is refuted by silence: ${hash}; some blocks later whoever made the demand collects with \`openledger dispute epoch collect\``
      : `epoch ${closed.epochId} ended otherwise; the demand's deposit is back: ${hash}`,
  ]);
}

/** An answer as its epoch has it: out of its file, else as it was shown on chain. @throws CodedError LEAF_WITHHELD. */
async function readLeaf({ protocol: { client, at }, closed, position }: Leaf): Promise<ShownLeaf> {
  const published = await publishedEpoch(rpcSource(client), closed);
  if (published !== undefined) return shownLeaf(published.epoch, position);
  const shown = await publishedLeaf(client, at, closed.epochId, position);
  if (shown !== undefined) return shown;
  throw cliError("LEAF_WITHHELD", {
    message: `nobody shows answer ${position} of epoch ${closed.epochId}`,
    fix: `demand it with \`openledger dispute leaf demand ${closed.epochId} ${position}\`: silence ends the epoch`,
    facts: { epochId: closed.epochId, position },
  });
}

/** The protocol's contracts, `audits` being those of epochs' leaves. */
const boardOf = (at: ProtocolAddresses): ProtocolAddresses => ({ ...at, audits: at.epochAudits });

async function open(epoch: string, text: string, _options: unknown, command: Command): Promise<void> {
  const account = requireKey(contextOf(command));
  const leaf = await leafOf(epoch, text, {}, command);
  const { context, protocol, closed, position } = leaf;
  const { client } = protocol;
  const at = boardOf(protocol.at);
  const shown = await openedLeaf(leaf, account);
  const fee = await panelFee(client, at);
  const { hash } = await disputeClaim(client, at, account, shown.claim);
  const { disputeId } = await caseOf(client, at, shown.claim.requestId);
  print(context, { ...factsOf(leaf), dispute: disputeId, fee, transaction: hash }, [
    `dispute ${disputeId} over ${nameOf(leaf)} opened for ${formatEther(fee)} OPEN in ${hash}`,
    `see \`openledger dispute leaf show ${closed.epochId} ${position}\``,
  ]);
}

/** An answer, opened as a claim where nobody did it before. */
async function openedLeaf(leaf: Leaf, account: LocalAccount): Promise<ShownLeaf> {
  const { client, at } = leaf.protocol;
  const shown = await readLeaf(leaf);
  if (!(await isLeafOpened(client, at, shown.claim)))
    await openLeaf(client, at, account, leaf.closed.epochId, shown);
  return shown;
}

async function appeal(epoch: string, text: string, _options: unknown, command: Command): Promise<void> {
  const account = requireKey(contextOf(command));
  const leaf = await leafOf(epoch, text, {}, command);
  const { client, at } = leaf.protocol;
  const { claim } = await readLeaf(leaf);
  const { hash }: SentTransaction = await appealVerdict(client, boardOf(at), account, claim);
  print(leaf.context, { ...factsOf(leaf), transaction: hash }, [
    `a larger panel looks at ${nameOf(leaf)} again: ${hash}`,
  ]);
}

async function show(
  epoch: string,
  text: string,
  options: { payout?: boolean },
  command: Command,
): Promise<void> {
  const leaf = await leafOf(epoch, text, options, command);
  const { context, protocol, closed, position } = leaf;
  const { client, at } = protocol;
  const { epochId } = closed;
  const { status } = await getEpoch(client, at, epochId);
  const found = await demandOf(leaf);
  const asked = isDemanded(found) ? found : null;
  const facts = { ...factsOf(leaf), demand: asked };
  const demandLine =
    asked === null
      ? "nobody demanded it"
      : `demanded by ${asked.by} until ${timeOf(asked.deadline)}${asked.isAnswered ? ", which is over" : ""}`;
  if (leaf.isPayout) {
    print(context, { ...facts, status }, [`${nameOf(leaf)}: the epoch is ${status}`, demandLine]);
    return;
  }
  const requestId = requestIdOf(epochId, position);
  const name = `${nameOf(leaf)}: ${demandLine}; its epoch`;
  await printCase(context, protocol, { requestId, name, facts, status, at: boardOf(at) });
}

function timeOf(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString();
}
