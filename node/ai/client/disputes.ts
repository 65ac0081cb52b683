import { type Account, encodeAbiParameters, encodeFunctionData, keccak256 } from "viem";
import { disputesAbi as abi } from "../../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import { type ChainClient, type ProtocolAddresses, type SentTransaction, send } from "./chain.ts";

type At = Pick<ProtocolAddresses, "disputes">;

export const DISPUTE_STATUS = ["none", "opened", "drawn", "decided", "undecided"] as const;

/** The round that asks all verifiers. */
export const LAST_ROUND = 2;

/** A dispute; see the contract's interface. Times in seconds, the pot in wei. */
export interface Dispute {
  opener: Address;
  status: (typeof DISPUTE_STATUS)[number];
  round: number;
  /** For evidence, then for commitments, then for reveals. */
  window: number;
  /** L1 block whose hash draws the round's panel. */
  seedBlock: bigint;
  drawnAt: bigint;
  decidedAt: bigint;
  pot: bigint;
  claimed: Hash;
  /** Decided: what came out. */
  value: Hash;
  digest: Hash;
}

/** A panel member's vote in a round. */
export interface Vote {
  /** Seats, in the last round wei; 0: not on the panel. */
  weight: bigint;
  /** 0 until it committed. */
  commitment: Hash;
  /** 0 until it revealed. */
  result: Hash;
  isCollected: boolean;
}

/** What a verifier says came out. */
export interface PanelResult {
  /** Compared with what was claimed. */
  value: Hash;
  /** Of what no claim publishes. */
  digest: Hash;
}

/** Number of a case's dispute, its round, and who judges. */
export interface DrawnPanel {
  disputeId: bigint;
  round: number;
  /** With a weight above 0. */
  members: readonly { verifier: Address; weight: bigint }[];
}

/** A dispute by its number. */
export async function getDispute(client: ChainClient, { disputes }: At, disputeId: bigint): Promise<Dispute> {
  const args = [disputeId] as const;
  const found = await client.public.readContract({
    ...{ address: disputes, abi, args },
    functionName: "getDispute",
  });
  return {
    ...found,
    opener: found.opener.toLowerCase() as Address,
    status: DISPUTE_STATUS[found.status]!,
  };
}

/** The last second for evidence, for commitments and for reveals of the drawn round. */
export function windowsOf({ drawnAt, window }: Pick<Dispute, "drawnAt" | "window">) {
  const length = BigInt(window);
  return {
    evidence: drawnAt + length,
    commit: drawnAt + 2n * length,
    reveal: drawnAt + 3n * length,
  };
}

/** From when a verdict holds: a small panel's can be escalated for a window. */
export const finalAt = ({
  round,
  decidedAt,
  window,
}: Pick<Dispute, "round" | "decidedAt" | "window">): bigint =>
  round === LAST_ROUND ? decidedAt : decidedAt + BigInt(window) + 1n;

/** A verifier's vote. */
export function voteOf(
  client: ChainClient,
  { disputes }: At,
  disputeId: bigint,
  round: number,
  verifier: Address,
): Promise<Vote> {
  const args = [disputeId, round, verifier] as const;
  return client.public.readContract({ address: disputes, abi, functionName: "voteOf", args });
}

/** The hash that a panel member commits to: nobody else's, and opened only with the salt. */
export function commitmentOf(
  disputeId: bigint,
  verifier: Address,
  { value, digest }: PanelResult,
  salt: Hash,
): Hash {
  const types = ["uint256", "address", "bytes32", "bytes32", "bytes32"].map((type) => ({ type }));
  return keccak256(encodeAbiParameters(types, [disputeId, verifier, value, digest, salt]));
}

/** Draws a round's panel, once its L1 block is recorded. */
export function drawPanel(
  client: ChainClient,
  at: At,
  account: Account,
  disputeId: bigint,
): Promise<SentTransaction> {
  return sendCall(client, at, account, encodeFunctionData({ abi, functionName: "draw", args: [disputeId] }));
}

/** Commits the sender's hidden result. */
export function commitResult(
  client: ChainClient,
  at: At,
  account: Account,
  disputeId: bigint,
  commitment: Hash,
): Promise<SentTransaction> {
  const args = [disputeId, commitment] as const;
  return sendCall(client, at, account, encodeFunctionData({ abi, functionName: "commit", args }));
}

/** Opens the sender's commitment. */
export function revealResult(
  client: ChainClient,
  at: At,
  account: Account,
  disputeId: bigint,
  { value, digest }: PanelResult,
  salt: Hash,
): Promise<SentTransaction> {
  const args = [disputeId, value, digest, salt] as const;
  return sendCall(client, at, account, encodeFunctionData({ abi, functionName: "reveal", args }));
}

/** Counts a round whose windows are over. */
export function decideDispute(
  client: ChainClient,
  at: At,
  account: Account,
  disputeId: bigint,
): Promise<SentTransaction> {
  return sendCall(
    client,
    at,
    account,
    encodeFunctionData({ abi, functionName: "decide", args: [disputeId] }),
  );
}

/** Pays or slashes a panel member for a round of a decided dispute. */
export function collectVote(
  client: ChainClient,
  at: At,
  account: Account,
  disputeId: bigint,
  round: number,
  verifier: Address,
): Promise<SentTransaction> {
  const args = [disputeId, round, verifier] as const;
  return sendCall(client, at, account, encodeFunctionData({ abi, functionName: "collect", args }));
}

/** Panels drawn in blocks `from`…`to`, of one dispute if one is given. */
export async function panelsIn(
  client: ChainClient,
  { disputes }: At,
  range: { from: bigint; to?: bigint; disputeId?: bigint },
): Promise<DrawnPanel[]> {
  const events = await client.public.getContractEvents({
    address: disputes,
    abi,
    eventName: "PanelDrawn",
    args: range.disputeId === undefined ? {} : { disputeId: range.disputeId },
    fromBlock: range.from,
    toBlock: range.to,
    strict: true,
  });
  return events.map(({ args: { disputeId, round, panel, weights } }) => ({
    ...{ disputeId, round },
    members: panel
      .map((verifier, i) => ({ verifier: verifier.toLowerCase() as Address, weight: weights[i]! }))
      .filter(({ weight }) => weight > 0n),
  }));
}

function sendCall(
  client: ChainClient,
  { disputes }: At,
  account: Account,
  data: Hex,
): Promise<SentTransaction> {
  return send(client, account, { to: disputes, data });
}
