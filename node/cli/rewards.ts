import { Command } from "commander";
import { formatEther } from "viem";
import { rewardBalance } from "../ai/client/balances.ts";
import { rpcSource } from "../ai/client/content.ts";
import { getContribution, getDatanet, snapshotsWith } from "../ai/client/datanets.ts";
import { drawFromEpoch } from "../ai/client/epochs.ts";
import { payeeOf } from "../ai/client/income.ts";
import { getModel } from "../ai/client/models.ts";
import {
  claimPoolShare,
  type MarkedRow,
  markedRows,
  type PoolPlace,
  poolShare,
  takeOffMarked,
} from "../ai/client/pools.ts";
import { type EpochIncome, epochIncomeOf } from "../ai/epoch/draws.ts";
import { loadIndex } from "../ai/watch/indexes.ts";
import { startProgress } from "../base/progress.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { contextOf, print } from "./context.ts";
import { requireKey } from "./keys.ts";
import { connectProtocol, type Protocol, parseId } from "./protocol.ts";

/** `openledger rewards ...`: what a contribution earns in epochs, and together with all rows of its snapshots. */
export function rewardsCommand(): Command {
  const rewards = new Command("rewards").description(
    "what a contribution earns beside single answers: epochs of answers paid by purses, and shares of the snapshots' pools",
  );
  rewards
    .command("show <contribution>")
    .description("what waits for a contribution, snapshot by snapshot and epoch by epoch")
    .action(show);
  rewards
    .command("draw <contribution>")
    .description("move it to its payee's balance (`account draw` draws it); anybody may")
    .action(draw);
  rewards
    .command("take-off <model>")
    .description(
      "take rows off their snapshots' pools which the model marks as repeats of earlier rows: the other rows share what they had; anybody may",
    )
    .action(takeOff);
  return rewards;
}

/** One transaction a row; those that went through stay, whatever becomes of a later one. */
async function takeOff(text: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const { client, at } = await connectProtocol(context);
  const model = await getModel(client, at, parseId(text, "model"));
  const { index } = await loadIndex(rpcSource(client), model);
  const taken: (MarkedRow & { transaction: Hash })[] = [];
  const progress = startProgress({ label: "rows" });
  const marked = await markedRows(client, at, model, index);
  for (const row of marked) {
    const { hash } = await takeOffMarked(client, at, account, model.modelId, index, row);
    taken.push({ ...row, transaction: hash });
    progress.update(taken.length, undefined, marked.length);
  }
  progress.finish();
  print(context, { taken }, [
    ...taken.map(
      ({ row, contributionId, datanetId, number, first, transaction }) =>
        `row ${row} of contribution ${contributionId}, which repeats row ${first} of the model, shares no more in snapshot ${datanetId}:${number}: ${transaction}`,
    ),
    ...(taken.length === 0 ? [`model ${model.modelId} marks no row that still shares in a pool`] : []),
  ]);
}

/** The snapshots that hold the contribution, with what waits in the pool of each. */
async function sharesOf({ client, at }: Protocol, contributionId: bigint) {
  const { datanetId, rowCount, position, statusName } = await getContribution(client, at, contributionId);
  const { snapshots } = await getDatanet(client, at, datanetId);
  const numbers =
    statusName === "accepted" ? await snapshotsWith(client, at, datanetId, snapshots, position) : [];
  const shares: (PoolPlace & { amount: bigint })[] = [];
  for (const number of numbers) {
    const place = { datanetId, number, contributionId };
    shares.push({ ...place, amount: await poolShare(client, at, { ...place, rows: rowCount }) });
  }
  return shares;
}

/** What the contribution earned by answers of epochs, and is not drawn. */
function epochsOf({ client, at }: Protocol, contributionId: bigint) {
  return epochIncomeOf(client, at, rpcSource(client), contributionId);
}

function withoutProof({ epochId, modelId, amount, isSettled }: EpochIncome) {
  return { epochId, modelId, amount, isSettled };
}

function unreadLines(unread: readonly { epochId: bigint }[]): string[] {
  return unread.map(
    ({ epochId }) =>
      `the leaves of epoch ${epochId} are not to be had here: ask another node with --rpc, what it pays does not expire`,
  );
}

async function show(contribution: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const protocol = await connectProtocol(context);
  const contributionId = parseId(contribution, "contribution");
  const shares = await sharesOf(protocol, contributionId);
  const { income, unread } = await epochsOf(protocol, contributionId);
  const lines = shares.map(
    ({ datanetId, number, amount }) => `snapshot ${datanetId}:${number}  ${formatEther(amount)} OPEN`,
  );
  if (lines.length === 0) lines.push("no snapshot holds this contribution yet");
  for (const { epochId, amount, isSettled } of income)
    lines.push(`epoch ${epochId}  ${formatEther(amount)} OPEN${isSettled ? "" : ", not settled yet"}`);
  print(context, { snapshots: shares, epochs: income.map(withoutProof), unread }, [
    ...lines,
    ...unreadLines(unread),
  ]);
}

async function draw(contribution: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const protocol = await connectProtocol(context);
  const { client, at } = protocol;
  const contributionId = parseId(contribution, "contribution");
  const drawn = [];
  for (const share of await sharesOf(protocol, contributionId)) {
    if (share.amount === 0n) continue;
    const { hash, amount } = await claimPoolShare(client, at, account, share);
    drawn.push({ ...share, amount, transaction: hash });
  }
  const { income, unread } = await epochsOf(protocol, contributionId);
  const ofEpochs = [];
  for (const one of income) {
    if (!one.isSettled) continue;
    const { hash } = await drawFromEpoch(client, at, account, one.epochId, one.draw);
    ofEpochs.push({ ...withoutProof(one), transaction: hash });
  }
  const payee = await payeeOf(client, at, contributionId);
  const balance = await rewardBalance(client, at, payee);
  print(context, { drawn, epochs: ofEpochs, unread, payee, balance }, [
    ...drawn.map(
      ({ datanetId, number, amount, transaction }) =>
        `${formatEther(amount)} OPEN of snapshot ${datanetId}:${number} in ${transaction}`,
    ),
    ...ofEpochs.map(
      ({ epochId, amount, transaction }) =>
        `${formatEther(amount)} OPEN of epoch ${epochId} in ${transaction}`,
    ),
    ...unreadLines(unread),
    drawn.length + ofEpochs.length === 0
      ? "nothing waits for this contribution"
      : `${payee} has ${formatEther(balance)} OPEN`,
  ]);
}
