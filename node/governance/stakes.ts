import { encodeFunctionData } from "viem";
import type { ChainClient, TransactionOrder } from "../ai/client/chain.ts";
import { stakedOpenAbi as abi, feeTreasuryAbi, openGovernorAbi } from "../chain/generated/abi.ts";
import type { Address } from "../chain/types/primitives.ts";
import type { GovernanceAddresses } from "./addresses.ts";

type At = Pick<GovernanceAddresses, "staked" | "governor">;

/** OPEN that an account staked for votes. Amounts in wei, votes in wei by multiplier, times in seconds. */
export interface VoterStake {
  amount: bigint;
  lockedUntil: bigint;
  /** Votes for each wei, in 1/10000. */
  multiplierBps: number;
  /** Waits to be withdrawn, from `leavesAt` on. */
  leaving: bigint;
  leavesAt: bigint;
  rewards: bigint;
  /** Who votes with it. */
  delegate: Address;
  /** What the account votes with: its own and what others gave it. */
  votes: bigint;
  /** Votes that a proposer needs. */
  threshold: bigint;
}

export async function voterStake(
  client: ChainClient,
  { staked: address, governor }: At,
  account: Address,
): Promise<VoterStake> {
  const read = { address, abi, args: [account] } as const;
  const [position, leaving, rewards, delegate, votes, threshold] = await Promise.all([
    client.public.readContract({ ...read, functionName: "positionOf" }),
    client.public.readContract({ ...read, functionName: "leavingOf" }),
    client.public.readContract({ ...read, functionName: "rewardsOf" }),
    client.public.readContract({ ...read, functionName: "delegates" }),
    client.public.readContract({ ...read, functionName: "getVotes" }),
    client.public.readContract({
      address: governor,
      abi: openGovernorAbi,
      functionName: "proposalThreshold",
    }),
  ]);
  return {
    amount: position.amount,
    lockedUntil: position.until,
    multiplierBps: position.multiplierBps,
    leaving: leaving.amount,
    leavesAt: leaving.at,
    rewards,
    delegate: delegate.toLowerCase() as Address,
    votes,
    threshold,
  };
}

/** Stakes `amount` wei and locks the whole position for `lockFor` seconds. */
export function stakeOrder(at: At, amount: bigint, lockFor: bigint): TransactionOrder {
  const data = encodeFunctionData({ abi, functionName: "stake", args: [lockFor] });
  return { to: at.staked, data, value: amount };
}

/** Locks the position for `lockFor` seconds from now. */
export function extendOrder(at: At, lockFor: bigint): TransactionOrder {
  return { to: at.staked, data: encodeFunctionData({ abi, functionName: "extend", args: [lockFor] }) };
}

/** Takes `amount` wei out: its votes go now, the coins after the delay. */
export function unstakeOrder(at: At, amount: bigint): TransactionOrder {
  return { to: at.staked, data: encodeFunctionData({ abi, functionName: "unstake", args: [amount] }) };
}

/** Moves to the account's reward balance what has waited (`withdraw`) or what stakers earned (`claimRewards`). */
export function collectOrder(at: At, functionName: "withdraw" | "claimRewards"): TransactionOrder {
  return { to: at.staked, data: encodeFunctionData({ abi, functionName }) };
}

/** Takes the multiplier of a lock that is over from `holder`; anybody may. */
export function pokeOrder(at: At, holder: Address): TransactionOrder {
  return { to: at.staked, data: encodeFunctionData({ abi, functionName: "poke", args: [holder] }) };
}

/** Draws the platform's fees into the treasury and starts the stream of the stakers' part; anybody may. */
export function collectFeesOrder({ treasury }: Pick<GovernanceAddresses, "treasury">): TransactionOrder {
  return { to: treasury, data: encodeFunctionData({ abi: feeTreasuryAbi, functionName: "collect" }) };
}

/** Gives the account's votes to another, or takes them back. */
export function delegateOrder(at: At, to: Address): TransactionOrder {
  return { to: at.staked, data: encodeFunctionData({ abi, functionName: "delegate", args: [to] }) };
}
