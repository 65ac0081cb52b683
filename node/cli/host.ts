import { Command } from "commander";
import { formatEther } from "viem";
import type { SentTransaction } from "../ai/client/chain.ts";
import {
  coverOf,
  dropModel,
  hostOf,
  setHostLimits,
  stakeAsHost,
  takeModel,
  unstakeAsHost,
  withdrawHostStake,
} from "../ai/client/hosts.ts";
import { parseOpen } from "./amount.ts";
import { contextOf, print } from "./context.ts";
import { requireKey, resolveAddress } from "./keys.ts";
import { connectProtocol, parseId } from "./protocol.ts";

/** `openledger host ...`: the stake behind a host's claims, and the models that it takes. */
export function hostCommand(): Command {
  const host = new Command("host").description("stake as a host, set limits, take models");
  host
    .command("stake <open>")
    .description("stake OPEN behind your claims; a false claim costs a part of it")
    .action((amount: string, _options: unknown, command: Command) => stake(amount, command));
  host
    .command("limits")
    .description("the largest fee that you take, and how many claims you have open at once")
    .requiredOption("--max-fee <open>", "OPEN of one answer; your stake has to cover it many times")
    .requiredOption("--max-open <n>", "open claims")
    .action(limits);
  host
    .command("take <model>")
    .description("answer for a model, on your terms; again to change them")
    .option("--least-fee <open>", "OPEN that a request must leave at least", "0")
    .option("--max-in <tokens>", "longest prompt", "4096")
    .option("--max-out <tokens>", "longest answer", "4096")
    .action(take);
  host.command("drop <model>").description("take no further requests for a model").action(drop);
  host
    .command("unstake <open>")
    .description("start to take a part of the stake out; after the delay: `host withdraw`")
    .action(unstake);
  host
    .command("withdraw")
    .description("move what has waited to your balance (`account draw` draws it)")
    .action(withdraw);
  host.command("show <name|address>").description("a host's stake and limits").action(show);
  return host;
}

async function connected(command: Command) {
  const context = contextOf(command);
  const account = requireKey(context);
  return { context, account, ...(await connectProtocol(context)) };
}

/** Prints a sent transaction with what it did. */
function report(command: Command, { hash }: SentTransaction, line: string): void {
  print(contextOf(command), { transaction: hash }, [`${line} in ${hash}`]);
}

async function stake(amount: string, command: Command): Promise<void> {
  const { client, at, account } = await connected(command);
  const wei = parseOpen(amount);
  report(command, await stakeAsHost(client, at, account, wei), `${formatEther(wei)} OPEN staked`);
}

async function limits(options: { maxFee: string; maxOpen: string }, command: Command): Promise<void> {
  const { client, at, account } = await connected(command);
  const maxFee = parseOpen(options.maxFee);
  const maxOpenClaims = Number(parseId(options.maxOpen, "number of claims"));
  report(command, await setHostLimits(client, at, account, { maxFee, maxOpenClaims }), "limits set");
}

interface TakeOptions {
  leastFee: string;
  maxIn: string;
  maxOut: string;
}

async function take(model: string, options: TakeOptions, command: Command): Promise<void> {
  const { client, at, account } = await connected(command);
  const terms = {
    leastFee: parseOpen(options.leastFee),
    maxTokensIn: Number(parseId(options.maxIn, "number of tokens")),
    maxTokensOut: Number(parseId(options.maxOut, "number of tokens")),
  };
  report(
    command,
    await takeModel(client, at, account, parseId(model, "model"), terms),
    `model ${model} taken`,
  );
}

async function drop(model: string, _options: unknown, command: Command): Promise<void> {
  const { client, at, account } = await connected(command);
  report(command, await dropModel(client, at, account, parseId(model, "model")), `model ${model} dropped`);
}

async function unstake(amount: string, _options: unknown, command: Command): Promise<void> {
  const { client, at, account } = await connected(command);
  const wei = parseOpen(amount);
  report(command, await unstakeAsHost(client, at, account, wei), `${formatEther(wei)} OPEN are leaving`);
}

async function withdraw(_options: unknown, command: Command): Promise<void> {
  const { client, at, account } = await connected(command);
  report(command, await withdrawHostStake(client, at, account), "stake moved to your balance");
}

async function show(who: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client, at } = await connectProtocol(context);
  const address = resolveAddress(context, who);
  const host = await hostOf(client, at, address);
  const cover = await coverOf(client, at, host.openFees, host.maxFee);
  print(context, { address, ...host, cover }, [
    `stake      ${formatEther(host.amount)} OPEN, ${formatEther(host.leaving)} of it leaving`,
    `covers     ${formatEther(cover)} OPEN are needed now`,
    `claims     ${host.openClaims} of ${host.maxOpenClaims} open, fees of ${formatEther(host.openFees)} OPEN`,
    `takes      fees up to ${formatEther(host.maxFee)} OPEN`,
  ]);
}
