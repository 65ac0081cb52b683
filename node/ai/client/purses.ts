import { type Account, encodeFunctionData, type Log, parseEventLogs, recoverTypedDataAddress } from "viem";
import { inferenceEpochsAbi as abi } from "../../chain/generated/abi.ts";
import type { Address, Hex } from "../../chain/types/primitives.ts";
import { type Voucher, voucherTypedData } from "../epoch/voucher.ts";
import {
  type ChainClient,
  type ProtocolAddresses,
  type SentTransaction,
  send,
  type TransactionOrder,
} from "./chain.ts";
import { requireEvent } from "./datanets.ts";

type At = Pick<ProtocolAddresses, "epochs">;

/** What a payer has laid by for a host; wei and seconds. */
export interface Purse {
  /** What vouchers can still take, what is leaving among it. */
  balance: bigint;
  /** What the payer takes back after `leavesAt`. */
  leaving: bigint;
  /** What the host has taken in all. */
  spent: bigint;
  leavesAt: bigint;
}

/** A payer's purse for a host, at a block if one is given. */
export function purseOf(
  client: ChainClient,
  { epochs }: At,
  payer: Address,
  host: Address,
  blockNumber?: bigint,
): Promise<Purse> {
  const args = [payer, host] as const;
  return client.public.readContract({ address: epochs, abi, functionName: "purseOf", args, blockNumber });
}

/** Seconds until a purse returns. */
export function withdrawDelay(client: ChainClient, { epochs }: At): Promise<bigint> {
  return client.public.readContract({ address: epochs, abi, functionName: "DELAY" });
}

/** The call that begins to take `amount` wei back from a host's purse, in place of what was leaving before. */
export function startWithdrawOrder({ epochs: to }: At, host: Address, amount: bigint): TransactionOrder {
  return { to, data: encodeFunctionData({ abi, functionName: "startWithdraw", args: [host, amount] }) };
}

/** Begins to take `amount` wei back from a host's purse. */
export function startPurseWithdraw(
  client: ChainClient,
  at: At,
  account: Account,
  host: Address,
  amount: bigint,
): Promise<SentTransaction> {
  return send(client, account, startWithdrawOrder(at, host, amount));
}

/** The call that moves what has waited to the payer's reward balance. Anybody may make it. */
export function withdrawOrder({ epochs: to }: At, payer: Address, host: Address): TransactionOrder {
  return { to, data: encodeFunctionData({ abi, functionName: "withdraw", args: [payer, host] }) };
}

/** Moves what has waited to the payer's reward balance; gives the wei that were still there. */
export async function withdrawPurse(
  client: ChainClient,
  at: At,
  account: Account,
  payer: Address,
  host: Address,
): Promise<SentTransaction & { amount: bigint }> {
  const sent = await send(client, account, withdrawOrder(at, payer, host));
  const logs = parseEventLogs({ abi, logs: sent.receipt.logs as Log[], eventName: "PurseReturned" });
  return { ...sent, amount: requireEvent(logs, "PurseReturned").args.amount };
}

/** Hosts for which somebody laid OPEN by in a payer's name, the first one first. */
export async function hostsOfPurses(client: ChainClient, { epochs }: At, payer: Address): Promise<Address[]> {
  const logs = await client.public.getContractEvents({
    address: epochs,
    abi,
    eventName: "PurseFilled",
    args: { payer },
    fromBlock: 0n,
    strict: true,
  });
  return [...new Set(logs.map(({ args }) => args.host.toLowerCase() as Address))];
}

/** Payers that began in blocks `from`…`to` to take money back from a host. */
export async function leavingIn(
  client: ChainClient,
  { epochs }: At,
  host: Address,
  range: { from: bigint; to: bigint },
): Promise<Address[]> {
  const logs = await client.public.getContractEvents({
    address: epochs,
    abi,
    eventName: "PurseLeaving",
    args: { host },
    fromBlock: range.from,
    toBlock: range.to,
    strict: true,
  });
  return logs.map(({ args }) => args.payer.toLowerCase() as Address);
}

/** Half of the curve's order: a signature has the lower one of its two values of s. */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** Whether the payer's key signed a voucher, in the one form that the contract takes of an account without code. */
export async function isVoucherOf(
  chainId: number,
  { epochs }: At,
  voucher: Voucher,
  signature: Hex,
): Promise<boolean> {
  if (!/^0x[0-9a-f]{130}$/i.test(signature)) return false;
  const [s, v] = [BigInt(`0x${signature.slice(66, 130)}`), Number.parseInt(signature.slice(130), 16)];
  if (s > HALF_ORDER || (v !== 27 && v !== 28)) return false;
  try {
    const signed = { ...voucherTypedData(chainId, epochs, voucher), signature };
    return (await recoverTypedDataAddress(signed)).toLowerCase() === voucher.payer.toLowerCase();
  } catch {
    // Bytes that no key could have signed.
    return false;
  }
}
