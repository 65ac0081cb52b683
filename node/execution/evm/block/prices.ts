import { minBigInt } from "../../../base/bigint.ts";
import type { SignedTx } from "./machine.ts";

/** Wei per gas. */
export interface Prices {
  /** What the sender pays at most. */
  feeCap: bigint;
  tipCap: bigint;
  /** What it pays in this block. */
  effective: bigint;
}

/** A transaction's prices in a block with this base fee. Source: EIP-1559. */
export function prices(transaction: SignedTx, baseFee: bigint): Prices {
  const { maxFeePerGas: feeCap, maxPriorityFeePerGas: tipCap } = transaction;
  return { feeCap, tipCap, effective: baseFee + minBigInt(tipCap, feeCap - baseFee) };
}
