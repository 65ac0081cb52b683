import { maxBigInt, minBigInt } from "../../base/bigint.ts";
import { isCodedError } from "../../base/errors.ts";
import { rollupError } from "../errors.ts";
import { parseQuantity } from "./format.ts";
import type { L1Rpc } from "./rpc.ts";

/** Wei in a gwei. */
export const GWEI = 1_000_000_000n;

/** What an L1 transaction offers, in wei for a gas. */
export interface L1Fees {
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
  /** Of a blob transaction, for a blob gas. */
  maxFeePerBlobGas: bigint;
}

/** How much may be offered. */
export interface L1FeeLimits {
  /** A transaction that waits is never raised above this many times what L1 suggests. Source: op-service `FeeLimitMultiplier`. */
  multiple: bigint;
  /** Wei for a gas; while L1's base fee is above it, nothing is sent. */
  maxBaseFee: bigint;
  /** Wei for a gas; a tip above it is cut. */
  maxTip: bigint;
  /** Wei for a blob gas; while L1's blob base fee is above it, no blobs are sent. */
  maxBlobBaseFee: bigint;
}

export const DEFAULT_FEE_LIMITS: L1FeeLimits = {
  multiple: 5n,
  maxBaseFee: 1_000n * GWEI,
  maxTip: 100n * GWEI,
  maxBlobBaseFee: 1_000n * GWEI,
};

/** What L1 asks at one moment, in wei. */
export interface L1Prices {
  baseFee: bigint;
  tip: bigint;
  /** Undefined where L1 doesn't say, or wasn't asked. */
  blobBaseFee: bigint | undefined;
}

/** Least tip, where L1 suggests less or nothing. Source: op-service `MinTipCap`. */
const MIN_TIP = GWEI;
/** Blob base fees rise by up to an eighth a block; a fee below this would be out of date at once. Source: op-service. */
const MIN_BLOB_FEE = GWEI;

/** Asks L1 for its prices. Errors: those of the calls. */
export async function readPrices(rpc: L1Rpc, withBlobs: boolean): Promise<L1Prices> {
  const [block, tip, blobBaseFee] = await Promise.all([
    rpc("eth_getBlockByNumber", ["latest", false]) as Promise<{ baseFeePerGas?: unknown } | null>,
    optional(rpc, "eth_maxPriorityFeePerGas"),
    withBlobs ? optional(rpc, "eth_blobBaseFee") : undefined,
  ]);
  const baseFee = parseQuantity("eth_getBlockByNumber", block?.baseFeePerGas);
  return { baseFee, tip: maxBigInt(tip ?? 0n, MIN_TIP), blobBaseFee };
}

async function optional(rpc: L1Rpc, method: string): Promise<bigint | undefined> {
  try {
    return parseQuantity(method, await rpc(method, []));
  } catch (error) {
    if (!isCodedError(error, "L1_RPC_ERROR")) throw error;
    return undefined;
  }
}

/**
 * What a new transaction offers: twice the base fee, so that it stays valid through six full blocks, within the limits.
 * @throws CodedError `L1_FEES_TOO_HIGH` (temporary) while L1 is dearer than the limits.
 */
export function firstFees(prices: L1Prices, limits: L1FeeLimits, withBlobs: boolean): L1Fees {
  const tip = minBigInt(prices.tip, limits.maxTip);
  const blobBaseFee = prices.blobBaseFee ?? 0n;
  if (prices.baseFee > limits.maxBaseFee) throw tooHigh("base fee", prices.baseFee, limits.maxBaseFee);
  if (withBlobs && blobBaseFee > limits.maxBlobBaseFee)
    throw tooHigh("blob base fee", blobBaseFee, limits.maxBlobBaseFee);
  return {
    maxPriorityFeePerGas: tip,
    maxFeePerGas: minBigInt(prices.baseFee * 2n, limits.maxBaseFee) + tip,
    maxFeePerBlobGas: minBigInt(maxBigInt(blobBaseFee * 2n, MIN_BLOB_FEE), limits.maxBlobBaseFee),
  };
}

/**
 * What a waiting transaction offers next: a quarter more, twice as much with blobs (L1 nodes take no replacement for less than
 * a tenth more, or double with blobs). Undefined when that is beyond the limits. Source: op-service `checkLimits`.
 */
export function raisedFees(
  before: L1Fees,
  prices: L1Prices,
  limits: L1FeeLimits,
  withBlobs: boolean,
): L1Fees | undefined {
  const raised = (fee: bigint) => (withBlobs ? fee * 2n : (fee * 5n) / 4n + 1n);
  const { multiple, maxBaseFee, maxTip, maxBlobBaseFee } = limits;
  const blobBaseFee = prices.blobBaseFee ?? 0n;
  const fees: L1Fees = {
    maxPriorityFeePerGas: maxBigInt(raised(before.maxPriorityFeePerGas), minBigInt(prices.tip, maxTip)),
    maxFeePerGas: raised(before.maxFeePerGas),
    maxFeePerBlobGas: withBlobs
      ? maxBigInt(raised(before.maxFeePerBlobGas), minBigInt(blobBaseFee * 2n, maxBlobBaseFee))
      : before.maxFeePerBlobGas,
  };
  const wanted = minBigInt(prices.baseFee * 2n, maxBaseFee) + fees.maxPriorityFeePerGas;
  fees.maxFeePerGas = maxBigInt(fees.maxFeePerGas, wanted);
  const tipLimit = minBigInt(prices.tip * multiple, maxTip);
  const feeLimit = minBigInt(prices.baseFee * multiple * 2n, maxBaseFee) + tipLimit;
  const blobLimit = minBigInt(maxBigInt(blobBaseFee * 2n, MIN_BLOB_FEE) * multiple, maxBlobBaseFee);
  const isWithin =
    fees.maxPriorityFeePerGas <= tipLimit &&
    fees.maxFeePerGas <= feeLimit &&
    (!withBlobs || fees.maxFeePerBlobGas <= blobLimit);
  return isWithin ? fees : undefined;
}

function tooHigh(name: string, found: bigint, limit: bigint) {
  return rollupError("L1_FEES_TOO_HIGH", {
    message: `L1's ${name} is ${gwei(found)} gwei, above the limit of ${gwei(limit)}: nothing is sent until it falls.`,
    fix: "Wait, or raise the limit in the node's settings.",
    facts: { name, found, limit },
  });
}

function gwei(wei: bigint): string {
  return (wei / GWEI).toString();
}
