import type { L1ChainConfig, RollupConfig } from "../types/rollup.ts";
import { BLOB_SCHEDULE, MIN_BLOB_BASE_FEE } from "./chain-spec.ts";

const CANCUN_FRACTION = BigInt(BLOB_SCHEDULE.cancun.baseFeeUpdateFraction);

/** EIP-4844 `fake_exponential`: factor * e^(numerator / denominator) in integers. */
export function fakeExponential(factor: bigint, numerator: bigint, denominator: bigint): bigint {
  let output = 0n;
  let term = factor * denominator;
  for (let i = 1n; term > 0n; i++) {
    output += term;
    term = (term * numerator) / (denominator * i);
  }
  return output / denominator;
}

/** What the fee rule needs of an L1 block. */
export interface BlobFeeSource {
  timestamp: bigint;
  excessBlobGas: bigint | undefined;
}

/** L1's blob base fee in wei as the L1 attributes carry it; 1 where L1 has none. */
export function l1BlobBaseFee(block: BlobFeeSource, l1: L1ChainConfig, rollup: RollupConfig): bigint {
  if (block.excessBlobGas === undefined) return MIN_BLOB_BASE_FEE;
  const fix = rollup.pectraBlobScheduleTime;
  if (fix !== undefined && block.timestamp < fix) {
    return fakeExponential(MIN_BLOB_BASE_FEE, block.excessBlobGas, CANCUN_FRACTION);
  }
  const entry = l1.blobSchedule.findLast((item) => block.timestamp >= item.time);
  if (entry === undefined) return MIN_BLOB_BASE_FEE;
  return fakeExponential(MIN_BLOB_BASE_FEE, block.excessBlobGas, entry.baseFeeUpdateFraction);
}
