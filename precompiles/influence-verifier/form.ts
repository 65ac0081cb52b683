import { revertWith } from "../revert.ts";
import {
  compareKeys,
  FULL_GAIN,
  floorOf,
  keyOf,
  MAX_DIMENSION,
  MAX_TOP_K,
  SCORE_LIMIT,
  WEIGHT_LIMIT,
} from "./rule.ts";
import { hasSpans, type IndexCommitment, type InfluenceList } from "./types.ts";

const invalidIndex = revertWith("InvalidIndex(uint256)");
const queryLength = revertWith("QueryLength(uint256,uint256)");
const queryValue = revertWith("QueryValue(uint256)");
const listLength = revertWith("ListLength(uint256,uint256)");
const listTooLong = revertWith("ListTooLong(uint256,uint256)");
const rowIdRange = revertWith("RowIdRange(uint256,uint32)");
const scoreRange = revertWith("ScoreRange(uint256,int64)");
const gainRange = revertWith("GainRange(uint256,uint8)");
const keyZero = revertWith("KeyZero(uint256)");
const orderViolation = revertWith("OrderViolation(uint256)");
const duplicateRow = revertWith("DuplicateRow(uint256)");
const floorMismatch = revertWith("FloorMismatch(uint64,uint64)");
const weightListLength = revertWith("WeightListLength(uint256,uint256)");
const weightRange = revertWith("WeightRange(uint256)");

/** @throws PrecompileRevert InvalidIndex(field's position in the struct). */
export function checkIndex(index: IndexCommitment): void {
  if (index.rows === 0) throw invalidIndex(1);
  if (index.dimension === 0 || index.dimension > MAX_DIMENSION) throw invalidIndex(2);
  if (index.topK === 0 || index.topK > MAX_TOP_K) throw invalidIndex(5);
}

/** @throws PrecompileRevert QueryLength, QueryValue. */
export function checkQuery(index: IndexCommitment, query: Uint8Array): void {
  const expected = 1 + 2 * index.dimension;
  if (query.length !== expected) throw queryLength(query.length, expected);
  for (let i = 0; i < index.dimension; i++) {
    if (query[1 + 2 * i] === 0x80 && query[2 + 2 * i] === 0) throw queryValue(i);
  }
}

/** @throws PrecompileRevert ListLength unless a list has the length that it must have. */
export function checkLength(length: number, expected: number): void {
  if (length !== expected) throw listLength(length, expected);
}

/**
 * Form of a list: lengths, rows, scores, gains, order, floor, weights.
 * @returns the key of each row
 * @throws PrecompileRevert by the first thing that is wrong
 */
export function checkList(index: IndexCommitment, list: InfluenceList): bigint[] {
  const { rowIds, scores, gains, contributionIds, weights } = list;
  const count = rowIds.length;
  const most = Math.min(index.topK, index.rows);
  if (count > most) throw listTooLong(count, most);
  checkLength(scores.length, count);
  checkLength(gains.length, count);
  const keys = checkRows(index, list);
  const floor = floorOf(index.floor, keys[0] ?? 0n);
  if (list.floor !== floor) throw floorMismatch(list.floor, floor);
  if (contributionIds.length > count) throw weightListLength(contributionIds.length, count);
  if (weights.length !== contributionIds.length)
    throw weightListLength(weights.length, contributionIds.length);
  weights.forEach((weight, i) => {
    if (weight === 0n || weight >= WEIGHT_LIMIT) throw weightRange(i);
  });
  return keys;
}

function checkRows(index: IndexCommitment, { rowIds, scores, gains }: InfluenceList): bigint[] {
  const spans = hasSpans(index);
  const keys: bigint[] = [];
  rowIds.forEach((rowId, i) => {
    const [score, gain] = [scores[i]!, gains[i]!];
    if (rowId >= index.rows) throw rowIdRange(i, rowId);
    if (score <= -SCORE_LIMIT || score >= SCORE_LIMIT) throw scoreRange(i, score);
    if (gain > FULL_GAIN || (!spans && gain !== FULL_GAIN)) throw gainRange(i, gain);
    const key = keyOf(score, gain, spans);
    if (key === 0n) throw keyZero(i);
    const before = i > 0 ? { key: keys[i - 1]!, rowId: rowIds[i - 1]! } : undefined;
    if (before !== undefined && compareKeys(before, { key, rowId }) > 0) throw orderViolation(i);
    if (rowIds.indexOf(rowId) < i) throw duplicateRow(i);
    keys.push(key);
  });
  return keys;
}
