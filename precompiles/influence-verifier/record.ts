import { keccak256 } from "../../node/chain/crypto.ts";
import type { Address } from "../../node/chain/types/primitives.ts";
import { revertWith } from "../revert.ts";
import type { IndexCommitment } from "./types.ts";

/** rowId u32 | exampleHash 32 | contributor 20 | exponent i8, then int8[k]. */
const CONTRIBUTOR_AT = 36;
const EXPONENT_AT = 56;
const VALUES_AT = 57;
const MAX_SHIFT = 24;

const recordLength = revertWith("RecordLength(uint256,uint256,uint256)");
const rowIdRange = revertWith("RowIdRange(uint256,uint32)");
const pathLength = revertWith("PathLength(uint256,uint256,uint256)");
const notCommitted = revertWith("NotCommitted(uint256)");
const recordValue = revertWith("RecordValue(uint256,uint256)");
const shiftOutOfRange = revertWith("ShiftOutOfRange(uint256,int256)");

/** A record whose path led to the root. */
export interface CommittedRecord {
  rowId: number;
  contributor: Address;
  /** i8. */
  exponent: number;
  /** int8[k]; -128 may occur and is refused by {@link scoreRecord}. */
  values: Int8Array;
}

/** Hashes on a path: ceil(log2(rows)). */
export function treeDepth(rows: number): number {
  return rows <= 1 ? 0 : 32 - Math.clz32(rows - 1);
}

/**
 * Opens one record of the index.
 * @param position what the caller's list calls it, for the errors
 * @param path sibling hashes bottom up, 32 bytes each
 * @throws PrecompileRevert RecordLength, RowIdRange, PathLength, NotCommitted
 */
export function openRecord(
  index: IndexCommitment,
  position: number,
  record: Uint8Array,
  path: readonly Uint8Array[],
): CommittedRecord {
  const expected = VALUES_AT + index.dimension;
  if (record.length !== expected) throw recordLength(position, record.length, expected);
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const rowId = view.getUint32(0);
  if (rowId >= index.rows) throw rowIdRange(position, rowId);
  const depth = treeDepth(index.rows);
  if (path.length !== depth) throw pathLength(position, path.length, depth);
  if (!sameBytes(merkleRoot(record, rowId, path), index.root)) throw notCommitted(position);
  const hex = Array.from(record.subarray(CONTRIBUTOR_AT, EXPONENT_AT), (byte) =>
    byte.toString(16).padStart(2, "0"),
  );
  return {
    rowId,
    contributor: `0x${hex.join("")}`,
    exponent: view.getInt8(EXPONENT_AT),
    values: new Int8Array(record.buffer, record.byteOffset + VALUES_AT, index.dimension),
  };
}

/** Root that `record` at `rowId` has with `path`; bit i of the row id says on which side level i's sibling is not. */
function merkleRoot(record: Uint8Array, rowId: number, path: readonly Uint8Array[]): Uint8Array {
  const leaf = new Uint8Array(1 + record.length);
  leaf.set(record, 1);
  let hash = keccak256(leaf);
  const node = new Uint8Array(65);
  node[0] = 1;
  path.forEach((sibling, level) => {
    const right = (rowId >>> level) & 1;
    node.set(hash, right ? 33 : 1);
    node.set(sibling, right ? 1 : 33);
    hash = keccak256(node);
  });
  return hash;
}

/**
 * Exact score of a record for a query: dot << (query exponent + record exponent - e0).
 * Below 2^58 in size: 4096 products of at most 127 * 32767, shifted by at most 24.
 * @param query checked by checkQuery
 * @throws PrecompileRevert RecordValue, ShiftOutOfRange: the row has no score
 */
export function scoreRecord(
  index: IndexCommitment,
  position: number,
  query: Uint8Array,
  record: CommittedRecord,
): bigint {
  const forbidden = record.values.indexOf(-128);
  if (forbidden >= 0) throw recordValue(position, forbidden);
  const view = new DataView(query.buffer, query.byteOffset, query.byteLength);
  const shift = view.getInt8(0) + record.exponent - index.e0;
  if (shift < 0 || shift > MAX_SHIFT) throw shiftOutOfRange(position, shift);
  let dot = 0;
  for (let i = 0; i < index.dimension; i++) dot += record.values[i]! * view.getInt16(1 + 2 * i);
  return BigInt(dot) << BigInt(shift);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, i) => byte === b[i]);
}
