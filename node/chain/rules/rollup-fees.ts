import type { RollupConfig } from "../types/rollup.ts";
import type { SignedTransaction } from "../types/transaction.ts";
import { DA_SIZE_ESTIMATE, l1CostSignatureBytes, FEE_SCALE as SCALE } from "./chain-spec.ts";
import { isActive } from "./forks.ts";

/** The values of L1Block that the fee rules read, after the block's L1 attributes transaction. */
export interface FeeContext {
  /** Wei. */
  baseFee: bigint;
  blobBaseFee: bigint;
  baseFeeScalar: bigint;
  blobBaseFeeScalar: bigint;
  /** Bedrock. */
  overhead: bigint;
  scalar: bigint;
  operatorFeeScalar: bigint;
  operatorFeeConstant: bigint;
}

function countBytes(data: Uint8Array): { zero: bigint; other: bigint } {
  let zero = 0;
  for (const byte of data) if (byte === 0) zero++;
  return { zero: BigInt(zero), other: BigInt(data.length - zero) };
}

/** Fjord's estimate of a transaction's compressed size in bytes, scaled by 10^6, from its envelope's FastLZ length. */
export function daSizeEstimate(fastLzBytes: number): bigint {
  const { intercept, slope, least } = DA_SIZE_ESTIMATE;
  const estimate = intercept + slope * BigInt(fastLzBytes);
  return estimate < least ? least : estimate;
}

/** What a transaction's data costs depends on. */
export type DaSubject = Pick<SignedTransaction, "raw" | "daSize">;

export interface L1Cost {
  /** Wei. */
  fee: bigint;
  /** `l1GasUsed` of the receipt. */
  gasUsed: bigint;
}

/** L1 data fee of a signed transaction in a block at `time`. Source: op-geth `rollup_cost.go`. */
export function l1Cost(
  config: RollupConfig,
  time: bigint,
  context: FeeContext,
  transaction: DaSubject,
): L1Cost {
  if (!isActive(config, "ecotone", time) || isUnset(context))
    return bedrockL1Cost(config, time, context, transaction);
  const feeScaled =
    16n * context.baseFee * context.baseFeeScalar + context.blobBaseFee * context.blobBaseFeeScalar;
  if (isActive(config, "fjord", time)) {
    const size = transaction.daSize;
    return { fee: (size * feeScaled) / (SCALE * SCALE), gasUsed: (size * 16n) / SCALE };
  }
  const gas = calldataGas(config, time, transaction);
  return { fee: (gas * feeScaled) / (16n * SCALE), gasUsed: gas };
}

function isUnset({ blobBaseFee, baseFeeScalar, blobBaseFeeScalar }: FeeContext): boolean {
  return blobBaseFee === 0n && baseFeeScalar === 0n && blobBaseFeeScalar === 0n;
}

/** Whether {@link l1Cost} is the same for all transactions of one compressed size: from Fjord on, but for parameters that are not set. */
export function isL1CostBySize(config: RollupConfig, time: bigint, context: FeeContext): boolean {
  return isActive(config, "fjord", time) && !isUnset(context);
}

/** The formula before Ecotone, and in its first block, whose parameters are not set yet: also where Fjord comes with it. */
function bedrockL1Cost(
  config: RollupConfig,
  time: bigint,
  { overhead, baseFee, scalar }: FeeContext,
  transaction: DaSubject,
): L1Cost {
  const gasUsed = calldataGas(config, time, transaction) + overhead;
  return { fee: (gasUsed * baseFee * scalar) / SCALE, gasUsed };
}

function calldataGas(config: RollupConfig, time: bigint, { raw }: DaSubject): bigint {
  const { zero, other } = countBytes(raw);
  return 4n * zero + 16n * (other + l1CostSignatureBytes(config, time));
}

/** Operator fee in wei for `gas`; 0 before Isthmus. */
export function operatorFee(config: RollupConfig, time: bigint, context: FeeContext, gas: bigint): bigint {
  if (!isActive(config, "isthmus", time)) return 0n;
  const { operatorFeeScalar: scalar, operatorFeeConstant: constant } = context;
  if (isActive(config, "jovian", time)) return gas * scalar * 100n + constant;
  return (gas * scalar) / SCALE + constant;
}

/** DA footprint of a signed transaction in gas, Jovian on. */
export function daFootprint({ daSize }: Pick<DaSubject, "daSize">, gasScalar: bigint): bigint {
  return (daSize / SCALE) * gasScalar;
}
