import { Command } from "commander";
import { formatEther } from "viem";
import { rewardBalance, withdrawRewards } from "../ai/client/balances.ts";
import { send } from "../ai/client/chain.ts";
import { cancelRequest, getRequest } from "../ai/client/market.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { parseOpen } from "./amount.ts";
import { depositOpen } from "./bridge.ts";
import { type CliContext, contextOf, print } from "./context.ts";
import { listKeys, requireKey, resolveAddress, saveKey } from "./keys.ts";
import { connectNode, connectProtocol, parseId } from "./protocol.ts";
import { addWithdrawalCommands } from "./withdraw-commands.ts";

/** `openledger account ...`: keys of the data folder, balances, transfers. */
export function accountCommand(): Command {
  const account = new Command("account").description("keys, balances, transfers");
  account
    .command("new <name>")
    .description("make a key and keep it in the data folder (not encrypted: for devnets and tests)")
    .action((name: string, _options: unknown, command: Command) => {
      const context = contextOf(command);
      const { address } = saveKey(context, name);
      print(context, { name, address }, [`${name}  ${address}`]);
    });
  account
    .command("import <name> <private-key>")
    .description("keep an existing key under a name")
    .action((name: string, key: string, _options: unknown, command: Command) => {
      const context = contextOf(command);
      const { address } = saveKey(context, name, key);
      print(context, { name, address }, [`${name}  ${address}`]);
    });
  account
    .command("list")
    .description("the accounts of the data folder")
    .action((_options: unknown, command: Command) => {
      const context = contextOf(command);
      const keys = listKeys(context);
      print(
        context,
        keys,
        keys.length === 0
          ? ["no accounts yet: make one with `openledger account new <name>`"]
          : keys.map((key) => `${key.address}  ${key.name}`),
      );
    });
  account
    .command("balance <name|address>")
    .description("OPEN of an account")
    .action(async (who: string, _options: unknown, command: Command) => {
      const context = contextOf(command);
      const address = resolveAddress(context, who);
      const { client } = await connectNode(context);
      const balance = await client.public.getBalance({ address });
      print(context, { address, wei: balance }, [`${formatEther(balance)} OPEN`]);
    });
  account
    .command("transfer <to> <open>")
    .description("send OPEN, for example: openledger account transfer 0xabc... 1.5 --key alice")
    .action(async (to: string, amount: string, _options: unknown, command: Command) => {
      const context = contextOf(command);
      const hash = await transfer(context, to, parseOpen(amount));
      print(context, { transaction: hash }, [`transferred in ${hash}`]);
    });
  account
    .command("deposit <to> <open>")
    .description("bring OPEN from L1 to an account on L2")
    .action(async (to: string, amount: string, _options: unknown, command: Command) => {
      const context = contextOf(command);
      const hash = await depositOpen(
        context,
        requireKey(context),
        resolveAddress(context, to),
        parseOpen(amount),
      );
      print(context, { transaction: hash, amount }, [`${amount} OPEN arrived; L1 transaction ${hash}`]);
    });
  account
    .command("draw")
    .description("draw bonds, returned stakes and stakers' rewards that wait for the account")
    .action(async (_options: unknown, command: Command) => {
      const context = contextOf(command);
      const signer = requireKey(context);
      const { client, at } = await connectProtocol(context);
      const waiting = await rewardBalance(client, at, signer.address);
      const { hash } = await withdrawRewards(client, at, signer, signer.address);
      print(context, { transaction: hash, wei: waiting }, [`${formatEther(waiting)} OPEN drawn in ${hash}`]);
    });
  addWithdrawalCommands(account);
  account
    .command("reclaim <request>")
    .description("take back the escrow of a question that its host did not answer in time")
    .action(async (text: string, _options: unknown, command: Command) => {
      const context = contextOf(command);
      const { client, at } = await connectProtocol(context);
      const { requestId, escrow } = await getRequest(client, at, parseId(text, "request"));
      const { hash } = await cancelRequest(client, at, requireKey(context), requestId);
      print(context, { request: requestId, transaction: hash, wei: escrow }, [
        `${formatEther(escrow)} OPEN of request ${requestId} came back in ${hash}`,
      ]);
    });
  return account;
}

async function transfer(context: CliContext, to: string, value: bigint): Promise<Hash> {
  const account = requireKey(context);
  const recipient = resolveAddress(context, to);
  const { client } = await connectNode(context);
  const { hash } = await send(client, account, { to: recipient, data: "0x", value });
  return hash;
}
