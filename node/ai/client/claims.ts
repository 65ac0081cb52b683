import {
  type Account,
  encodeAbiParameters,
  encodeFunctionData,
  getAbiItem,
  keccak256,
  type Log,
  parseEventLogs,
} from "viem";
import type { InfluenceList } from "../../../precompiles/influence-verifier/types.ts";
import { inferenceMarketAbi as abi } from "../../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import { type AttributionIndex, openedRecord } from "../attribution/sketch-index.ts";
import type { ContextShares } from "../context/rule.ts";
import { type ChainClient, type ProtocolAddresses, type SentTransaction, send } from "./chain.ts";
import { requireEvent } from "./datanets.ts";

/** What a host says of an inference: the contracts' struct of the same name. */
export interface Claim {
  requestId: bigint;
  modelId: bigint;
  requestHash: Hash;
  tokensIn: number;
  tokensOut: number;
  outputHash: Hash;
  /** keccak256 of the query sketch's bytes. */
  queryHash: Hash;
  /** How much of what the context leaves of the contributors' part the adapter earned, in 1/10000. */
  earnedBps: number;
  list: InfluenceList;
  /** Which rows in the prompt made a part of it. */
  context: ContextShares;
}

/** A claim with the query sketch that it commits to. */
export interface ClaimWithQuery {
  claim: Claim;
  /** Exponent and int16 values in bytes. */
  query: Hex;
}

type At = Pick<ProtocolAddresses, "market">;

const CLAIM = getAbiItem({ abi, name: "hashOf" }).inputs[0];

/** keccak256 over chain, market and claim: what the market stores and the host signs. */
export function hashOfClaim(chainId: number, market: Address, claim: Claim): Hash {
  const types = [{ type: "uint256" }, { type: "address" }, CLAIM] as const;
  return keccak256(encodeAbiParameters(types, [BigInt(chainId), market, claim]));
}

/** The claim as the contracts take it. */
export function claimTuple(claim: Claim): Claim {
  const { requestId, modelId, requestHash, tokensIn, tokensOut, outputHash, queryHash } = claim;
  const { earnedBps, list, context } = claim;
  return {
    ...{ requestId, modelId, requestHash, tokensIn, tokensOut, outputHash, queryHash },
    ...{ earnedBps, list, context },
  };
}

/**
 * Posts a claim: proved, with the listed rows' records and paths out of `proof`, or optimistic without. The query sketch goes
 * with it unless `withholdQuery` is set: then anybody can demand it.
 * @param bond wei, as the request names it.
 */
export async function postClaim(
  client: ChainClient,
  { market }: At,
  account: Account,
  posted: ClaimWithQuery & { bond: bigint; proof?: AttributionIndex; withholdQuery?: boolean },
): Promise<SentTransaction & { claimHash: Hash }> {
  const { query, bond, proof, withholdQuery } = posted;
  const given = claimTuple(posted.claim);
  const data = proof
    ? encodeFunctionData({
        abi,
        functionName: "claimProved",
        args: [given, query, ...evidenceOf(posted.claim.list, proof)],
      })
    : encodeFunctionData({ abi, functionName: "claim", args: [given, withholdQuery ? "0x" : query] });
  const sent = await send(client, account, { to: market, data, value: bond });
  const logs = parseEventLogs({ abi, logs: sent.receipt.logs as Log[], eventName: "InferenceClaimed" });
  return { ...sent, claimHash: requireEvent(logs, "InferenceClaimed").args.claimHash };
}

/** Pays out claims whose windows have passed, in one transaction. */
export function settleClaims(
  client: ChainClient,
  { market }: At,
  account: Account,
  claims: readonly Claim[],
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "settle", args: [claims.map(claimTuple)] });
  return send(client, account, { to: market, data });
}

/** A posted claim with where it was posted. */
export interface PostedClaim {
  requestId: bigint;
  modelId: bigint;
  host: Address;
  proved: boolean;
  claim: Claim;
  claimHash: Hash;
  /** "0x" where the host did not publish it. */
  query: Hex;
  fee: bigint;
  bond: bigint;
  challengeDeadline: bigint;
  transactionHash: Hash;
  blockNumber: bigint;
}

/** Claims posted in blocks `from`…`to`, of one request if one is given. */
export async function postedClaims(
  client: ChainClient,
  { market }: At,
  range: { from: bigint; to: bigint; requestId?: bigint },
): Promise<PostedClaim[]> {
  const logs = await client.public.getContractEvents({
    address: market,
    abi,
    eventName: "InferenceClaimed",
    args: range.requestId === undefined ? {} : { requestId: range.requestId },
    fromBlock: range.from,
    toBlock: range.to,
    strict: true,
  });
  return logs.map(({ args, transactionHash, blockNumber }) => ({
    ...args,
    host: args.host.toLowerCase() as Address,
    transactionHash,
    blockNumber,
  }));
}

/** Records and paths of a list's rows, as the contracts take them. */
export function evidenceOf(list: InfluenceList, index: AttributionIndex): [Hex[], Hash[][]] {
  const opened = list.rowIds.map((rowId) => openedRecord(index, rowId));
  return [opened.map(({ record }) => record), opened.map(({ path }) => path)];
}
