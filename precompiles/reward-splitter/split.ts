import { revertWith } from "../revert.ts";

export const MAX_PARTS = 256;

const listLength = revertWith("ListLength(uint256,uint256)");
const zeroTotal = revertWith("ZeroTotal()");
const totalOverflow = revertWith("TotalOverflow()");

/**
 * Divides `amount` by `weights` without loss: floors first, then one unit each to the largest remainders, ties to the lower
 * index. The parts sum to `amount`; a part of weight 0 is 0. Products take 512 bits.
 * @throws PrecompileRevert ListLength, ZeroTotal, TotalOverflow
 */
export function split(amount: bigint, weights: readonly bigint[]): bigint[] {
  if (weights.length === 0 || weights.length > MAX_PARTS) throw listLength(weights.length, MAX_PARTS);
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  if (total === 0n) throw zeroTotal();
  if (total >> 256n !== 0n) throw totalOverflow();
  const parts = weights.map((weight) => (amount * weight) / total);
  const remainders = weights.map((weight, i) => ({ i, rest: (amount * weight) % total }));
  remainders.sort((a, b) => (a.rest === b.rest ? a.i - b.i : a.rest > b.rest ? -1 : 1));
  const left = Number(amount - parts.reduce((sum, part) => sum + part, 0n));
  for (const { i } of remainders.slice(0, left)) parts[i]! += 1n;
  return parts;
}
