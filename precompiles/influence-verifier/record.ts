import { keccak256 } from "../../node/chain/crypto.ts";
import { revertWith } from "../revert.ts";
import {
  dotProduct,
  MAX_SHIFT,
  RECORD_HEAD,
  type RecordHead,
  readRecordHead,
  recordSize,
  scoreShift,
  treeDepth,
} from "./rule.ts";
import type { IndexCommitment } from "./types.ts";

const recordLength = revertWith("RecordLength(uint256,uint256,uint256)");
const rowIdRange = revertWith("RowIdRange(uint256,uint32)");
const pathLength = revertWith("PathLength(uint256,uint256,uint256)");
const notCommitted = revertWith("NotCommitted(uint256)");
const recordValue = revertWith("RecordValue(uint256,uint256)");
const shiftOutOfRange = revertWith("ShiftOutOfRange(uint256,int256)");

/** A record whose path led to the root. */
export interface CommittedRecord extends RecordHead {
  /** int8[k]; -128 may occur and is refused by {@link checkValues}. */
  values: Int8Array;
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
  const expected = recordSize(index.dimension);
  if (record.length !== expected) throw recordLength(position, record.length, expected);
  const head = readRecordHead(record);
  if (head.rowId >= index.rows) throw rowIdRange(position, head.rowId);
  const depth = treeDepth(index.rows);
  if (path.length !== depth) throw pathLength(position, path.length, depth);
  if (!sameBytes(merkleRoot(record, head.rowId, path), index.root)) throw notCommitted(position);
  const values = new Int8Array(record.buffer, record.byteOffset + RECORD_HEAD, index.dimension);
  return { ...head, values };
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

/** @throws PrecompileRevert RecordValue: a value is -128, the record has no score for any query. */
export function checkValues(position: number, { values }: CommittedRecord): void {
  const forbidden = values.indexOf(-128);
  if (forbidden >= 0) throw recordValue(position, forbidden);
}

/**
 * Exact score of a record for a query: dot << (query exponent + record exponent - e0).
 * @param query checked by checkQuery
 * @throws PrecompileRevert RecordValue, ShiftOutOfRange: the row has no score
 */
export function scoreRecord(
  index: IndexCommitment,
  position: number,
  query: Uint8Array,
  record: CommittedRecord,
): bigint {
  checkValues(position, record);
  const view = new DataView(query.buffer, query.byteOffset, query.byteLength);
  const shift = scoreShift(view.getInt8(0), record.exponent, index.e0);
  if (shift < 0 || shift > MAX_SHIFT) throw shiftOutOfRange(position, shift);
  const values = new Int16Array(index.dimension);
  for (let i = 0; i < values.length; i++) values[i] = view.getInt16(1 + 2 * i);
  return BigInt(dotProduct(values, record.values)) << BigInt(shift);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, i) => byte === b[i]);
}
