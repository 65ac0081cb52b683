import { join } from "node:path";
import { Command } from "commander";
import { bytesToHex, formatEther } from "viem";
import type { AgentAddresses } from "../agents/addresses.ts";
import { deedMattersIn, voteOnDeed } from "../agents/judging/deed-matter.ts";
import { MAX_TEXT_BYTES } from "../agents/judging/evidence.ts";
import { caseOfDeed } from "../agents/verdicts.ts";
import type { ChainClient } from "../ai/client/chain.ts";
import { rpcSource } from "../ai/client/content.ts";
import { getContribution } from "../ai/client/datanets.ts";
import { getDispute, type PanelResult } from "../ai/client/disputes.ts";
import { lossOf, valueOfLoss } from "../ai/client/losses.ts";
import { rpcRequest } from "../ai/client/rpc.ts";
import {
  poolTerms,
  setEngine,
  stakeAsVerifier,
  startLeaving,
  verifierMembers,
  verifierOf,
  withdrawVerifierStake,
} from "../ai/client/verifiers.ts";
import { type ContentSource, cachedSource } from "../ai/content/source.ts";
import { ENGINE } from "../ai/verify/engine.ts";
import { fetchEvidence } from "../ai/verify/fetch-evidence.ts";
import { rerun } from "../ai/verify/rerun.ts";
import { Verifier, type VerifierOptions } from "../ai/verify/verifier.ts";
import { VoteFiles } from "../ai/verify/vote-files.ts";
import { l1Headers } from "../app/l1-headers.ts";
import { randomBytes } from "../base/clock.ts";
import { isCodedError } from "../base/errors.ts";
import { createLogger } from "../base/logger.ts";
import { agentsOf, connectAgents } from "./agent-context.ts";
import { parseOpen } from "./amount.ts";
import { contextOf, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { privateKeyOf, requireKey, resolveAddress } from "./keys.ts";
import { connectProtocol, parseId } from "./protocol.ts";

/** Longest wait for a part of evidence, in ms. */
const CONTENT_MS = 30_000;

/** `openledger verifier ...`: stakes of those who run inferences again. */
export function verifierCommand(): Command {
  const verifier = new Command("verifier").description(
    "run disputed and audited inferences again, for a stake and a part of what panels are paid",
  );
  verifier
    .command("join <open>")
    .description("stake OPEN and take a seat; again to stake more")
    .action(stake);
  verifier
    .command("leave [open]")
    .description("take OPEN (default: all) out of later draws; after the delay: `verifier withdraw`")
    .action(leave);
  verifier
    .command("withdraw")
    .description("move what has waited to your balance (`account draw` draws it)")
    .action(withdraw);
  verifier
    .command("run")
    .description("judge what panels draw you for, until Ctrl-C; --key must be the account that joined")
    .option(
      "--folder <folder>",
      "of votes that are not over (default: verifier-<address> in the data folder)",
    )
    .option("--threads <n>", "threads of one run (default: all cores)")
    .option("--max-model <bytes>", "largest model that is run", "8589934592")
    .option("--max-seconds <n>", "longest run; a window that ends sooner ends it", "600")
    .option("--keep <open>", "OPEN that stay on the account: appeals of false verdicts take the rest", "10")
    .option("--peer <url...>", "other nodes to ask for evidence")
    .action(run);
  verifier
    .command("vote <contribution>")
    .description(
      "as a drawn verifier, say whether a lost stake was lost rightly; `verifier run` commits and reveals it",
    )
    .option("--stands", "the contributor lost it rightly")
    .option("--returns", "it should return")
    .option("--folder <folder>", "that `verifier run` has")
    .action(judge);
  verifier
    .command("vote-deed <deed>")
    .description(
      "as a drawn verifier, say whether a deed that no program can judge followed; `verifier run` commits and reveals it",
    )
    .option("--followed", "it follows from its answers under its policy")
    .option("--strayed", "it does not")
    .option("--folder <folder>", "that `verifier run` has")
    .action(judgeDeedByHand);
  verifier
    .command("status [name|address]")
    .description("the members with their stakes, or one of them")
    .action(status);
  return verifier;
}

async function stake(amount: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const { client, at } = await connectProtocol(context);
  const wei = parseOpen(amount);
  const { hash } = await stakeAsVerifier(client, at, account, wei);
  const found = await verifierOf(client, at, account.address);
  if (found.engine !== ENGINE || found.key !== account.publicKey) {
    await setEngine(client, at, account, { engine: ENGINE, key: account.publicKey });
  }
  print(context, { transaction: hash, seat: found.seat - 1, stake: found.stake }, [
    `${formatEther(wei)} OPEN staked in ${hash}`,
    "now keep `openledger verifier run` running with the same --key: silence in a last round costs a part of the stake",
  ]);
}

async function leave(amount: string | undefined, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const { client, at } = await connectProtocol(context);
  const wei =
    amount === undefined ? (await verifierOf(client, at, account.address)).stake : parseOpen(amount);
  const { hash } = await startLeaving(client, at, account, wei);
  const { leavesAt } = await verifierOf(client, at, account.address);
  print(context, { transaction: hash, leaving: wei, leavesAt }, [
    `${formatEther(wei)} OPEN are leaving in ${hash}, free from ${timeOf(leavesAt)} on`,
  ]);
}

async function withdraw(_options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client, at } = await connectProtocol(context);
  const { hash } = await withdrawVerifierStake(client, at, requireKey(context));
  print(context, { transaction: hash }, [`stake moved to your balance in ${hash}`]);
}

async function judge(
  text: string,
  options: { stands?: boolean; returns?: boolean; folder?: string },
  command: Command,
): Promise<void> {
  const context = contextOf(command);
  const { address } = requireKey(context);
  const { client, at } = await connectProtocol(context);
  const contributionId = parseId(text, "contribution");
  if (options.stands === options.returns) {
    throw cliError("VOTE_MISSING", {
      message: "say one of the two: that the loss stands, or that the stake returns",
      fix: "give --stands or --returns",
    });
  }
  const loss = await lossOf(client, at, contributionId);
  const { round } = await getDispute(client, at, loss.disputeId);
  const { contentId } = await getContribution(client, at, contributionId);
  const value = valueOfLoss(contributionId, loss, options.stands === true);
  const folder = options.folder ?? voteFolder(context.dataDir, address);
  keepVote(folder, { disputeId: loss.disputeId, round }, { value, digest: contentId });
  print(
    context,
    { contribution: contributionId, dispute: loss.disputeId, round, stands: options.stands === true },
    [
      `your vote in round ${round} of dispute ${loss.disputeId} is kept; keep \`openledger verifier run\` running`,
    ],
  );
}

async function judgeDeedByHand(
  text: string,
  options: { followed?: boolean; strayed?: boolean; folder?: string },
  command: Command,
): Promise<void> {
  const context = contextOf(command);
  const { address } = requireKey(context);
  const { client, protocol, at } = await connectAgents(context);
  const deedId = parseId(text, "deed");
  if (options.followed === options.strayed) {
    throw cliError("VOTE_MISSING", {
      message: "say one of the two: that the deed followed, or that it did not",
      fix: "give --followed or --strayed",
    });
  }
  const { status, disputeId } = await caseOfDeed(client, at, deedId);
  if (status !== "accused") {
    throw cliError("PANEL_ABSENT", {
      message: `no panel is asked about deed ${deedId}`,
      fix: "see `openledger agent case`",
      facts: { deedId, status },
    });
  }
  const { round } = await getDispute(client, protocol, disputeId);
  const vote = await voteOnDeed(client, at, deedId, options.followed === true);
  keepVote(options.folder ?? voteFolder(context.dataDir, address), { disputeId, round }, vote);
  print(context, { deed: deedId, dispute: disputeId, round, followed: options.followed === true }, [
    `your vote in round ${round} of dispute ${disputeId} is kept; keep \`openledger verifier run\` running`,
  ]);
}

/** Keeps a vote by hand for `verifier run`. @throws CodedError VOTE_KEPT. */
function keepVote(
  folder: string,
  { disputeId, round }: { disputeId: bigint; round: number },
  vote: PanelResult,
): void {
  const files = new VoteFiles(folder);
  if (files.read(disputeId, round) !== undefined) {
    throw cliError("VOTE_KEPT", {
      message: `this verifier has voted in round ${round} of dispute ${disputeId} already`,
      fix: "a committed vote can't be changed; the next round, if there is one, is asked anew",
      facts: { dispute: disputeId, round },
    });
  }
  files.write(disputeId, round, { ...vote, salt: bytesToHex(randomBytes(32)) });
}

/** Where the votes of a verifier are that are not over. */
const voteFolder = (dataDir: string, address: string): string =>
  join(dataDir, `verifier-${address.toLowerCase()}`);

interface RunOptions {
  folder?: string;
  threads?: string;
  maxModel: string;
  maxSeconds: string;
  keep: string;
  peer?: string[];
}

async function run(options: RunOptions, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const { client, at } = await connectProtocol(context);
  const { address } = account;
  const number = (text: string, what: string) => Number(parseId(text, what));
  const limits = {
    maxModelBytes: number(options.maxModel, "number of bytes"),
    threads: options.threads === undefined ? undefined : number(options.threads, "number of threads"),
  };
  const longest = 1_000 * number(options.maxSeconds, "number of seconds");
  const nodes = [client, ...(options.peer ?? []).map((url) => nodeAt(url))];
  const ending = new AbortController();
  const stop = () => ending.abort(cliError("STOPPED", { message: "stopped by a signal" }));
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  const { rpcUrl } = client;
  const logger = createLogger({ level: "info", format: context.json ? "json" : "text" });
  const verifier = new Verifier({
    ...{ client, at, account, logger },
    privateKey: privateKeyOf(context),
    evidence: (hash) => fetchEvidence(nodes, hash),
    rerun: (task, ms) => rerun({ rpcUrl, at, task }, { ...limits, ms: Math.min(ms, longest) }, ending.signal),
    folder: options.folder ?? voteFolder(context.dataDir, address),
    l1Headers: l1Headers([context.l1RpcUrl]),
    keep: parseOpen(options.keep),
    others: deedJudge(client, nodes),
  });
  logger.info({ address, url: rpcUrl }, "the verifier runs");
  await verifier.run(ending.signal);
}

/** How accused deeds are judged, once the node knows the agents' contracts. */
function deedJudge(
  client: ChainClient,
  nodes: readonly ContentNode[],
): NonNullable<VerifierOptions["others"]> {
  const content = cachedSource(anySource(nodes));
  const texts = anySource(nodes, MAX_TEXT_BYTES);
  let agents: AgentAddresses | undefined;
  return async (steps, range) => {
    agents ??= await agentsOf(client);
    return agents === undefined ? [] : deedMattersIn({ ...steps, agents, content, texts }, range);
  };
}

type ContentNode = Pick<ChainClient, "rpc" | "rpcUrl">;

/** Contents from the first node that has them; "not there" only where every node says so. */
function anySource(nodes: readonly ContentNode[], maxBytes?: number): ContentSource {
  return {
    async get(hash) {
      let failure: unknown;
      for (const node of nodes) {
        try {
          return await rpcSource(node, maxBytes).get(hash);
        } catch (error) {
          if (failure === undefined || isCodedError(failure, "CONTENT_NOT_FOUND")) failure = error;
        }
      }
      throw failure;
    },
  };
}

/** A node that is asked for contents only. */
function nodeAt(rpcUrl: string): ContentNode {
  return {
    rpcUrl,
    rpc: (method, params, timeoutMs = CONTENT_MS) => rpcRequest(rpcUrl, method, params, timeoutMs),
  };
}

async function status(who: string | undefined, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client, at } = await connectProtocol(context);
  if (who === undefined) {
    const terms = await poolTerms(client, at);
    const members = (await verifierMembers(client, at)).filter(({ stake }) => stake > 0n);
    print(context, { ...terms, members }, [
      `a verifier stakes ${formatEther(terms.leastStake)} OPEN at least; leaving takes ${terms.exitDelay} s`,
      ...members.map(({ address, stake }) => `${address}  ${formatEther(stake)} OPEN`),
      ...(members.length === 0 ? ["nobody has a seat yet"] : []),
    ]);
    return;
  }
  const address = resolveAddress(context, who);
  const found = await verifierOf(client, at, address);
  const leaving = found.leaving > 0n ? `, free from ${timeOf(found.leavesAt)} on` : "";
  print(context, { address, ...found }, [
    `seat      ${found.seat === 0 ? "none" : found.seat - 1}`,
    `stake     ${formatEther(found.stake)} OPEN`,
    `leaving   ${formatEther(found.leaving)} OPEN${leaving}`,
    `engine    ${found.engine === ENGINE ? "this program's" : found.engine}`,
  ]);
}

function timeOf(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString();
}
