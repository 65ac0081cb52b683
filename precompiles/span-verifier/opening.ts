import { keccak256 } from "../../node/chain/crypto.ts";
import type { Address } from "../../node/chain/types/primitives.ts";
import { revertWith } from "../revert.ts";
import { MAX_PATTERN, type Opening, readWords, type SpanCommitment } from "./types.ts";

/** Values of 4 bytes in a leaf of text, array and inverse. */
const CHUNK = 64;
const CHUNK_BYTES = 4 * CHUNK;
/** start u32 | end u32 | row u32 | contributor 20. */
const RECORD_BYTES = 32;
/** Leaves that a pattern can touch. */
const MAX_CHUNKS = MAX_PATTERN / CHUNK + 1;

const positionRange = revertWith("PositionRange(uint256,uint256)");
const openingLength = revertWith("OpeningLength(uint256,uint256)");
const pathLength = revertWith("PathLength(uint256,uint256,uint256)");
const notCommitted = revertWith("NotCommitted(uint256)");

/** A stretch of committed values, from a position on. */
export interface Window {
  from: number;
  values: Uint32Array;
}

/** A document's place in the text: symbols `start` to `end`, where its end symbol stands. */
export interface DocumentRecord {
  start: number;
  end: number;
  row: number;
  contributor: Address;
}

/**
 * Values of a tree from `from` on, as far as the opening goes, at most to the last symbol.
 * @param opening what the call numbers it, for the errors
 * @throws PrecompileRevert PositionRange, OpeningLength, PathLength, NotCommitted
 */
export function openWindow(
  commitment: SpanCommitment,
  tree: "text" | "array" | "inverse",
  number: number,
  from: number,
  opening: Opening,
  mostLeaves = MAX_CHUNKS,
): Window {
  if (from >= commitment.symbols) throw positionRange(number, from);
  const first = Math.floor(from / CHUNK);
  const leaves = Math.ceil(commitment.symbols / CHUNK);
  openLeaves(commitment[tree], leaves, number, first, opening, CHUNK_BYTES, mostLeaves);
  const values = readWords(opening.leaves);
  return { from, values: values.subarray(from - first * CHUNK, commitment.symbols - first * CHUNK) };
}

/** One value of a tree. Errors as openWindow's. */
export function openValue(
  commitment: SpanCommitment,
  tree: "text" | "array" | "inverse",
  number: number,
  at: number,
  opening: Opening,
): number {
  return openWindow(commitment, tree, number, at, opening, 1).values[0]!;
}

/** One record of the table, or two that follow each other. Errors as openWindow's. */
export function openRecords(
  commitment: SpanCommitment,
  number: number,
  document: number,
  opening: Opening,
  mostRecords: number,
): DocumentRecord[] {
  if (document >= commitment.documents) throw positionRange(number, document);
  const { table, documents } = commitment;
  const count = openLeaves(table, documents, number, document, opening, RECORD_BYTES, mostRecords);
  return Array.from({ length: count }, (_, i) => {
    const record = opening.leaves.subarray(RECORD_BYTES * i, RECORD_BYTES * (i + 1));
    const [start, end, row] = readWords(record);
    const hex = Array.from(record.subarray(12), (byte) => byte.toString(16).padStart(2, "0"));
    return { start: start!, end: end!, row: row!, contributor: `0x${hex.join("")}` };
  });
}

/** Checks that the leaves from `first` on lie under the root; returns how many they are. */
function openLeaves(
  root: Uint8Array,
  total: number,
  number: number,
  first: number,
  opening: Opening,
  leafBytes: number,
  mostLeaves: number,
): number {
  const { leaves, siblings } = opening;
  const count = leaves.length / leafBytes;
  const isWhole = leaves.length > 0 && leaves.length % leafBytes === 0;
  if (!isWhole || count > mostLeaves || first + count > total) throw openingLength(number, leaves.length);
  const expected = siblingCount(total, first, first + count - 1);
  if (siblings.length !== expected) throw pathLength(number, siblings.length, expected);
  const hashes = Array.from({ length: count }, (_, i) =>
    hashLeaf(leaves.subarray(leafBytes * i, leafBytes * (i + 1))),
  );
  if (!sameBytes(climb(hashes, total, first, siblings), root)) throw notCommitted(number);
  return count;
}

/** Hashes that lead from leaves `first` to `last` to the root of a tree of `total` leaves. */
function siblingCount(total: number, first: number, last: number): number {
  let count = 0;
  let [left, right] = [first, last];
  for (let width = total; width > 1; width = Math.ceil(width / 2)) {
    count += (left & 1) + (~right & 1);
    left >>>= 1;
    right >>>= 1;
  }
  return count;
}

function climb(
  leaves: readonly Uint8Array[],
  total: number,
  first: number,
  siblings: readonly Uint8Array[],
): Uint8Array {
  let level = leaves;
  let left = first;
  let used = 0;
  for (let width = total; width > 1; width = Math.ceil(width / 2)) {
    const row = left & 1 ? [siblings[used++]!, ...level] : [...level];
    if (row.length & 1) row.push(siblings[used++]!);
    level = Array.from({ length: row.length / 2 }, (_, i) => hashNode(row[2 * i]!, row[2 * i + 1]!));
    left >>>= 1;
  }
  return level[0]!;
}

function hashLeaf(leaf: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + leaf.length);
  input.set(leaf, 1);
  return keccak256(input);
}

function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  const input = new Uint8Array(65);
  input[0] = 1;
  input.set(left, 1);
  input.set(right, 33);
  return keccak256(input);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, i) => byte === b[i]);
}
