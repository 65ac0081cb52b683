import { revertWith } from "../revert.ts";
import type { IndexCommitment, InfluenceClaim } from "./types.ts";

export const MAX_TOP_K = 16;
export const MAX_DIMENSION = 4096;
/** K scores of at most 2^63 - 1 sum to less: a claimed weight of this or more is no sum of scores. */
export const WEIGHT_LIMIT = 1n << 67n;

const invalidIndex = revertWith("InvalidIndex(uint256)");
const queryLength = revertWith("QueryLength(uint256,uint256)");
const queryValue = revertWith("QueryValue(uint256)");
const rowIdRange = revertWith("RowIdRange(uint256,uint32)");
const orderViolation = revertWith("OrderViolation(uint256)");
const duplicateRow = revertWith("DuplicateRow(uint256)");
const weightListLength = revertWith("WeightListLength(uint256,uint256)");
const weightRange = revertWith("WeightRange(uint256)");
const listLength = revertWith("ListLength(uint256,uint256)");

/** @throws PrecompileRevert InvalidIndex(field's position in the struct). */
export function checkIndex(index: IndexCommitment): void {
  if (index.rows === 0) throw invalidIndex(1);
  if (index.dimension === 0 || index.dimension > MAX_DIMENSION) throw invalidIndex(2);
  if (index.groups !== 1) throw invalidIndex(3);
  if (index.topK === 0 || index.topK > MAX_TOP_K) throw invalidIndex(6);
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

/** Form of a claim's lists: lengths, row ids, order, weights. @throws PrecompileRevert by the first thing that is wrong. */
export function checkList(index: IndexCommitment, claim: InfluenceClaim): void {
  const { rowIds, scores, contributors, weights } = claim;
  const expected = Math.min(index.topK, index.rows);
  checkLength(rowIds.length, expected);
  checkLength(scores.length, expected);
  for (let i = 0; i < expected; i++) {
    const rowId = rowIds[i]!;
    if (rowId >= index.rows) throw rowIdRange(i, rowId);
    if (i > 0) {
      const [before, score] = [scores[i - 1]!, scores[i]!];
      if (before < score || (before === score && rowIds[i - 1]! > rowId)) throw orderViolation(i);
    }
    if (rowIds.indexOf(rowId) < i) throw duplicateRow(i);
  }
  if (contributors.length > expected) throw weightListLength(contributors.length, expected);
  if (weights.length !== contributors.length) throw weightListLength(weights.length, contributors.length);
  weights.forEach((weight, i) => {
    if (weight === 0n || weight >= WEIGHT_LIMIT) throw weightRange(i);
  });
}
