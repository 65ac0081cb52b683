import { type Account, encodeFunctionData } from "viem";
import { inferenceEpochsAbi as abi, epochDemandsAbi, epochLeavesAbi } from "../../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import type { EpochRange } from "../epoch/epoch.ts";
import type { Closing, ShownLeaf, ShownPayout } from "../epoch/shown.ts";
import { type ChainClient, type ProtocolAddresses, type SentTransaction, send } from "./chain.ts";
import { announceAndOpen } from "./challenges.ts";
import { demandDeposit } from "./demands.ts";

/** Where a chain's epochs are, and what judges them. */
export type EpochAddresses = Pick<
  ProtocolAddresses,
  "epochs" | "epochChallenges" | "epochLeaves" | "leafChallenges" | "epochDemands"
>;

const STATUSES = ["none", "closed", "settled", "refuted", "returned"] as const;

/** An epoch as the chain has it; wei and seconds. */
export interface EpochState {
  host: Address;
  status: (typeof STATUSES)[number];
  modelId: bigint;
  deadline: bigint;
  demandsUntil: bigint;
  platformBps: number;
  rateIn: bigint;
  rateOut: bigint;
  count: number;
  payoutCount: number;
  fees: bigint;
  bond: bigint;
}

/** An epoch as it was closed. */
export interface ClosedEpoch {
  epochId: bigint;
  host: Address;
  closing: Closing;
  ranges: EpochRange[];
  deadline: bigint;
  blockNumber: bigint;
}

/** A range's voucher as the closing brings it. */
export interface RangeVoucher {
  cumulative: bigint;
  validUntil: bigint;
  signature: Hex;
}

type At = Pick<EpochAddresses, "epochs">;

/** Epochs closed in blocks `from`…`to`, of one id if one is given. */
export async function epochsIn(
  client: ChainClient,
  { epochs }: At,
  range: { from: bigint; to: bigint; epochId?: bigint },
): Promise<ClosedEpoch[]> {
  const logs = await client.public.getContractEvents({
    address: epochs,
    abi,
    eventName: "EpochClosed",
    args: range.epochId === undefined ? {} : { epochId: range.epochId },
    fromBlock: range.from,
    toBlock: range.to,
    strict: true,
  });
  return logs.map(({ args: { epochId, host, closing, ranges, deadline }, blockNumber }) => ({
    epochId,
    host: host.toLowerCase() as Address,
    closing,
    ranges: ranges.map((one) => ({ ...one, payer: one.payer.toLowerCase() as Address })),
    deadline,
    blockNumber,
  }));
}

export async function getEpoch(client: ChainClient, { epochs }: At, epochId: bigint): Promise<EpochState> {
  const found = await client.public.readContract({
    address: epochs,
    abi,
    functionName: "epochOf",
    args: [epochId],
  });
  return { ...found, host: found.host.toLowerCase() as Address, status: STATUSES[found.status]! };
}

/** Epochs that a host has closed. */
export function epochCount(client: ChainClient, { epochs }: At, host: Address): Promise<bigint> {
  return client.public.readContract({ address: epochs, abi, functionName: "epochCount", args: [host] });
}

/** Wei that a closing must bring. */
export function epochBond(
  client: ChainClient,
  { epochs }: At,
  fees: bigint,
  { count, largestNet }: Closing,
): Promise<bigint> {
  const args = [fees, BigInt(count), largestNet] as const;
  return client.public.readContract({ address: epochs, abi, functionName: "bondOf", args });
}

/** Lays OPEN by for a host, out of which `payer` signs vouchers. */
export function fillPurse(
  client: ChainClient,
  { epochs }: At,
  account: Account,
  purse: { payer: Address; host: Address; amount: bigint },
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "fill", args: [purse.payer, purse.host] });
  return send(client, account, { to: epochs, data, value: purse.amount });
}

/** Closes the account's next epoch. */
export function closeEpoch(
  client: ChainClient,
  { epochs }: At,
  account: Account,
  closed: { closing: Closing; ranges: EpochRange[]; vouchers: RangeVoucher[]; bond: bigint },
): Promise<SentTransaction> {
  const { closing, ranges, vouchers, bond } = closed;
  const data = encodeFunctionData({ abi, functionName: "close", args: [closing, ranges, vouchers] });
  return send(client, account, { to: epochs, data, value: bond });
}

/** Pays out an epoch after its window. */
export function settleEpoch(
  client: ChainClient,
  { epochs }: At,
  account: Account,
  epochId: bigint,
): Promise<SentTransaction> {
  return send(client, account, {
    to: epochs,
    data: encodeFunctionData({ abi, functionName: "settle", args: [epochId] }),
  });
}

/** Credits a contributor with what a draw shows; see drawOf. */
export function drawFromEpoch(
  client: ChainClient,
  { epochs }: At,
  account: Account,
  epochId: bigint,
  draw: readonly [ShownPayout, ShownPayout, ShownPayout],
): Promise<SentTransaction> {
  return send(client, account, {
    to: epochs,
    data: encodeFunctionData({ abi, functionName: "draw", args: [epochId, ...draw] }),
  });
}

/** Puts a refuted epoch's fees back into the purses. */
export function returnEpochFees(
  client: ChainClient,
  { epochs }: At,
  account: Account,
  epochId: bigint,
  ranges: EpochRange[],
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "returnFees", args: [epochId, ranges] });
  return send(client, account, { to: epochs, data });
}

/** Announces and brings a counter-example to an epoch. @param data the call, a secret salt its last argument */
export function challengeEpoch(
  client: ChainClient,
  at: Pick<EpochAddresses, "epochChallenges"> & Pick<ProtocolAddresses, "parameters">,
  account: Account,
  data: Hex,
): Promise<SentTransaction> {
  return announceAndOpen(client, at, account, at.epochChallenges, data);
}

/** Opens an inference as a claim that can be challenged. */
export function openLeaf(
  client: ChainClient,
  { epochLeaves }: Pick<EpochAddresses, "epochLeaves">,
  account: Account,
  epochId: bigint,
  shown: ShownLeaf,
): Promise<SentTransaction> {
  const args = [epochId, shown] as const;
  const data = encodeFunctionData({ abi: epochLeavesAbi, functionName: "open", args });
  return send(client, account, { to: epochLeaves, data });
}

/** A demand for a leaf; `by` is 0 where nobody made one. */
export interface LeafDemand {
  by: Address;
  deadline: bigint;
  isAnswered: boolean;
}

export async function leafDemandOf(
  client: ChainClient,
  { epochDemands }: Pick<EpochAddresses, "epochDemands">,
  epochId: bigint,
  isPayout: boolean,
  position: number,
): Promise<LeafDemand> {
  const args = [epochId, isPayout, position] as const;
  return client.public.readContract({
    address: epochDemands,
    abi: epochDemandsAbi,
    functionName: "demandOf",
    args,
  });
}

/** Demands a leaf of an epoch, with the deposit. */
export async function demandLeaf(
  client: ChainClient,
  at: Pick<EpochAddresses, "epochDemands"> & Pick<ProtocolAddresses, "parameters">,
  account: Account,
  epochId: bigint,
  isPayout: boolean,
  position: number,
): Promise<SentTransaction> {
  const args = [epochId, isPayout, position] as const;
  const data = encodeFunctionData({ abi: epochDemandsAbi, functionName: "demandLeaf", args });
  return send(client, account, { to: at.epochDemands, data, value: await demandDeposit(client, at) });
}

/** Refutes the epoch of a demand that nobody answered. */
export function endSilentLeaf(
  client: ChainClient,
  { epochDemands }: Pick<EpochAddresses, "epochDemands">,
  account: Account,
  epochId: bigint,
  isPayout: boolean,
  position: number,
): Promise<SentTransaction> {
  const args = [epochId, isPayout, position] as const;
  const data = encodeFunctionData({ abi: epochDemandsAbi, functionName: "endSilent", args });
  return send(client, account, { to: epochDemands, data });
}

/** Who refuted an epoch and by what; undefined where nobody did. */
export async function epochRefutationOf(
  client: ChainClient,
  { epochs }: At,
  epochId: bigint,
): Promise<{ challenger: Address; reason: string; transactionHash: Hash } | undefined> {
  const query = { address: epochs, abi, args: { epochId }, fromBlock: 0n, strict: true } as const;
  const [event] = await client.public.getContractEvents({ ...query, eventName: "EpochRefuted" });
  if (event === undefined) return undefined;
  const { challenger, reason } = event.args;
  const text = Buffer.from(reason.slice(2), "hex").toString("latin1").replace(/\0+$/, "");
  return {
    challenger: challenger.toLowerCase() as Address,
    reason: text,
    transactionHash: event.transactionHash,
  };
}

/** What a refutation brings its challenger, from which block on. */
export async function epochRewardOf(
  client: ChainClient,
  { epochs }: At,
  epochId: bigint,
): Promise<{ challenger: Address; finalBlock: bigint; reward: bigint }> {
  const args = [epochId] as const;
  const found = await client.public.readContract({
    address: epochs,
    abi,
    functionName: "refutationOf",
    args,
  });
  return { ...found, challenger: found.challenger.toLowerCase() as Address };
}

/** Gives a refutation's reward to its challenger. */
export function collectEpochReward(
  client: ChainClient,
  { epochs }: At,
  account: Account,
  epochId: bigint,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "collect", args: [epochId] });
  return send(client, account, { to: epochs, data });
}

/** Epochs that `challenger` refuted in blocks `from`…`to`. */
export async function epochsRefutedIn(
  client: ChainClient,
  { epochs }: At,
  challenger: Address,
  range: { from: bigint; to: bigint },
): Promise<bigint[]> {
  const logs = await client.public.getContractEvents({
    address: epochs,
    abi,
    eventName: "EpochRefuted",
    args: { challenger },
    fromBlock: range.from,
    toBlock: range.to,
    strict: true,
  });
  return logs.map(({ args }) => args.epochId);
}
