import { type Account, encodeFunctionData, type Log, parseEventLogs, toHex } from "viem";
import {
  inferenceMarketAbi as abi,
  iRewardSplitterAbi,
  protocolParametersAbi,
} from "../../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import type { AttributionIndex } from "../attribution/build.ts";
import { encodeRecord } from "../attribution/record.ts";
import type { ContributorWeight, ScoredRow } from "../attribution/score.ts";
import { keccakOf } from "../codec/hash.ts";
import { aiError } from "../errors.ts";
import { type ChainClient, type ProtocolAddresses, type SentTransaction, send } from "./chain.ts";
import { requireEvent } from "./datanets.ts";

/** What a host says of an inference. */
export interface Claim {
  outputHash: Hash;
  tokensIn: number;
  tokensOut: number;
  /** Query sketch in bytes. */
  query: Hex;
  rows: readonly ScoredRow[];
  weights: readonly ContributorWeight[];
}

export const REQUEST_STATUS = ["none", "requested", "claimed", "settled", "refuted", "cancelled"] as const;
export const CHALLENGE_NAMES = ["score", "omission", "weights"] as const;

/** A request as the market holds it. */
export interface MarketRequest {
  requestId: bigint;
  payer: Address;
  status: (typeof REQUEST_STATUS)[number];
  proved: boolean;
  platformBps: number;
  /** Seconds. Requested: until when the host may claim; claimed: until when the claim can be challenged. */
  deadline: bigint;
  host: Address;
  maxTokensIn: number;
  maxTokensOut: number;
  modelId: bigint;
  promptHash: Hash;
  rateIn: bigint;
  rateOut: bigint;
  escrow: bigint;
  bond: bigint;
  claimHash: Hash;
}

type At = Pick<ProtocolAddresses, "market">;

/** keccak256 over token ids, each as u32 big endian: the hash of prompts and answers on chain. */
export function hashOfTokens(ids: readonly number[]): Hash {
  const view = new DataView(new ArrayBuffer(4 * ids.length));
  for (const [i, id] of ids.entries()) view.setUint32(4 * i, id);
  return keccakOf(new Uint8Array(view.buffer));
}

/** The fee at present for that many tokens, in wei. */
export function quote(
  client: ChainClient,
  { market }: At,
  modelId: bigint,
  tokensIn: number,
  tokensOut: number,
): Promise<bigint> {
  const args = [modelId, tokensIn, tokensOut] as const;
  return client.public.readContract({ address: market, abi, functionName: "quote", args });
}

/** Asks a host for an answer and leaves `escrow` wei. */
export async function requestInference(
  client: ChainClient,
  { market }: At,
  account: Account,
  order: {
    modelId: bigint;
    host: Address;
    promptHash: Hash;
    maxTokensIn: number;
    maxTokensOut: number;
    escrow: bigint;
  },
): Promise<SentTransaction & { requestId: bigint }> {
  const args = [order.modelId, order.host, order.promptHash, order.maxTokensIn, order.maxTokensOut] as const;
  const data = encodeFunctionData({ abi, functionName: "request", args });
  const sent = await send(client, account, { to: market, data, value: order.escrow });
  const logs = parseEventLogs({ abi, logs: sent.receipt.logs as Log[], eventName: "InferenceRequested" });
  return { ...sent, requestId: requireEvent(logs, "InferenceRequested").args.requestId };
}

/** A request. @throws CodedError `REQUEST_UNKNOWN`. */
export async function getRequest(
  client: ChainClient,
  { market }: At,
  requestId: bigint,
): Promise<MarketRequest> {
  const args = [requestId] as const;
  const found = await client.public
    .readContract({ address: market, abi, functionName: "getRequest", args })
    .catch((cause: unknown) => {
      throw aiError("REQUEST_UNKNOWN", {
        message: `there is no request ${requestId}`,
        facts: { requestId },
        cause,
      });
    });
  return {
    ...found,
    requestId,
    payer: found.payer.toLowerCase() as Address,
    host: found.host.toLowerCase() as Address,
    status: REQUEST_STATUS[found.status]!,
  };
}

/** Wei that a claim binds. */
export async function claimBond(
  client: ChainClient,
  { parameters }: Pick<ProtocolAddresses, "parameters">,
): Promise<bigint> {
  const found = await client.public.readContract({
    address: parameters,
    abi: protocolParametersAbi,
    functionName: "parameters",
  });
  return found.claimBond;
}

/** Posts a claim: proved, with the listed rows' records and paths out of `index`, or optimistic without. */
export async function postClaim(
  client: ChainClient,
  { market }: At,
  account: Account,
  {
    requestId,
    claim,
    bond,
    proof,
  }: { requestId: bigint; claim: Claim; bond: bigint; proof?: AttributionIndex },
): Promise<SentTransaction & { claimHash: Hash }> {
  const given = claimTuple(claim);
  const data = proof
    ? encodeFunctionData({
        abi,
        functionName: "claimProved",
        args: [requestId, given, ...evidence(claim, proof)],
      })
    : encodeFunctionData({ abi, functionName: "claim", args: [requestId, given] });
  const sent = await send(client, account, { to: market, data, value: bond });
  const logs = parseEventLogs({ abi, logs: sent.receipt.logs as Log[], eventName: "InferenceClaimed" });
  return { ...sent, claimHash: requireEvent(logs, "InferenceClaimed").args.claimHash };
}

/** Pays out a claim whose window has passed. */
export function settleClaim(
  client: ChainClient,
  { market }: At,
  account: Account,
  requestId: bigint,
  claim: Claim,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "settle", args: [requestId, claimTuple(claim)] });
  return send(client, account, { to: market, data });
}

/** Takes the escrow back when the host did not claim in time. */
export function cancelRequest(
  client: ChainClient,
  { market }: At,
  account: Account,
  requestId: bigint,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "cancel", args: [requestId] });
  return send(client, account, { to: market, data });
}

/** A counter-example to a claim. */
export type CounterExample =
  | { kind: "score"; position: number; rowId: number }
  | { kind: "omission"; rowId: number }
  | { kind: "weights" };

/** Brings a counter-example with its records and paths out of `index`; the bond goes to the sender if it holds. */
export async function challengeClaim(
  client: ChainClient,
  { market }: At,
  account: Account,
  requestId: bigint,
  claim: Claim,
  index: AttributionIndex,
  counter: CounterExample,
): Promise<SentTransaction & { bond: bigint }> {
  const given = claimTuple(claim);
  let data: Hex;
  if (counter.kind === "weights") {
    const args = [requestId, given, ...evidence(claim, index)] as const;
    data = encodeFunctionData({ abi, functionName: "challengeWeights", args });
  } else {
    const record = toHex(encodeRecord(index.records[counter.rowId]!));
    const path = index.tree.path(counter.rowId);
    data =
      counter.kind === "score"
        ? encodeFunctionData({
            abi,
            functionName: "challengeScore",
            args: [requestId, given, BigInt(counter.position), record, path],
          })
        : encodeFunctionData({
            abi,
            functionName: "challengeOmitted",
            args: [requestId, given, record, path],
          });
  }
  const sent = await send(client, account, { to: market, data });
  const logs = parseEventLogs({ abi, logs: sent.receipt.logs as Log[], eventName: "InferenceRefuted" });
  return { ...sent, bond: requireEvent(logs, "InferenceRefuted").args.bond };
}

/** The claim in the contract's form. */
export function claimTuple(claim: Claim) {
  return {
    outputHash: claim.outputHash,
    tokensIn: claim.tokensIn,
    tokensOut: claim.tokensOut,
    influence: {
      query: claim.query,
      rowIds: claim.rows.map(({ rowId }) => rowId),
      scores: claim.rows.map(({ score }) => score),
      contributors: claim.weights.map(({ contributor }) => contributor),
      weights: claim.weights.map(({ weight }) => weight),
    },
  };
}

/** keccak256 of the ABI-encoded claim, as the market stores it. */
export function hashOfClaim(client: ChainClient, { market }: At, claim: Claim): Promise<Hash> {
  return client.public.readContract({
    address: market,
    abi,
    functionName: "hashOf",
    args: [claimTuple(claim)],
  });
}

/** A posted claim with where it was posted. */
export interface PostedClaim {
  requestId: bigint;
  modelId: bigint;
  host: Address;
  proved: boolean;
  claim: Claim;
  claimHash: Hash;
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
  return logs.map(({ args, transactionHash, blockNumber }) => {
    const { claim: given, host, ...rest } = args;
    const { rowIds, scores, contributors, weights, query } = given.influence;
    return {
      ...rest,
      host: host.toLowerCase() as Address,
      claim: {
        outputHash: given.outputHash,
        tokensIn: given.tokensIn,
        tokensOut: given.tokensOut,
        query,
        rows: rowIds.map((rowId, i) => ({ rowId, score: scores[i]! })),
        weights: contributors.map((c, i) => ({
          contributor: c.toLowerCase() as Address,
          weight: weights[i]!,
        })),
      },
      transactionHash,
      blockNumber,
    };
  });
}

/** How a settlement divided the escrow, in wei. */
export interface Payout {
  contributors: bigint;
  owner: bigint;
  host: bigint;
  stakers: bigint;
  platform: bigint;
  refund: bigint;
}

/** A settlement, with what the RewardSplitter credited in its transaction. */
export interface Settlement {
  fee: bigint;
  payout: Payout;
  transactionHash: Hash;
  blockNumber: bigint;
  paid: readonly { to: Address; amount: bigint }[];
}

/** The settlement of a request, if there is one. */
export async function settlementOf(
  client: ChainClient,
  { market }: At,
  requestId: bigint,
): Promise<Settlement | undefined> {
  const [event] = await client.public.getContractEvents({
    address: market,
    abi,
    eventName: "InferenceSettled",
    args: { requestId },
    fromBlock: 0n,
    strict: true,
  });
  if (!event) return undefined;
  const { transactionHash, blockNumber } = event;
  const { logs } = await client.public.getTransactionReceipt({ hash: transactionHash });
  const paid = parseEventLogs({ abi: iRewardSplitterAbi, logs, eventName: "Paid" })
    .filter((log) => log.args.payer.toLowerCase() === market.toLowerCase())
    .map(({ args }) => ({ to: args.to.toLowerCase() as Address, amount: args.amount }));
  return { fee: event.args.fee, payout: event.args.payout, transactionHash, blockNumber, paid };
}

/** Records and paths of the listed rows. */
function evidence(claim: Claim, index: AttributionIndex): [Hex[], Hash[][]] {
  return [
    claim.rows.map(({ rowId }) => toHex(encodeRecord(index.records[rowId]!))),
    claim.rows.map(({ rowId }) => index.tree.path(rowId)),
  ];
}
