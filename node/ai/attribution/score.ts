import {
  compareKeys,
  dotProduct,
  FULL_GAIN,
  floorOf,
  keyOf,
  MAX_SHIFT,
  scoreShift,
  sumWeights,
} from "../../../precompiles/influence-verifier/rule.ts";
import type { InfluenceList } from "../../../precompiles/influence-verifier/types.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { aiError } from "../errors.ts";
import type { IndexRecord, QuerySketch } from "./record.ts";

/** What a model commits of its index before it answers anything: the contracts' struct of the same name. */
export interface IndexCommitment {
  /** Merkle root over the records in row order. */
  root: Hash;
  rows: number;
  /** k, values in a sketch. */
  dimension: number;
  /** Exponent of a score's unit. */
  e0: number;
  /** Key that earns nothing. */
  floor: bigint;
  /** K, rows that a claim lists: 1 to 16. */
  topK: number;
  /** Commitment to the span index; zero if the model has none. */
  spans: Hash;
}

export const NO_SPANS: Hash = `0x${"00".repeat(32)}`;

/** A row's score; undefined where it has none: its exponents ask for a shift that the rule refuses, or a value is -128. */
export interface ScoredRow {
  rowId: number;
  score: bigint | undefined;
}

/** What the list needs of a record. */
export type ListedHead = Pick<IndexRecord, "contributionId" | "first">;

/**
 * Exact score: dot << (query exponent + row exponent - e0).
 * @returns undefined where the row has no score for the query, as the InfluenceVerifier says.
 * @throws CodedError `SCORE_DIMENSION` for sketches of different lengths.
 */
export function scoreOf(
  query: QuerySketch,
  row: Pick<IndexRecord, "exponent" | "values">,
  e0: number,
): bigint | undefined {
  if (query.values.length !== row.values.length) {
    throw aiError("SCORE_DIMENSION", {
      message: `a query of ${query.values.length} values cannot be scored against a row of ${row.values.length}`,
    });
  }
  if (row.values.includes(-128)) return undefined;
  return shiftedScore(dotProduct(query.values, row.values), query.exponent, row.exponent, e0);
}

/** A dot product as a score; undefined where the exponents give none. */
export function shiftedScore(
  dot: number | bigint,
  queryExponent: number,
  rowExponent: number,
  e0: number,
): bigint | undefined {
  const shift = scoreShift(queryExponent, rowExponent, e0);
  return shift < 0 || shift > MAX_SHIFT ? undefined : BigInt(dot) << BigInt(shift);
}

/**
 * The list that is true of these scores: rows that take part, by key, with floor and weights. Gains are full: no model commits
 * spans yet.
 * @param scores of all rows, in any order.
 * @param headOf contribution and `first` of a row.
 */
export function trueList(
  commitment: IndexCommitment,
  scores: readonly ScoredRow[],
  headOf: (rowId: number) => ListedHead,
): InfluenceList {
  const keyed: { rowId: number; score: bigint; key: bigint }[] = [];
  for (const { rowId, score } of scores) {
    if (score === undefined || headOf(rowId).first !== rowId) continue;
    const key = keyOf(score, FULL_GAIN, false);
    if (key > 0n) keyed.push({ rowId, score, key });
  }
  keyed.sort(compareKeys);
  return listOfRows(
    commitment,
    keyed.slice(0, Math.min(commitment.topK, commitment.rows)),
    (row) => headOf(row).contributionId,
  );
}

/** The list of these rows in this order, with floor and weights by the rule; whether it is true is another question. */
export function listOfRows(
  commitment: Pick<IndexCommitment, "floor">,
  rows: readonly { rowId: number; score: bigint }[],
  contributionOf: (rowId: number) => bigint,
): InfluenceList {
  const keys = rows.map(({ score }) => keyOf(score, FULL_GAIN, false));
  const floor = floorOf(commitment.floor, keys[0] ?? 0n);
  const weights = sumWeights(
    rows.map(({ rowId }, i) => ({ contributionId: contributionOf(rowId), key: keys[i]! })),
    floor,
  );
  return {
    rowIds: rows.map(({ rowId }) => rowId),
    scores: rows.map(({ score }) => score),
    gains: rows.map(() => FULL_GAIN),
    floor,
    contributionIds: weights.map(({ contributionId }) => contributionId),
    weights: weights.map(({ weight }) => weight),
  };
}
