import { type Account, encodeFunctionData } from "viem";
import { hostStakesAbi as abi } from "../../chain/generated/abi.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { type ChainClient, type ProtocolAddresses, type SentTransaction, send } from "./chain.ts";

type At = Pick<ProtocolAddresses, "hosts">;

/** A host's one stake and its limits, in wei. */
export interface HostStake {
  amount: bigint;
  /** Sum of the fees of its open claims. */
  openFees: bigint;
  /** Largest fee that it takes. */
  maxFee: bigint;
  /** Waits to leave; it still covers claims. */
  leaving: bigint;
  leavesAt: bigint;
  openClaims: number;
  maxOpenClaims: number;
}

/** What a host takes for a model. Fee in wei. */
export interface HostTerms {
  accepted: boolean;
  leastFee: bigint;
  maxTokensIn: number;
  maxTokensOut: number;
}

/** A host's stake; all 0 for a stranger. */
export function hostOf(client: ChainClient, { hosts }: At, host: Address): Promise<HostStake> {
  return client.public.readContract({ address: hosts, abi, functionName: "hostOf", args: [host] });
}

/** What a host takes for a model. */
export function hostTerms(
  client: ChainClient,
  { hosts }: At,
  modelId: bigint,
  host: Address,
): Promise<HostTerms> {
  return client.public.readContract({ address: hosts, abi, functionName: "termsOf", args: [modelId, host] });
}

/** Wei that a stake must have for fees of these sizes. */
export function coverOf(
  client: ChainClient,
  { hosts }: At,
  openFees: bigint,
  largestFee: bigint,
): Promise<bigint> {
  const args = [openFees, largestFee] as const;
  return client.public.readContract({ address: hosts, abi, functionName: "coverOf", args });
}

/** Adds `amount` wei to the sender's stake. */
export function stakeAsHost(
  client: ChainClient,
  { hosts }: At,
  account: Account,
  amount: bigint,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "stake" });
  return send(client, account, { to: hosts, data, value: amount });
}

/** Starts to take `amount` wei out of the sender's stake. */
export function unstakeAsHost(
  client: ChainClient,
  { hosts }: At,
  account: Account,
  amount: bigint,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "unstake", args: [amount] });
  return send(client, account, { to: hosts, data });
}

/** Moves what has waited to the sender's reward balance. */
export function withdrawHostStake(
  client: ChainClient,
  { hosts }: At,
  account: Account,
): Promise<SentTransaction> {
  return send(client, account, { to: hosts, data: encodeFunctionData({ abi, functionName: "withdraw" }) });
}

/** Sets the sender's largest fee in wei and how many claims it has open at once; its stake must cover the fee. */
export function setHostLimits(
  client: ChainClient,
  { hosts }: At,
  account: Account,
  { maxFee, maxOpenClaims }: { maxFee: bigint; maxOpenClaims: number },
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "setLimits", args: [maxFee, maxOpenClaims] });
  return send(client, account, { to: hosts, data });
}

/** The sender serves a model on these terms; again to change them. */
export function takeModel(
  client: ChainClient,
  { hosts }: At,
  account: Account,
  modelId: bigint,
  { leastFee, maxTokensIn, maxTokensOut }: Omit<HostTerms, "accepted">,
): Promise<SentTransaction> {
  const args = [modelId, leastFee, maxTokensIn, maxTokensOut] as const;
  const data = encodeFunctionData({ abi, functionName: "take", args });
  return send(client, account, { to: hosts, data });
}

/** The sender takes no further requests for a model. */
export function dropModel(
  client: ChainClient,
  { hosts }: At,
  account: Account,
  modelId: bigint,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "drop", args: [modelId] });
  return send(client, account, { to: hosts, data });
}
