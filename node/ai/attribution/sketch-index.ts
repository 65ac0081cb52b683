import { recordSize, treeDepth } from "../../../precompiles/influence-verifier/rule.ts";
import type { CodedError } from "../../base/errors.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { hexOfBytes } from "../codec/hash.ts";
import type { MerkleTree } from "../codec/merkle.ts";
import { aiError } from "../errors.ts";
import { decodeRecord, encodeRecord, type IndexRecord, type QuerySketch, recordAt } from "./record.ts";
import { recordTree } from "./record-tree.ts";
import { type IndexCommitment, NO_SPANS, type RowScores, type ScoredRow, scoresInMemory } from "./score.ts";
import { scoreBySketch } from "./score-rows.ts";

/** The sketches of a model, in memory or mapped (mapped-index.ts). */
export interface AttributionIndex {
  commitment: IndexCommitment;
  /** Bytes of one record, as the tree holds it. */
  record(rowId: number): Uint8Array;
  tree: MerkleTree;
  /** Exact scores of all rows. @throws CodedError `SCORE_DIMENSION` */
  score(query: QuerySketch): Promise<RowScores>;
}

/** An index whose records lie in memory. */
export interface IndexInMemory extends AttributionIndex {
  /** All records end to end. */
  bytes: Uint8Array;
}

/** One record, read when it is asked for. */
export function recordOf(index: Pick<AttributionIndex, "record" | "commitment">, rowId: number): IndexRecord {
  return decodeRecord(index.record(rowId), index.commitment.dimension);
}

/** A record with its path, as the contracts take it. */
export function openedRecord(index: AttributionIndex, rowId: number) {
  return { record: hexOfBytes(index.record(rowId)), path: index.tree.path(rowId) };
}

/** Scores of all rows, in row order. */
export async function allScores(index: AttributionIndex, query: QuerySketch): Promise<ScoredRow[]> {
  const rows = Array.from({ length: index.commitment.rows }, (_, rowId) => rowId);
  return (await index.score(query)).of(rows);
}

type Terms = Pick<IndexCommitment, "e0" | "floor" | "topK">;

/** Commits to records: `records[i]` is row i. */
export async function makeIndex(
  records: readonly IndexRecord[],
  terms: Terms,
  signal?: AbortSignal,
): Promise<IndexInMemory> {
  const dimension = records[0]!.values.length;
  const size = recordSize(dimension);
  const bytes = new Uint8Array(records.length * size);
  for (const [row, record] of records.entries()) bytes.set(encodeRecord(record), row * size);
  return commitRecords(bytes, dimension, terms, signal);
}

/** Commits to records that lie end to end. @param dimension values of a sketch. */
export async function commitRecords(
  bytes: Uint8Array,
  dimension: number,
  { e0, floor, topK }: Terms,
  signal?: AbortSignal,
): Promise<IndexInMemory> {
  const size = recordSize(dimension);
  const tree = await recordTree(bytes, size, signal);
  const rows = bytes.length / size;
  return inMemory({ root: tree.root, rows, dimension, e0, floor, topK, spans: NO_SPANS }, bytes, tree);
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
): Promise<IndexInMemory> {
  requireBytes(bytes.length, commitment);
  const tree = await recordTree(bytes, recordSize(commitment.dimension), signal);
  requireRoot(tree.root, commitment);
  return inMemory(commitment, bytes, tree);
}

function inMemory(commitment: IndexCommitment, bytes: Uint8Array, tree: MerkleTree): IndexInMemory {
  const size = recordSize(commitment.dimension);
  const record = (rowId: number) => bytes.subarray(rowId * size, (rowId + 1) * size);
  const headOf = (rowId: number) => recordAt(bytes, rowId, commitment.dimension);
  const score = async (query: QuerySketch) =>
    scoresInMemory(await scoreBySketch(query, { commitment, bytes }), headOf);
  return { commitment, bytes, record, tree, score };
}

/** Bytes that an index of that commitment takes in memory: records and tree. */
export function indexMemory({ rows, dimension }: IndexCommitment): number {
  return rows * recordSize(dimension) + 2 * 32 * 2 ** treeDepth(rows);
}

/** @throws CodedError `INDEX_MISMATCH` unless an index of that commitment has as many bytes. */
export function requireBytes(
  bytes: number,
  { rows, dimension }: Pick<IndexCommitment, "rows" | "dimension">,
): void {
  const expected = rows * recordSize(dimension);
  if (bytes !== expected) throw mismatch(`it has ${bytes} bytes in place of ${expected}`);
}

/** @throws CodedError `INDEX_MISMATCH` unless it is the committed root. */
export function requireRoot(root: Hash, commitment: IndexCommitment): void {
  if (root === commitment.root) return;
  throw mismatch(`its root is ${root}, but ${commitment.root} is committed`);
}

function mismatch(what: string): CodedError {
  return aiError("INDEX_MISMATCH", {
    message: `the attribution index is not the committed one: ${what}`,
    fix: "fetch it from another node",
  });
}
