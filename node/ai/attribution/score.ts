import type { Address, Hash } from "../../chain/types/primitives.ts";
import { aiError } from "../errors.ts";
import type { IndexRecord, QuerySketch } from "./record.ts";

/** What a model commits of its index before it answers anything: the contracts' struct of the same name. */
export interface IndexCommitment {
  /** Merkle root over the records in row order. */
  root: Hash;
  rows: number;
  /** k, values in a sketch. */
  dimension: number;
  /** Scale groups of a sketch; 1 is the only form so far. */
  groups: number;
  /** Exponent of a score's unit. */
  e0: number;
  /** A row weighs max(0, score - floor). */
  floor: bigint;
  /** K, rows that a claim lists: 1 to 16. */
  topK: number;
}

export interface ScoredRow {
  rowId: number;
  score: bigint;
}

export interface ContributorWeight {
  contributor: Address;
  weight: bigint;
}

/** Largest shift that turns a dot product into a score. */
const MAX_SHIFT = 24;

/**
 * Exact score: dot << (query exponent + row exponent - e0).
 * @throws CodedError `SCORE_SHIFT` for a shift outside 0…24, `SCORE_DIMENSION` for sketches of different lengths.
 */
export function scoreOf(
  query: QuerySketch,
  row: Pick<IndexRecord, "exponent" | "values">,
  e0: number,
): bigint {
  if (query.values.length !== row.values.length) {
    throw aiError("SCORE_DIMENSION", {
      message: `a query of ${query.values.length} values cannot be scored against a row of ${row.values.length}`,
    });
  }
  // Every partial sum stays below 2^53: |dot| <= 127 · 32767 · k.
  let dot = 0;
  for (let i = 0; i < row.values.length; i++) dot += query.values[i]! * row.values[i]!;
  return shiftedScore(BigInt(dot), query.exponent, row.exponent, e0);
}

/** A dot product as a score. @throws CodedError `SCORE_SHIFT`. */
export function shiftedScore(dot: bigint, queryExponent: number, rowExponent: number, e0: number): bigint {
  const shift = queryExponent + rowExponent - e0;
  if (shift < 0 || shift > MAX_SHIFT) {
    throw aiError("SCORE_SHIFT", {
      message: `the sketches' exponents ask for a shift of ${shift}, outside 0…${MAX_SHIFT}`,
      facts: { shift, queryExponent, rowExponent, e0 },
    });
  }
  return dot << BigInt(shift);
}

/** The min(K, rows) best rows: score descending, ties lower row id first. */
export function topRows(scores: readonly ScoredRow[], topK: number): ScoredRow[] {
  const sorted = [...scores].sort((a, b) =>
    a.score === b.score ? a.rowId - b.rowId : a.score > b.score ? -1 : 1,
  );
  return sorted.slice(0, topK);
}

/**
 * Contributors' weights from the listed rows: sums of max(0, score - floor), in the order of each one's first earning
 * row; who earns nothing is left out.
 */
export function weightsOf(
  listed: readonly ScoredRow[],
  contributorOf: (rowId: number) => Address,
  floor: bigint,
): ContributorWeight[] {
  const weights = new Map<Address, bigint>();
  for (const { rowId, score } of listed) {
    if (score <= floor) continue;
    const contributor = contributorOf(rowId);
    weights.set(contributor, (weights.get(contributor) ?? 0n) + score - floor);
  }
  return [...weights].map(([contributor, weight]) => ({ contributor, weight }));
}

/**
 * Divides `amount` by weights without losing or making a unit: floors first, then one unit each to the largest
 * remainders, ties to the lower index (the rule of the RewardSplitter precompile).
 * @throws CodedError `SPLIT_NO_WEIGHT` when the weights sum to 0.
 */
export function splitByWeights(amount: bigint, weights: readonly bigint[]): bigint[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  if (total === 0n) throw aiError("SPLIT_NO_WEIGHT", { message: "the weights sum to 0" });
  const parts = weights.map((weight) => (amount * weight) / total);
  const rests = weights.map((weight, index) => ({ index, rest: (amount * weight) % total }));
  rests.sort((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest > b.rest ? -1 : 1));
  const left = Number(amount - parts.reduce((sum, part) => sum + part, 0n));
  for (const { index } of rests.slice(0, left)) parts[index] = parts[index]! + 1n;
  return parts;
}
