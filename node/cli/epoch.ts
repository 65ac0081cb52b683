import { Command } from "commander";
import { formatEther } from "viem";
import { rpcSource } from "../ai/client/content.ts";
import { type ClosedEpoch, getEpoch, settleEpoch } from "../ai/client/epochs.ts";
import { allEpochs } from "../ai/epoch/draws.ts";
import { publishedEpoch } from "../ai/epoch/published.ts";
import { contextOf, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { requireKey, resolveAddress } from "./keys.ts";
import { connectProtocol, type Protocol } from "./protocol.ts";

/** `openledger epoch ...`: many answers that hosts settled at once. */
export function epochCommand(): Command {
  const epoch = new Command("epoch").description(
    "epochs: many answers, paid out of purses, that a host settles in one transaction",
  );
  epoch
    .command("list")
    .description("the epochs that were closed")
    .option("--host <name|address>", "only this host's")
    .action(list);
  epoch.command("show <id>").description("an epoch, and whether its leaves are to be had here").action(show);
  epoch
    .command("settle <id>")
    .description("pay out an epoch after its window; its host does it itself, anybody may")
    .action(settle);
  return epoch;
}

async function list(options: { host?: string }, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client, at } = await connectProtocol(context);
  const host = options.host && resolveAddress(context, options.host).toLowerCase();
  const found = [];
  for (const one of await allEpochs(client, at)) {
    if (host !== undefined && one.host !== host) continue;
    const { epochId, closing } = one;
    const { status, fees } = await getEpoch(client, at, epochId);
    const { modelId, count, number } = closing;
    found.push({ epochId, host: one.host, number, modelId, status, answers: count, fees });
  }
  print(
    context,
    found,
    found.length === 0
      ? ["no epoch was closed yet"]
      : found.map(
          ({ epochId, host: by, number, modelId, status, answers, fees }) =>
            `${epochId}  ${status}  number ${number} of ${by}, model ${modelId}: ${answers} answers, ${formatEther(fees)} OPEN`,
        ),
  );
}

async function show(text: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const protocol = await connectProtocol(context);
  const { client, at } = protocol;
  const closed = await findEpoch(protocol, text);
  const state = await getEpoch(client, at, closed.epochId);
  const published = await publishedEpoch(rpcSource(client), closed);
  const { closing, ranges, host } = closed;
  const open = (wei: bigint) => `${formatEther(wei)} OPEN`;
  print(context, { ...closed, state, hasLeaves: published !== undefined }, [
    `epoch     ${closed.epochId}, ${state.status}: number ${closing.number} of the host ${host}`,
    `model     ${closing.modelId}`,
    `answers   ${closing.count} of ${ranges.length} payers, for ${open(state.fees)}`,
    `bond      ${open(state.bond)}`,
    `until     ${new Date(Number(state.deadline) * 1000).toISOString()} anybody can refute it`,
    `payouts   ${open(state.payoutSum)} to contributions, ${open(state.undrawn)} of it not drawn`,
    `leaves    ${closing.contents}${published ? ", and they are what was closed" : " are not to be had here"}`,
    ...ranges.map(({ payer, count, net }) => `  ${payer}  ${count} answers, ${open(net)} net`),
  ]);
}

async function settle(text: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const protocol = await connectProtocol(context);
  const { epochId } = await findEpoch(protocol, text);
  const { hash } = await settleEpoch(protocol.client, protocol.at, account, epochId);
  print(context, { epochId, transaction: hash }, [`epoch ${epochId} is settled: ${hash}`]);
}

/** An epoch by its id. @throws CodedError NUMBER_INVALID, EPOCH_UNKNOWN. */
export async function findEpoch({ client, at }: Protocol, text: string): Promise<ClosedEpoch> {
  if (!/^\d{1,78}$/.test(text)) {
    throw cliError("NUMBER_INVALID", {
      message: `${JSON.stringify(text)} is no epoch`,
      fix: "give its id, as `openledger epoch list` prints it",
    });
  }
  const closed = (await allEpochs(client, at)).find(({ epochId }) => epochId === BigInt(text));
  if (closed !== undefined) return closed;
  throw cliError("EPOCH_UNKNOWN", {
    message: `no epoch ${text} was closed`,
    fix: "see `openledger epoch list`",
  });
}
