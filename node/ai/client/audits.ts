import { type Account, encodeAbiParameters, encodeFunctionData, getAbiItem, keccak256 } from "viem";
import { auditsAbi as abi } from "../../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import { type ChainClient, type ProtocolAddresses, type SentTransaction, send } from "./chain.ts";
import { type Claim, claimTuple } from "./claims.ts";

type At = Pick<ProtocolAddresses, "audits">;

export const CAUSES = ["none", "disputed", "drawn", "convicted"] as const;

/** A claim that verifiers run again; cause "none" if there is no case. */
export interface Case {
  disputeId: bigint;
  /** Who disputed; the contract itself for audits. */
  opener: Address;
  cause: (typeof CAUSES)[number];
  /** A panel found the same as the host. */
  isUpheld: boolean;
  /** Rounds for which the host gave evidence. */
  evidenceRounds: number;
}

/** Where a case was opened. */
export interface OpenedCase {
  requestId: bigint;
  disputeId: bigint;
  cause: Case["cause"];
  opener: Address;
  blockNumber: bigint;
}

/** Wei that who disputes a claim pays for its panel. */
export function panelFee(client: ChainClient, { audits }: At): Promise<bigint> {
  return client.public.readContract({ address: audits, abi, functionName: "PANEL_FEE" });
}

/** The case of a request. */
export async function caseOf(client: ChainClient, { audits }: At, requestId: bigint): Promise<Case> {
  const args = [requestId] as const;
  const found = await client.public.readContract({ address: audits, abi, functionName: "caseOf", args });
  return {
    ...found,
    opener: found.opener.toLowerCase() as Address,
    cause: CAUSES[found.cause]!,
  };
}

/** Why a claim has to be audited before it is settled. Its L1 block must be recorded. */
export async function causeOf(client: ChainClient, { audits }: At, claim: Claim): Promise<Case["cause"]> {
  const args = [claimTuple(claim)] as const;
  const found = await client.public.readContract({ address: audits, abi, functionName: "causeOf", args });
  return CAUSES[found]!;
}

const VALUE = [
  ...[{ type: "uint32" }, { type: "uint32" }, { type: "bytes32" }, { type: "bytes32" }, { type: "uint16" }],
  getAbiItem({ abi, name: "valueOf" }).inputs[0].components[9],
] as const;

/** What panels' results are compared with. */
export function valueOfClaim(
  claim: Pick<Claim, "tokensIn" | "tokensOut" | "outputHash" | "queryHash" | "earnedBps" | "context">,
): Hash {
  const { tokensIn, tokensOut, outputHash, queryHash, earnedBps, context } = claim;
  const values = [tokensIn, tokensOut, outputHash, queryHash, earnedBps, context] as const;
  return keccak256(encodeAbiParameters(VALUE, values));
}

/** Has a panel run a claim again, for the panel's fee. */
export async function disputeClaim(
  client: ChainClient,
  at: At,
  account: Account,
  claim: Claim,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "dispute", args: [claimTuple(claim)] });
  return send(client, account, { to: at.audits, data, value: await panelFee(client, at) });
}

/** Has a larger panel look at a claim again within a window of the verdict, for the panel's fee. */
export async function appealVerdict(
  client: ChainClient,
  at: At,
  account: Account,
  claim: Claim,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "appeal", args: [claimTuple(claim)] });
  return send(client, account, { to: at.audits, data, value: await panelFee(client, at) });
}

/** Opens the audit that a claim is due. */
export function openAudit(
  client: ChainClient,
  at: At,
  account: Account,
  claim: Claim,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "audit", args: [claimTuple(claim)] });
  return sendCall(client, at, account, data);
}

/** Names the evidence for the drawn round. For the host. */
export function giveEvidence(
  client: ChainClient,
  at: At,
  account: Account,
  claim: Claim,
  evidence: Hash,
): Promise<SentTransaction> {
  const args = [claimTuple(claim), evidence] as const;
  return sendCall(client, at, account, encodeFunctionData({ abi, functionName: "giveEvidence", args }));
}

/** Refutes a claim whose host gave no evidence in time. */
export function endSilentCase(
  client: ChainClient,
  at: At,
  account: Account,
  claim: Claim,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "endSilent", args: [claimTuple(claim)] });
  return sendCall(client, at, account, data);
}

/** Acts on a panel's verdict. */
export function concludeCase(
  client: ChainClient,
  at: At,
  account: Account,
  claim: Claim,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "conclude", args: [claimTuple(claim)] });
  return sendCall(client, at, account, data);
}

/** Adds `amount` wei to what audits are paid from. */
export function fillAudits(
  client: ChainClient,
  { audits }: At,
  account: Account,
  amount: bigint,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "fill" });
  return send(client, account, { to: audits, data, value: amount });
}

/** Cases opened in blocks `from`…`to`, of one dispute or request if one is given. */
export async function casesIn(
  client: ChainClient,
  { audits }: At,
  range: { from: bigint; to?: bigint; requestId?: bigint; disputeId?: bigint },
): Promise<OpenedCase[]> {
  const { from, to, requestId, disputeId } = range;
  const events = await client.public.getContractEvents({
    address: audits,
    abi,
    eventName: "CaseOpened",
    args: { requestId, disputeId },
    fromBlock: from,
    toBlock: to,
    strict: true,
  });
  return events.map(({ args, blockNumber }) => ({
    ...args,
    opener: args.opener.toLowerCase() as Address,
    cause: CAUSES[args.cause]!,
    blockNumber,
  }));
}

/** By which hash the host published its evidence for a round, if it did. */
export async function evidenceIn(
  client: ChainClient,
  { audits }: At,
  requestId: bigint,
  round: number,
): Promise<Hash | undefined> {
  const events = await client.public.getContractEvents({
    address: audits,
    abi,
    eventName: "EvidenceGiven",
    args: { requestId, round },
    fromBlock: 0n,
    strict: true,
  });
  return events.at(-1)?.args.evidenceHash;
}

function sendCall(
  client: ChainClient,
  { audits }: At,
  account: Account,
  data: Hex,
): Promise<SentTransaction> {
  return send(client, account, { to: audits, data });
}
