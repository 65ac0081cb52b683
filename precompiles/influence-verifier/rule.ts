/**
 * The rule of scores, list and weights, in integers: the precompile, the node and a browser share it. It needs nothing but the
 * language.
 */

export const MAX_TOP_K = 16;
export const MAX_DIMENSION = 4096;
/** Largest shift that turns a dot product into a score. */
export const MAX_SHIFT = 24;
/** A score's size is below this: 4096 products of at most 127 * 32767, shifted by at most 24. */
export const SCORE_LIMIT = 1n << 58n;
/** What a row counts of its score, in sixteenths; all of it where the model commits no spans. */
export const FULL_GAIN = 16;
/** K keys below 2^62 sum to less: a weight of this or more is no sum of keys. */
export const WEIGHT_LIMIT = 1n << 66n;
/** The floor is at least the best key's eighth. */
const FLOOR_SHIFT = 3n;
/** In place of the row that a record repeats: the row takes no part (its text was withdrawn, or it is no example). */
export const SKIPPED = 0xffffffff;

/** Bytes of a record before its sketch: rowId u32, contributionId u64, row u32, first u32, exponent i8. */
export const RECORD_HEAD = 21;
export const EXPONENT_AT = 20;

/** What stands before a record's sketch. */
export interface RecordHead {
  /** Position in the index, from 0. */
  rowId: number;
  contributionId: bigint;
  /** Position in the contribution's document, from 0. */
  row: number;
  /** Its own rowId, or the earlier row that it repeats, or {@link SKIPPED}. */
  first: number;
  /** i8: a coordinate is value * 2^exponent. */
  exponent: number;
}

/** A row of a claim's list. */
export interface ListedRow {
  rowId: number;
  score: bigint;
  /** 0 to 16. */
  gain: number;
}

/** One contribution's weight. */
export interface ContributionWeight {
  contributionId: bigint;
  weight: bigint;
}

/** Bytes of a record with a sketch of `dimension` values. */
export function recordSize(dimension: number): number {
  return RECORD_HEAD + dimension;
}

/** Reads the head of a record of at least {@link RECORD_HEAD} bytes. */
export function readRecordHead(record: Uint8Array): RecordHead {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  return {
    rowId: view.getUint32(0),
    contributionId: view.getBigUint64(4),
    row: view.getUint32(12),
    first: view.getUint32(16),
    exponent: view.getInt8(EXPONENT_AT),
  };
}

/** Hashes on a record's path: ceil(log2(rows)). */
export function treeDepth(rows: number): number {
  return rows <= 1 ? 0 : 32 - Math.clz32(rows - 1);
}

/** Sum of products; exact, since 4096 * 127 * 32767 is below 2^53. */
export function dotProduct(query: ArrayLike<number>, values: ArrayLike<number>): number {
  let dot = 0;
  for (let i = 0; i < values.length; i++) dot += query[i]! * values[i]!;
  return dot;
}

/** The shift that turns a dot product into a score; outside 0 to {@link MAX_SHIFT} the row has no score for the query. */
export function scoreShift(queryExponent: number, recordExponent: number, e0: number): number {
  return queryExponent + recordExponent - e0;
}

/** The key F by which rows are listed and weighed; 0 earns nothing and is never listed. */
export function keyOf(score: bigint, gain: number, hasSpans: boolean): bigint {
  if (score > 0n) return score * BigInt(gain);
  // With spans, a row that holds a span counts as score 1.
  return hasSpans ? BigInt(gain) : 0n;
}

/** Key descending, ties lower row id first: below 0 if `a` comes first. */
export function compareKeys(a: { key: bigint; rowId: number }, b: { key: bigint; rowId: number }): number {
  if (a.key === b.key) return a.rowId - b.rowId;
  return a.key > b.key ? -1 : 1;
}

/** The key that earns nothing: the index's floor, or an eighth of the best key if that is more. */
export function floorOf(indexFloor: bigint, bestKey: bigint): bigint {
  const part = bestKey >> FLOOR_SHIFT;
  return part > indexFloor ? part : indexFloor;
}

/**
 * Weights of the contributions: sums of max(0, key - floor) over their listed rows, in the order of first earning row; what
 * earns nothing is left out. Per row, never max(0, sum): moving rows to another contribution changes nothing.
 */
export function sumWeights(
  rows: readonly { contributionId: bigint; key: bigint }[],
  floor: bigint,
): ContributionWeight[] {
  const sums = new Map<bigint, bigint>();
  for (const { contributionId, key } of rows) {
    if (key > floor) sums.set(contributionId, (sums.get(contributionId) ?? 0n) + key - floor);
  }
  return [...sums].map(([contributionId, weight]) => ({ contributionId, weight }));
}
