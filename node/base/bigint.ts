/** Largest unsigned numbers of 64 and 256 bits. */
export const MAX_UINT64 = (1n << 64n) - 1n;
export const MAX_UINT256 = (1n << 256n) - 1n;

/** The smaller of two; `Math.min` does not take bigints. */
export function minBigInt(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

/** The larger of two. */
export function maxBigInt(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}
