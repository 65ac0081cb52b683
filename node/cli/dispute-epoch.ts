import { Command } from "commander";
import { formatEther } from "viem";
import { challengeDeposit } from "../ai/client/challenges.ts";
import { rpcSource } from "../ai/client/content.ts";
import { type ClosedEpoch, collectEpochReward, epochRewardOf, getEpoch } from "../ai/client/epochs.ts";
import { getModel } from "../ai/client/models.ts";
import { type Published, publishedEpoch } from "../ai/epoch/published.ts";
import { type EpochLie, EpochLies } from "../ai/watch/epoch-lies.ts";
import { contextOf, print } from "./context.ts";
import { CLAIM_SAYINGS, claimLies, dueReward } from "./dispute-rows.ts";
import { findEpoch } from "./epoch.ts";
import { cliError } from "./errors.ts";
import { requireKey } from "./keys.ts";
import { connectProtocol, type Protocol } from "./protocol.ts";

/** What a command says of each kind of fault, and what its number counts. */
const SAYINGS: Readonly<Record<EpochLie["kind"], string>> = {
  leaf: "payer, name, fee or form are not what they have to be, at leaf",
  range: "the fees of a payer's leaves are not what it paid, at range",
  order: "payouts are not in their order, at payout",
  payout: "a payout is not what its leaf earned, at payout",
  missing: "a contribution lacks its payout of leaf",
  score: `${CLAIM_SAYINGS.score}, at leaf`,
  omission: `${CLAIM_SAYINGS.omission}, at leaf`,
  weights: `${CLAIM_SAYINGS.weights}, at leaf`,
  cover: `${CLAIM_SAYINGS.cover}, at leaf`,
};

/** `openledger dispute epoch ...`: what every watcher checks of an epoch, asked by anybody, and what a refutation brings. */
export function disputeEpochCommand(): Command {
  const epoch = new Command("epoch").description("compare an epoch with its leaves, and show what is false");
  epoch
    .command("check <id>")
    .description(
      "compare fees, payers, payouts and every answer's rows of an epoch with what it was closed with; status 1 if it is false",
    )
    .option("--challenge", "show the counter-example on chain; half of what the host loses is yours")
    .action(check);
  epoch
    .command("collect <id>")
    .description("draw what you get of a host whose epoch you showed to be false, some blocks after it")
    .action(collect);
  return epoch;
}

async function check(text: string, options: { challenge?: boolean }, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = options.challenge ? requireKey(context) : undefined;
  const protocol = await connectProtocol(context);
  const { client, at } = protocol;
  const closed = await findEpoch(protocol, text);
  const { epochId } = closed;
  const state = await getEpoch(client, at, epochId);
  const model = await getModel(client, at, state.modelId);
  const published = await requireLeaves(protocol, closed);
  const lie = await new EpochLies(client, at, claimLies(protocol)).find(model, closed, state, published);
  if (lie === undefined) {
    print(context, { epoch: epochId, isFalse: false }, [
      `epoch ${epochId} agrees with its ${closed.closing.count} leaves, and they with every row of model ${state.modelId}`,
    ]);
    return;
  }
  process.exitCode = 1;
  const { kind, position } = lie;
  const said = `epoch ${epochId} is false: ${SAYINGS[kind]} ${position}`;
  if (account === undefined) {
    print(context, { epoch: epochId, isFalse: true, kind, position }, [
      said,
      `show it with --challenge while its window is open, for a deposit of ${formatEther(await challengeDeposit(client, at))} OPEN that comes back`,
    ]);
    return;
  }
  if (state.status !== "closed") {
    throw cliError("CLAIM_DECIDED", {
      message: `epoch ${epochId} is ${state.status}: it can no longer be shown false`,
      fix: "nothing is left to do; a running watcher looks at each epoch in time",
      facts: { epochId, status: state.status },
    });
  }
  const { hash } = await lie.refute(account);
  print(context, { epoch: epochId, isFalse: true, kind, position, transaction: hash }, [
    said,
    `shown on chain in ${hash}; some blocks later \`openledger dispute epoch collect ${epochId}\` draws your half of what its host lost`,
  ]);
}

/** The leaves that an epoch was closed with. @throws CodedError LEAF_WITHHELD. */
export async function requireLeaves({ client }: Protocol, closed: ClosedEpoch): Promise<Published> {
  const published = await publishedEpoch(rpcSource(client), closed);
  if (published !== undefined) return published;
  throw cliError("LEAF_WITHHELD", {
    message: `this node has no file of epoch ${closed.epochId}'s leaves that is what was closed`,
    fix: `ask another node with --rpc, or demand leaves with \`openledger dispute leaf demand ${closed.epochId} <position>\`: silence ends the epoch`,
    facts: { epochId: closed.epochId },
  });
}

async function collect(text: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const protocol = await connectProtocol(context);
  const { client, at } = protocol;
  const { epochId } = await findEpoch(protocol, text);
  const found = await epochRewardOf(client, at, epochId);
  const reward = await dueReward(client, account.address, found, {
    of: `epoch ${epochId}`,
    fix: "give the epoch that you showed false, and the key that you did it with",
  });
  const { hash } = await collectEpochReward(client, at, account, epochId);
  print(context, { epoch: epochId, reward, transaction: hash }, [
    `${formatEther(reward)} OPEN of epoch ${epochId} in ${hash}; \`openledger account draw\` takes it from your rewards`,
  ]);
}
