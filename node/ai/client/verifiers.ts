import { type Account, encodeFunctionData } from "viem";
import { verifierPoolAbi as abi } from "../../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import { type ChainClient, type ProtocolAddresses, type SentTransaction, send } from "./chain.ts";

type At = Pick<ProtocolAddresses, "verifiers">;

/** A verifier as the pool holds it. Amounts in wei, times in seconds. */
export interface Verifier {
  /** One more than its place among the members; 0 if it has none. */
  seat: number;
  /** Counts in draws. */
  stake: bigint;
  /** Waits; it counts in no draw and can be lost. */
  leaving: bigint;
  leavesAt: bigint;
  /** Hash of the engine's version that it runs. */
  engine: Hash;
  /** Public key that evidence is encrypted to. */
  key: Hex;
}

/** Members in the order of their seats, with their stakes of now in wei. */
export async function verifierMembers(
  client: ChainClient,
  { verifiers: address }: At,
): Promise<{ address: Address; stake: bigint }[]> {
  const { timestamp } = await client.public.getBlock();
  const [members, stakes] = await client.public.readContract({
    ...{ address, abi, args: [timestamp] },
    functionName: "stakesAt",
  });
  return members.map((member, i) => ({ address: member.toLowerCase() as Address, stake: stakes[i]! }));
}

/** A verifier; all 0 for a stranger. */
export async function verifierOf(client: ChainClient, at: At, account: Address): Promise<Verifier> {
  const read = { address: at.verifiers, abi } as const;
  const { timestamp } = await client.public.getBlock();
  const [found, stake] = await Promise.all([
    client.public.readContract({ ...read, functionName: "verifierOf", args: [account] }),
    client.public.readContract({ ...read, functionName: "stakeAt", args: [account, timestamp] }),
  ]);
  return { ...found, stake };
}

/** What a verifier has to stake at least, in wei, and how long leaving takes, in seconds. */
export async function poolTerms(
  client: ChainClient,
  { verifiers: address }: At,
): Promise<{ leastStake: bigint; exitDelay: bigint }> {
  const [leastStake, exitDelay] = await Promise.all([
    client.public.readContract({ address, abi, functionName: "LEAST_STAKE" }),
    client.public.readContract({ address, abi, functionName: "EXIT_DELAY" }),
  ]);
  return { leastStake, exitDelay };
}

/** Adds `amount` wei to the sender's stake; a newcomer takes the next seat. */
export async function stakeAsVerifier(
  client: ChainClient,
  at: At,
  account: Account,
  amount: bigint,
): Promise<SentTransaction> {
  const seat = BigInt((await verifierMembers(client, at)).length);
  const data = encodeFunctionData({ abi, functionName: "stake", args: [seat] });
  return send(client, account, { to: at.verifiers, data, value: amount });
}

/** Says which engine the sender runs, and by which key it reads evidence. */
export function setEngine(
  client: ChainClient,
  { verifiers }: At,
  account: Account,
  { engine, key }: { engine: Hash; key: Hex },
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "setEngine", args: [engine, key] });
  return send(client, account, { to: verifiers, data });
}

/** Takes `amount` wei out of later draws; after the delay it can be withdrawn. */
export function startLeaving(
  client: ChainClient,
  { verifiers }: At,
  account: Account,
  amount: bigint,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "startLeaving", args: [amount] });
  return send(client, account, { to: verifiers, data });
}

/** Moves what has waited to the sender's reward balance. */
export function withdrawVerifierStake(
  client: ChainClient,
  { verifiers }: At,
  account: Account,
): Promise<SentTransaction> {
  return send(client, account, {
    to: verifiers,
    data: encodeFunctionData({ abi, functionName: "withdraw" }),
  });
}
