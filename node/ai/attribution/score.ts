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

/** Scores of all rows of an index for one query, wherever they lie. */
export interface RowScores {
  /** Of these rows, in their order. */
  of(rowIds: readonly number[]): ScoredRow[];
  /** The best of the rows that take part and score above 0, `except` left out: by score, ties the lower row. */
  best(limit: number, except?: readonly number[]): Promise<ScoredRow[]>;
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

/** Scores that lie in memory, in any order. */
export function scoresInMemory(
  scores: readonly ScoredRow[],
  headOf: (rowId: number) => Pick<ListedHead, "first">,
): RowScores {
  const known = new Map(scores.map(({ rowId, score }) => [rowId, score]));
  return {
    of: (rowIds) => rowIds.map((rowId) => ({ rowId, score: known.get(rowId) })),
    async best(limit, except = []) {
      const aside = new Set(except);
      const counted = scores.flatMap(({ rowId, score = 0n }) =>
        score > 0n && headOf(rowId).first === rowId && !aside.has(rowId) ? [{ rowId, key: score }] : [],
      );
      counted.sort(compareKeys);
      return counted.slice(0, limit).map(({ rowId, key }) => ({ rowId, score: key }));
    },
  };
}

/** What decides how long a list is and what it pays. */
export type ListTerms = Pick<IndexCommitment, "floor" | "topK" | "rows">;

/** A row with what the list needs of it: gain in sixteenths, and the key that follows. */
interface KeyedRow {
  rowId: number;
  score: bigint;
  gain: number;
  key: bigint;
}

/**
 * The list that is true of these scores: rows that take part, by key, with floor and weights. Gains are full: the index
 * commits no spans.
 * @param scores of all rows, or of the best, in any order.
 * @param headOf contribution and `first` of a row.
 */
export function trueList(
  commitment: ListTerms,
  scores: readonly ScoredRow[],
  headOf: (rowId: number) => ListedHead,
): InfluenceList {
  return listByGain(commitment, scores, headOf, (_, score) => (score > 0n ? FULL_GAIN : 0));
}

/** The list that is true of the scores of all rows; gains are full. */
export async function bestList(
  terms: ListTerms,
  scores: RowScores,
  headOf: (rowId: number) => ListedHead,
): Promise<InfluenceList> {
  return trueList(terms, await scores.best(terms.topK), headOf);
}

/**
 * The same where the spans that a row holds decide what counts of its score (fusion/rule.ts).
 * @param gainOf sixteenths of the score that count, 0 to 16; a score that is not above 0 counts as 1.
 */
export function listByGain(
  terms: ListTerms,
  scores: readonly ScoredRow[],
  headOf: (rowId: number) => ListedHead,
  gainOf: (rowId: number, score: bigint) => number,
): InfluenceList {
  const keyed: KeyedRow[] = [];
  for (const { rowId, score } of scores) {
    if (score === undefined || headOf(rowId).first !== rowId) continue;
    const gain = gainOf(rowId, score);
    const key = keyOf(score, gain, true);
    if (key > 0n) keyed.push({ rowId, score, gain, key });
  }
  keyed.sort(compareKeys);
  const listed = keyed.slice(0, Math.min(terms.topK, terms.rows));
  return listOfKeyed(terms, listed, (rowId) => headOf(rowId).contributionId);
}

/** The list of these rows in this order, with floor and weights by the rule; whether it is true is another question. */
export function listOfRows(
  commitment: Pick<IndexCommitment, "floor">,
  rows: readonly { rowId: number; score: bigint }[],
  contributionOf: (rowId: number) => bigint,
): InfluenceList {
  const keyed = rows.map(({ rowId, score }) => ({
    ...{ rowId, score },
    gain: FULL_GAIN,
    key: keyOf(score, FULL_GAIN, false),
  }));
  return listOfKeyed(commitment, keyed, contributionOf);
}

function listOfKeyed(
  terms: Pick<IndexCommitment, "floor">,
  rows: readonly KeyedRow[],
  contributionOf: (rowId: number) => bigint,
): InfluenceList {
  const floor = floorOf(terms.floor, rows[0]?.key ?? 0n);
  const weights = sumWeights(
    rows.map(({ rowId, key }) => ({ contributionId: contributionOf(rowId), key })),
    floor,
  );
  return {
    rowIds: rows.map(({ rowId }) => rowId),
    scores: rows.map(({ score }) => score),
    gains: rows.map(({ gain }) => gain),
    floor,
    contributionIds: weights.map(({ contributionId }) => contributionId),
    weights: weights.map(({ weight }) => weight),
  };
}
