import { type Account, encodeFunctionData, keccak256, type LocalAccount } from "viem";
import { claimChallengesAbi as abi, announcementsAbi } from "../../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import { type AttributionIndex, openedRecord } from "../attribution/sketch-index.ts";
import { type ChainClient, type ProtocolAddresses, type SentTransaction, send } from "./chain.ts";
import { type ClaimWithQuery, claimTuple, evidenceOf } from "./claims.ts";
import { readParameters } from "./parameters.ts";

/** A counter-example to a claim. */
export type CounterExample =
  | { kind: "score"; position: number; rowId: number }
  | { kind: "omission"; rowId: number }
  | { kind: "weights" };

type At = Pick<ProtocolAddresses, "challenges" | "parameters">;

/** Blocks after its own in which an announced call can be made; see the contract Announcements. */
const OPENING_BLOCKS = 3n;

/** Gas of a challenge without its evidence, and of a byte of it: calldata, hashing, the verifier's work. */
const CHALLENGE_GAS = 1_500_000n;
const BYTE_GAS = 60n;

/** The call that shows a counter-example, with its records and paths out of `index`. */
export function challengeCall(
  { claim, query }: ClaimWithQuery,
  index: AttributionIndex,
  counter: CounterExample,
  salt: Hash,
): Hex {
  const given = claimTuple(claim);
  if (counter.kind === "weights") {
    const args = [given, ...evidenceOf(claim.list, index), salt] as const;
    return encodeFunctionData({ abi, functionName: "challengeWeights", args });
  }
  const shown = openedRecord(index, counter.rowId);
  if (counter.kind === "score") {
    const args = [given, query, BigInt(counter.position), shown, salt] as const;
    return encodeFunctionData({ abi, functionName: "challengeScore", args });
  }
  return encodeFunctionData({ abi, functionName: "challengeOmitted", args: [given, query, shown, salt] });
}

/** Wei that an announcement binds until its counter-example is shown. */
export async function challengeDeposit(
  client: ChainClient,
  at: Pick<ProtocolAddresses, "parameters">,
): Promise<bigint> {
  return (await readParameters(client, at)).challengeDeposit;
}

/**
 * The secret salt of a challenger's counter-example to `subject`: the same each time, so that one who was stopped between announcing
 * and showing can still show. It comes from a signature, which the account's holder alone can make.
 */
export async function challengeSalt(
  client: ChainClient,
  account: LocalAccount,
  subject: string,
): Promise<Hash> {
  const message = `openledger challenge salt: chain ${client.chain.id}, ${subject}`;
  return keccak256(await account.signMessage({ message }));
}

/**
 * Announces a call to a contract of challenges, and makes it in a later block. Nobody who sees the call can take what it
 * brings: the announcement was first. One that was announced before and can still be shown is not announced again.
 * @param data a call whose last argument is a secret salt.
 * @param gas limit of that call.
 */
export async function announceAndOpen(
  client: ChainClient,
  at: Pick<ProtocolAddresses, "parameters">,
  account: Account,
  contract: Address,
  data: Hex,
  gas = gasOf(data),
): Promise<SentTransaction> {
  const hash = keccak256(data);
  const read = { address: contract, abi: announcementsAbi } as const;
  const args = [account.address, hash] as const;
  const { blockNumber } = await client.public.readContract({ ...read, functionName: "announcementOf", args });
  const head = await client.public.getBlockNumber();
  const isLate = blockNumber !== 0n && head >= blockNumber + OPENING_BLOCKS;
  // What was announced in vain has to be given up before it can be announced anew.
  if (isLate) {
    const forfeit = encodeFunctionData({ abi: announcementsAbi, functionName: "forfeit", args });
    await send(client, account, { to: contract, data: forfeit });
  }
  if (blockNumber === 0n || isLate) {
    const announce = encodeFunctionData({ abi: announcementsAbi, functionName: "announce", args: [hash] });
    await send(client, account, { to: contract, data: announce, value: await challengeDeposit(client, at) });
  }
  // Estimating would run it in the announcement's own block, which refuses it.
  return send(client, account, { to: contract, data, gas });
}

/** Announces and brings a counter-example to a claim. */
export function challengeClaim(
  client: ChainClient,
  at: At,
  account: Account,
  posted: ClaimWithQuery,
  index: AttributionIndex,
  counter: CounterExample,
  salt: Hash,
): Promise<SentTransaction> {
  const data = challengeCall(posted, index, counter, salt);
  return announceAndOpen(client, at, account, at.challenges, data);
}

function gasOf(data: Hex): bigint {
  return CHALLENGE_GAS + BYTE_GAS * BigInt(data.length / 2);
}
