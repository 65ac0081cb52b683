import { type PostedClaim, postedClaims } from "../../ai/client/claims.ts";
import { getRequest, type MarketRequest, type Settlement, settlementOf } from "../../ai/client/market.ts";
import { parseReceipt, type Receipt, type ReceiptJson, withSettlement } from "../../ai/receipt/receipt.ts";
import { isCodedError } from "../../base/errors.ts";
import { hostStakesAbi, inferenceMarketAbi } from "../../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import type { Protocol } from "./connection.tsx";

/** Blocks of one step backwards. */
const STEP = 5_000n;

/** The newest claims, newest first; looks back as far as it takes to find `limit`. */
export async function recentClaims({ client, at }: Protocol, limit: number): Promise<PostedClaim[]> {
  const found: PostedClaim[] = [];
  let to = await client.public.getBlockNumber();
  while (to >= 0n && found.length < limit) {
    const from = to >= STEP ? to - STEP + 1n : 0n;
    const part = await postedClaims(client, at, { from, to });
    found.push(...part.reverse());
    to = from - 1n;
  }
  return found.slice(0, limit);
}

/** Why a receipt can't be shown. */
export type Hidden = "private" | "elsewhere";

/**
 * The receipt of a request from this node; without a signature only a published one.
 * @returns why not, where this node gives none.
 */
export async function findReceipt(
  { client }: Protocol,
  requestId: bigint,
  signature?: Hex,
): Promise<Receipt | Hidden> {
  const params = [requestId.toString(), ...(signature === undefined ? [] : [signature])];
  try {
    return parseReceipt(await client.rpc<ReceiptJson>("openledger_getReceipt", params));
  } catch (error) {
    if (isCodedError(error, "RECEIPT_PRIVATE")) return "private";
    const isElsewhere = ["RECEIPT_UNKNOWN", "HOST_ABSENT", "HOST_STARTING", "AI_WORKER_UNREACHABLE"].some(
      (code) => isCodedError(error, code),
    );
    if (isElsewhere) return "elsewhere";
    throw error;
  }
}

/** All that the chain says of one request. */
export interface RequestStory {
  request: MarketRequest;
  requested: { transactionHash: Hash; blockNumber: bigint } | undefined;
  claim: PostedClaim | undefined;
  settlement: Settlement | undefined;
  refuted: { transactionHash: Hash; challenger: Address } | undefined;
}

/** Everything that happened to a request. @throws CodedError `REQUEST_UNKNOWN`. */
export async function requestStory({ client, at }: Protocol, requestId: bigint): Promise<RequestStory> {
  const request = await getRequest(client, at, requestId);
  const place = {
    address: at.market,
    abi: inferenceMarketAbi,
    args: { requestId },
    fromBlock: 0n,
    strict: true,
  } as const;
  const [requested, claims, settlement, refuted] = await Promise.all([
    client.public.getContractEvents({ ...place, eventName: "InferenceRequested" }),
    postedClaims(client, at, { from: 0n, to: await client.public.getBlockNumber(), requestId }),
    settlementOf(client, at, requestId),
    client.public.getContractEvents({ ...place, eventName: "InferenceRefuted" }),
  ]);
  const [first] = requested;
  const [refutation] = refuted;
  return {
    request,
    requested: first && { transactionHash: first.transactionHash, blockNumber: first.blockNumber },
    claim: claims[0],
    settlement,
    refuted: refutation && {
      transactionHash: refutation.transactionHash,
      challenger: refutation.args.challenger,
    },
  };
}

/** A receipt that was read before its settlement, with the settlement. */
export function withNews(receipt: Receipt, { settlement }: RequestStory): Receipt {
  if (receipt.settlement !== null || settlement === undefined) return receipt;
  return withSettlement(receipt, settlement);
}

/** Hosts that took a model at some time, in order of the first time. */
export async function hostsOfModel({ client, at }: Protocol, modelId: bigint): Promise<Address[]> {
  const events = await client.public.getContractEvents({
    address: at.hosts,
    abi: hostStakesAbi,
    eventName: "ModelTaken",
    args: { modelId },
    fromBlock: 0n,
    strict: true,
  });
  return [...new Set(events.map(({ args }) => args.host.toLowerCase() as Address))];
}
