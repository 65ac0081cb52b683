import { revertWith } from "../revert.ts";
import { openRecords, openValue } from "./opening.ts";
import type { Opening, SpanCommitment } from "./types.ts";

/** What can be wrong with a committed array, each shown by a few values: see spec.md, section "Why these are enough". */

const TREES = ["text", "array", "inverse"] as const;

const treeRange = revertWith("TreeRange(uint256)");
const positionRange = revertWith("PositionRange(uint256,uint256)");
const listLength = revertWith("ListLength(uint256,uint256)");

/** The text does not end in an end symbol, or a value of array or inverse is no position. */
export function isBadValue(commitment: SpanCommitment, tree: number, at: number, opening: Opening): boolean {
  const name = TREES[tree];
  if (name === undefined) throw treeRange(tree);
  if (name === "text" && at !== commitment.symbols - 1) throw positionRange(0, at);
  const value = openValue(commitment, name, 0, at, opening);
  return name === "text" ? value !== 0 : value >= commitment.symbols;
}

/** The inverse does not lead back to the rank. */
export function isNotInverse(
  commitment: SpanCommitment,
  rank: number,
  array: Opening,
  inverse: Opening,
): boolean {
  const position = openValue(commitment, "array", 0, rank, array);
  return openValue(commitment, "inverse", 1, position, inverse) !== rank;
}

/**
 * The suffixes at `rank` and `rank` + 1 stand in the wrong order: by their first symbols, else by the ranks of what follows, two ends by
 * their positions. Openings 0 and 1 are of the array, 2 and 3 of the text, 4 and 5 of the inverse, where it is needed.
 */
export function isDisorder(
  commitment: SpanCommitment,
  rank: number,
  array: readonly Opening[],
  text: readonly Opening[],
  inverse: readonly Opening[],
): boolean {
  const [p, q] = array.map((opening, i) => openValue(commitment, "array", i, rank + i, opening)) as [
    number,
    number,
  ];
  const [left, right] = [p, q].map((at, i) => openValue(commitment, "text", 2 + i, at, text[i]!)) as [
    number,
    number,
  ];
  const expected = left === right && left !== 0 ? 2 : 0;
  if (inverse.length !== expected) throw listLength(inverse.length, expected);
  if (left !== right) return left > right;
  if (left === 0) return p > q;
  const [after, then] = [p, q].map((at, i) =>
    openValue(commitment, "inverse", 4 + i, at + 1, inverse[i]!),
  ) as [number, number];
  return after > then;
}

/**
 * A record of the table is wrong by itself (ends before it begins, outside the text, the first or last one elsewhere), by the record after
 * it (a gap or an overlap), or by one symbol of the text (an end inside the document, none where it ends).
 * @param text none, or one opening of the text at `position`
 */
export function isBadDocument(
  commitment: SpanCommitment,
  document: number,
  records: Opening,
  position: number,
  text: Opening | undefined,
): boolean {
  const [record, next] = openRecords(commitment, 0, document, records, 2);
  const { start, end } = record!;
  if (start > end || end >= commitment.symbols) return true;
  if (document === 0 && start !== 0) return true;
  if (document === commitment.documents - 1 && end !== commitment.symbols - 1) return true;
  if (next !== undefined && next.start !== end + 1) return true;
  if (text === undefined) return false;
  if (position < start || position > end) throw positionRange(1, position);
  const symbol = openValue(commitment, "text", 1, position, text);
  return (symbol === 0) !== (position === end);
}
