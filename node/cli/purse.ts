import { Command } from "commander";
import { formatEther } from "viem";
import { fillPurse } from "../ai/client/epochs.ts";
import { purseOf, startPurseWithdraw, withdrawDelay, withdrawPurse } from "../ai/client/purses.ts";
import { prepaidToJson } from "../ai/epoch/prepaid.ts";
import { hostsWord, setKeyLimit } from "../ai/epoch/purse-order.ts";
import { isCodedError } from "../base/errors.ts";
import type { Address, Hash } from "../chain/types/primitives.ts";
import { parseOpen } from "./amount.ts";
import { type CliContext, contextOf, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { requireKey, resolveAddress } from "./keys.ts";
import { feeOfAnswer, keptPrepaid } from "./prepaid.ts";
import { connectProtocol, nodeHost, type Protocol, parseId } from "./protocol.ts";

/** Ten years. */
const MOST_DAYS = 3_650n;

interface OfHost {
  host?: string;
}

/** `openledger purse ...`: OPEN that is laid by for a host, out of which answers are paid by signatures. */
export function purseCommand(): Command {
  const purse = new Command("purse").description(
    "OPEN laid by for a host: answers are paid out of it by signatures, without a transaction for each",
  );
  const of = (name: string, description: string) =>
    purse
      .command(name)
      .description(description)
      .option("--host <name|address>", "whose purse (default: the node's own host)");
  of("fill <open>", "lay OPEN by for a host").action(fill);
  of("show", "what the purse has, what the host took of it, and what it may take").action(show);
  of(
    "limit <open>",
    "let your API keys of /v1 take so much more out of the purse, in place of an earlier limit; 0 ends it",
  )
    .option("--days <number>", "for how long", "30")
    .action(limit);
  of(
    "start-withdraw <open>",
    "begin to take OPEN back, in place of what was leaving before; answers still take out of it meanwhile",
  ).action(startWithdraw);
  of("withdraw", "move what has waited to your balance (`account draw` draws it)").action(withdraw);
  purse
    .command("answer <id>")
    .description("an answer that the purse paid for, and in which epoch it stands")
    .action(answer);
  return purse;
}

async function hostOf(context: CliContext, { client }: Protocol, { host }: OfHost): Promise<Address> {
  return host === undefined ? nodeHost(client) : resolveAddress(context, host);
}

async function fill(open: string, options: OfHost, command: Command): Promise<void> {
  const context = contextOf(command);
  const amount = parseOpen(open);
  const account = requireKey(context);
  const protocol = await connectProtocol(context);
  const { client, at } = protocol;
  const host = await hostOf(context, protocol, options);
  const { hash } = await fillPurse(client, at, account, { payer: account.address, host, amount });
  const { balance } = await purseOf(client, at, account.address, host);
  print(context, { host, transaction: hash, balance }, [
    `the purse for ${host} has ${formatEther(balance)} OPEN: ${hash}`,
    "ask with `openledger ask <model> <question> --purse` and the same --key",
  ]);
}

async function show(options: OfHost, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const protocol = await connectProtocol(context);
  const { client, at } = protocol;
  const host = await hostOf(context, protocol, options);
  const purse = await purseOf(client, at, account.address, host);
  const word = await hostsWord(protocol, account, host).catch((error: unknown) => {
    // Another host's purse: its own node tells more.
    if (isCodedError(error, "HOST_ABSENT")) return null;
    throw error;
  });
  const open = (wei: bigint) => `${formatEther(wei)} OPEN`;
  print(
    context,
    {
      host,
      purse,
      taken: word?.taken,
      free: word?.free,
      signed: word?.voucher?.cumulative,
      limit: word?.limit,
    },
    [
      `host       ${host}`,
      `balance    ${open(purse.balance)}`,
      `spent      ${open(purse.spent)}, as the chain counts`,
      ...(purse.leaving > 0n ? [`leaving    ${open(purse.leaving)} after ${timeOf(purse.leavesAt)}`] : []),
      ...(word === null
        ? []
        : [
            `taken      ${open(word.taken)} by the host's book, ${open(word.taken - purse.spent)} of it not closed yet`,
            `signed     ${open(word.voucher?.cumulative ?? 0n)}`,
            `free       ${open(word.free)}`,
            ...(word.limit === null ? [] : [`for keys   ${open(word.limit)} in all`]),
          ]),
    ],
  );
}

async function limit(open: string, options: OfHost & { days: string }, command: Command): Promise<void> {
  const context = contextOf(command);
  const amount = parseOpen(open);
  const days = parseId(options.days, "number of days");
  if (days === 0n || days > MOST_DAYS) {
    throw cliError("NUMBER_INVALID", {
      message: `a limit for ${days} days can't be signed`,
      fix: `give 1 to ${MOST_DAYS} days`,
    });
  }
  const account = requireKey(context);
  const protocol = await connectProtocol(context);
  const host = await hostOf(context, protocol, options);
  const validS = days * 86_400n;
  const { cumulative, validUntil } = await setKeyLimit(protocol, account, { host, amount, validS });
  print(context, { host, amount, cumulative, validUntil }, [
    `API keys of ${account.address} take ${formatEther(amount)} OPEN more out of the purse for ${host}, until ${timeOf(validUntil)}`,
    "make keys on the node's pages; the host is trusted with what you signed and was not answered for",
  ]);
}

async function startWithdraw(open: string, options: OfHost, command: Command): Promise<void> {
  const context = contextOf(command);
  const amount = parseOpen(open);
  const account = requireKey(context);
  const protocol = await connectProtocol(context);
  const { client, at } = protocol;
  const host = await hostOf(context, protocol, options);
  const { hash } = await startPurseWithdraw(client, at, account, host, amount);
  const { leaving, leavesAt } = await purseOf(client, at, account.address, host);
  const delay = await withdrawDelay(client, at);
  print(context, { host, transaction: hash, leaving, leavesAt }, [
    `${formatEther(leaving)} OPEN leave the purse for ${host} in ${delay} s, after ${timeOf(leavesAt)}: ${hash}`,
    "then move them with `openledger purse withdraw`",
  ]);
}

async function withdraw(options: OfHost, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const protocol = await connectProtocol(context);
  const { client, at } = protocol;
  const host = await hostOf(context, protocol, options);
  const { hash, amount } = await withdrawPurse(client, at, account, account.address, host);
  print(context, { host, transaction: hash, amount }, [
    `${formatEther(amount)} OPEN are in your balance: ${hash}`,
    "draw them with `openledger account draw`",
  ]);
}

async function answer(id: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  if (!/^0x[0-9a-f]{64}$/.test(id)) {
    throw cliError("NUMBER_INVALID", {
      message: `${JSON.stringify(id)} is no prepaid answer's id`,
      fix: "give 0x and 64 lower-case hexadecimal digits, as `openledger ask --purse` printed them",
    });
  }
  const account = requireKey(context);
  const { answer: found, place } = await keptPrepaid(await connectProtocol(context), account, id as Hash);
  print(context, { id, answer: prepaidToJson(found), place }, [
    found.prompt,
    "",
    found.answer,
    "",
    `fee ${formatEther(feeOfAnswer(found))} OPEN`,
    place
      ? `stands in epoch ${place.epochId}, position ${place.position}: see \`openledger epoch show\``
      : "is in no epoch yet",
    `its receipt: \`openledger receipt show ${id}\`, and \`receipt verify ${id}\``,
  ]);
}

function timeOf(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString();
}
