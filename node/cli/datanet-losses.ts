import type { Command } from "commander";
import { formatEther } from "viem";
import { send } from "../ai/client/chain.ts";
import { retireOrder } from "../ai/client/datanets.ts";
import { appealLoss, endLoss, lossOf, lossPanelFee } from "../ai/client/losses.ts";
import { voteExclude } from "../ai/client/reviews.ts";
import { contextOf, print } from "./context.ts";
import { requireKey } from "./keys.ts";
import { connectProtocol, parseId } from "./protocol.ts";

/** Adds to `openledger datanet` what takes contributions out, and appeals against the loss of stakes. */
export function addLosses(datanet: Command): void {
  datanet
    .command("retire <contribution>")
    .description(
      "take your accepted contribution out: later snapshots skip its rows, older ones stay as they are",
    )
    .action(retire);
  datanet
    .command("exclude <contribution>")
    .description("as a reviewer, vote to take an accepted contribution out; its held stake is lost")
    .option("--reason <text>", "why; the chain keeps the text's hash", "")
    .action(exclude);
  datanet.command("loss <contribution>").description("what became of a stake that was lost").action(show);
  datanet
    .command("appeal <contribution>")
    .description("ask a panel of verifiers whether the loss of your stake stands, for the panel's fee")
    .requiredOption("--text <text>", "why it should return; the chain keeps the text's hash")
    .action(appeal);
  datanet
    .command("end-loss <contribution>")
    .description("pay out a lost stake whose time for an appeal is over, or that a panel decided")
    .action(end);
}

async function retire(text: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client, at } = await connectProtocol(context);
  const id = parseId(text, "contribution");
  const { hash } = await send(client, requireKey(context), retireOrder(at, id));
  print(context, { contribution: id, transaction: hash }, [
    `contribution ${id} is taken out of snapshots from now on: ${hash}`,
  ]);
}

async function exclude(text: string, { reason }: { reason: string }, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client, at } = await connectProtocol(context);
  const id = parseId(text, "contribution");
  const { hash } = await voteExclude(client, at, requireKey(context), id, reason);
  print(context, { contribution: id, transaction: hash }, [`voted to take contribution ${id} out: ${hash}`]);
}

async function show(text: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client, at } = await connectProtocol(context);
  const id = parseId(text, "contribution");
  const loss = await lossOf(client, at, id);
  print(context, { contribution: id, ...loss }, [
    loss.status === "none"
      ? `contribution ${id} has lost no stake`
      : `${formatEther(loss.amount)} OPEN of contribution ${id} (${loss.reason}): ${loss.status}`,
    ...(loss.status === "held"
      ? [`can be appealed until ${new Date(Number(loss.deadline) * 1000).toISOString()}`]
      : []),
    ...(loss.disputeId > 0n ? [`dispute ${loss.disputeId}`] : []),
  ]);
}

async function appeal(text: string, options: { text: string }, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client, at } = await connectProtocol(context);
  const id = parseId(text, "contribution");
  const { hash } = await appealLoss(client, at, requireKey(context), id, options.text);
  const { disputeId } = await lossOf(client, at, id);
  const fee = await lossPanelFee(client, at);
  print(context, { contribution: id, dispute: disputeId, fee, transaction: hash }, [
    `dispute ${disputeId} over the stake of contribution ${id} opened for ${formatEther(fee)} OPEN in ${hash}`,
  ]);
}

async function end(text: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client, at } = await connectProtocol(context);
  const id = parseId(text, "contribution");
  const { hash } = await endLoss(client, at, requireKey(context), id);
  print(context, { contribution: id, transaction: hash }, [
    `the stake of contribution ${id} is paid out: ${hash}`,
  ]);
}
