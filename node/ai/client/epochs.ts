import { type Account, encodeFunctionData, hexToString } from "viem";
import { isCodedError } from "../../base/errors.ts";
import { inferenceEpochsAbi as abi, epochAuditsAbi, epochLeavesAbi } from "../../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import type { EpochRange } from "../epoch/epoch.ts";
import type { Closing, ShownLeaf, ShownPayout } from "../epoch/shown.ts";
import {
  type ChainClient,
  type ProtocolAddresses,
  type SentTransaction,
  send,
  type TransactionOrder,
} from "./chain.ts";
import { announceAndOpen } from "./challenges.ts";
import { type Claim, claimTuple } from "./claims.ts";
import { asCodedError } from "./refusals.ts";

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
  /** As it was at the closing. */
  challengeWindow: number;
  platformBps: number;
  rateIn: bigint;
  rateOut: bigint;
  count: number;
  payoutCount: number;
  net: bigint;
  fees: bigint;
  payoutSum: bigint;
  /** Of it, what nobody drew. */
  undrawn: bigint;
  bond: bigint;
  /** L1 block whose hash says what is audited; 0 where nothing is. */
  seedBlock: bigint;
  root: Hash;
  payoutRoot: Hash;
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

/** Epochs that a host has closed, up to a block if one is given. */
export function epochCount(
  client: ChainClient,
  { epochs }: At,
  host: Address,
  blockNumber?: bigint,
): Promise<bigint> {
  const args = [host] as const;
  return client.public.readContract({ address: epochs, abi, functionName: "epochCount", args, blockNumber });
}

/** Leaves of a contribution up to this position are drawn; 0 if none. */
export function drawnTo(
  client: ChainClient,
  { epochs }: At,
  epochId: bigint,
  contributionId: bigint,
): Promise<number> {
  const args = [epochId, contributionId] as const;
  return client.public.readContract({ address: epochs, abi, functionName: "drawnTo", args });
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

/** The call that lays OPEN by for a host, out of which `payer` signs vouchers. */
export function fillOrder(
  { epochs: to }: At,
  { payer, host, amount: value }: { payer: Address; host: Address; amount: bigint },
): TransactionOrder {
  return { to, data: encodeFunctionData({ abi, functionName: "fill", args: [payer, host] }), value };
}

/** Lays OPEN by for a host. */
export function fillPurse(
  client: ChainClient,
  at: At,
  account: Account,
  purse: { payer: Address; host: Address; amount: bigint },
): Promise<SentTransaction> {
  return send(client, account, fillOrder(at, purse));
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

/** What a draw shows: see drawOf. */
type Draw = readonly [before: ShownPayout, first: ShownPayout, last: ShownPayout];

/** The call that credits a contribution's payee with what a draw shows. Anybody may make it. */
export function drawOrder({ epochs: to }: At, epochId: bigint, draw: Draw): TransactionOrder {
  return { to, data: encodeFunctionData({ abi, functionName: "draw", args: [epochId, ...draw] }) };
}

/** Credits a contributor with what a draw shows. */
export function drawFromEpoch(
  client: ChainClient,
  at: At,
  account: Account,
  epochId: bigint,
  draw: Draw,
): Promise<SentTransaction> {
  return send(client, account, drawOrder(at, epochId, draw));
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

/** Whether an inference is opened as this claim. */
export async function isLeafOpened(
  client: ChainClient,
  { epochLeaves }: Pick<EpochAddresses, "epochLeaves">,
  claim: Claim,
): Promise<boolean> {
  const args = [claimTuple(claim)] as const;
  try {
    await client.public.readContract({
      address: epochLeaves,
      abi: epochLeavesAbi,
      functionName: "checkOpened",
      args,
    });
    return true;
  } catch (cause) {
    const error = asCodedError(cause);
    if (isCodedError(error, "TRANSACTION_REVERTED")) return false;
    throw error;
  }
}

/** The claim as which an inference was opened; undefined where nobody opened it. */
export async function openedLeaf(
  client: ChainClient,
  { epochLeaves }: Pick<EpochAddresses, "epochLeaves">,
  epochId: bigint,
  position: number,
): Promise<Claim | undefined> {
  const events = await client.public.getContractEvents({
    address: epochLeaves,
    abi: epochLeavesAbi,
    eventName: "LeafOpened",
    args: { epochId, position },
    fromBlock: 0n,
    strict: true,
  });
  return events.at(-1)?.args.claim;
}

/** Inferences of an epoch that chance drew for audits; one may be drawn twice. Its L1 block must be recorded. */
export async function drawnPositions(
  client: ChainClient,
  { epochs, epochAudits: address }: At & Pick<ProtocolAddresses, "epochAudits">,
  epochId: bigint,
): Promise<number[]> {
  const draws = await client.public.readContract({ address: epochs, abi, functionName: "AUDITED_LEAVES" });
  const found: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const args = [epochId, BigInt(draw)] as const;
    found.push(
      await client.public.readContract({ address, abi: epochAuditsAbi, functionName: "drawnAt", args }),
    );
  }
  return found;
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
  return {
    challenger: challenger.toLowerCase() as Address,
    reason: hexToString(reason, { size: 32 }),
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
