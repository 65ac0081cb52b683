import { recordSize, treeDepth } from "../../../precompiles/influence-verifier/rule.ts";
import type { CodedError } from "../../base/errors.ts";
import { hexOfBytes } from "../codec/hash.ts";
import type { MerkleTree } from "../codec/merkle.ts";
import { aiError } from "../errors.ts";
import { decodeRecord, encodeRecord, type IndexRecord } from "./record.ts";
import { recordTree } from "./record-tree.ts";
import type { IndexCommitment } from "./score.ts";
import { NO_SPANS } from "./score.ts";

/** The sketches of a model, in memory. */
export interface AttributionIndex {
  commitment: IndexCommitment;
  /** All records end to end: the index as it lies in the content store. */
  bytes: Uint8Array;
  tree: MerkleTree;
}

/** Bytes of one record, as the tree holds it. */
export function recordBytes({ bytes, commitment }: AttributionIndex, rowId: number): Uint8Array {
  const size = recordSize(commitment.dimension);
  return bytes.subarray(rowId * size, (rowId + 1) * size);
}

/** One record, read when it is asked for. */
export function recordOf(index: AttributionIndex, rowId: number): IndexRecord {
  return decodeRecord(recordBytes(index, rowId), index.commitment.dimension);
}

/** A record with its path, as the contracts take it. */
export function openedRecord(index: AttributionIndex, rowId: number) {
  return { record: hexOfBytes(recordBytes(index, rowId)), path: index.tree.path(rowId) };
}

/** Commits to records: `records[i]` is row i. */
export async function makeIndex(
  records: readonly IndexRecord[],
  { e0, floor, topK }: Pick<IndexCommitment, "e0" | "floor" | "topK">,
  signal?: AbortSignal,
): Promise<AttributionIndex> {
  const dimension = records[0]!.values.length;
  const size = recordSize(dimension);
  const bytes = new Uint8Array(records.length * size);
  for (const [row, record] of records.entries()) bytes.set(encodeRecord(record), row * size);
  const tree = await recordTree(bytes, size, signal);
  const commitment = { root: tree.root, rows: records.length, dimension, e0, floor, topK, spans: NO_SPANS };
  return { commitment, bytes, tree };
}

/**
 * Reads an index from its bytes and checks it against what the model committed. What a record says is not looked at: that is
 * provenance (provenance.ts), and a record without a score has none.
 * @throws CodedError `INDEX_MISMATCH`.
 */
export async function readIndex(
  bytes: Uint8Array,
  commitment: IndexCommitment,
  signal?: AbortSignal,
): Promise<AttributionIndex> {
  const size = recordSize(commitment.dimension);
  if (bytes.length !== size * commitment.rows) {
    throw mismatch(`it has ${bytes.length} bytes in place of ${size * commitment.rows}`);
  }
  const tree = await recordTree(bytes, size, signal);
  if (tree.root !== commitment.root) {
    throw mismatch(`its root is ${tree.root}, but ${commitment.root} is committed`);
  }
  return { commitment, bytes, tree };
}

/** Bytes that an index of that commitment takes in memory: records and tree. */
export function indexMemory({ rows, dimension }: IndexCommitment): number {
  return rows * recordSize(dimension) + 2 * 32 * 2 ** treeDepth(rows);
}

function mismatch(what: string): CodedError {
  return aiError("INDEX_MISMATCH", {
    message: `the attribution index is not the committed one: ${what}`,
    fix: "fetch it from another node",
  });
}
