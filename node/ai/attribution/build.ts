import type { Adapter, Example, Session } from "../../../native/js/index.ts";
import { type Basis, fitBasis, quantise, sketch } from "../../../native/js/influence.ts";
import type { WaitOptions } from "../../../native/js/job.ts";
import type { CodedError } from "../../base/errors.ts";
import { bytesOfHex, concatBytes, keccakOf } from "../codec/hash.ts";
import { leafHash, type MerkleTree, merkleTree } from "../codec/merkle.ts";
import { aiError } from "../errors.ts";
import type { LoadedModel } from "../model/load.ts";
import type { Method } from "../train/method.ts";
import { sketchDimension } from "../train/method.ts";
import { canonicalExamples } from "../train/plan.ts";
import type { TrainingExample } from "../train/snapshot.ts";
import { decodeRecord, encodeRecord, type IndexRecord, type QuerySketch, recordSize } from "./record.ts";
import type { IndexCommitment } from "./score.ts";

/** The sketches of a model, in memory. */
export interface AttributionIndex {
  commitment: IndexCommitment;
  records: readonly IndexRecord[];
  /** All records end to end: the index as it lies in the content store. */
  bytes: Uint8Array;
  tree: MerkleTree;
}

/** Row exponents lie within ±4 of the median row's: a larger norm than 16 times the median's is cut down to that. */
const ROW_SPAN = 4;
/** Query exponents lie within ±8 of what a query of the median row's norm has. */
const QUERY_SPAN = 8;
/** An int16 sketch of the same norm has an exponent this much lower than an int8 one. */
const QUERY_BITS = 8;

/** Range of exponents that a query sketch may have, as the commitment fixes it: every shift then lies in 0…24. */
export function queryRange(rowMedian: number): { min: number; max: number } {
  const centre = rowMedian - QUERY_BITS;
  return { min: Math.max(centre - QUERY_SPAN, -128), max: Math.min(centre + QUERY_SPAN, 127) };
}

/** The median row exponent that `e0` was made from. */
function medianOf(e0: number): number {
  return Math.floor((e0 + ROW_SPAN + QUERY_SPAN + QUERY_BITS) / 2);
}

/**
 * Fits the basis on the rows. Above the method's limit the directions come from as many rows, those with the smallest
 * keccak256(seed u32 | example hash).
 */
export async function fitModelBasis(
  session: Session,
  base: LoadedModel,
  adapter: Adapter,
  rows: readonly TrainingExample[],
  { attribution }: Method,
  options: WaitOptions = {},
): Promise<Basis> {
  const seed = new Uint8Array(4);
  new DataView(seed.buffer).setUint32(0, attribution.seed);
  const keyed = rows.map((row) => ({ row, key: keccakOf(seed, bytesOfHex(row.exampleHash)) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : 1));
  const chosen = keyed.slice(0, attribution.maxDirectionRows).map(({ row }) => row);
  chosen.sort((a, b) => a.rowId - b.rowId);
  const examples = await canonicalExamples(chosen, base.tokenizer, base.config.contextLength);
  const request = {
    model: base.native,
    adapter,
    examples,
    damping: attribution.damping,
    dimension: sketchDimension(rows.length, attribution),
  };
  return (await fitBasis(session, request).wait(options)).basis;
}

/**
 * Sketches every row and commits to the records.
 * The unit of scores follows from the rows' own exponents: e0 = (median - 4) + (median - 8 - 8).
 */
export async function buildIndex(
  session: Session,
  base: LoadedModel,
  adapter: Adapter,
  basis: Basis,
  rows: readonly TrainingExample[],
  { attribution }: Method,
  options: WaitOptions = {},
): Promise<AttributionIndex> {
  const examples = await canonicalExamples(rows, base.tokenizer, base.config.contextLength);
  const coordinates = await sketch(session, { model: base.native, adapter, basis, examples }).wait(options);
  const k = basis.dimension;
  const natural = [...quantise(coordinates, k, 8).exponents].sort((a, b) => a - b);
  const median = Math.min(Math.max(natural[natural.length >> 1]!, -100), 100);
  const range = { min: median - ROW_SPAN, max: median + ROW_SPAN };
  const { exponents, values } = quantise(coordinates, k, 8, range);
  const records = rows.map(({ rowId, exampleHash, contributor }) => ({
    rowId,
    exampleHash,
    contributor,
    exponent: exponents[rowId]!,
    values: values.slice(rowId * k, (rowId + 1) * k),
  }));
  return indexOf(records, {
    e0: range.min + queryRange(median).min,
    floor: BigInt(attribution.floor),
    topK: attribution.topK,
  });
}

function indexOf(
  records: readonly IndexRecord[],
  { e0, floor, topK }: Pick<IndexCommitment, "e0" | "floor" | "topK">,
): AttributionIndex {
  const encoded = records.map(encodeRecord);
  const tree = merkleTree(encoded.map(leafHash));
  const dimension = records[0]!.values.length;
  const commitment = { root: tree.root, rows: records.length, dimension, groups: 1, e0, floor, topK };
  return { commitment, records, bytes: concatBytes(...encoded), tree };
}

/**
 * Reads an index from its bytes and checks it against what the model committed.
 * @throws CodedError `INDEX_MISMATCH`, `RECORD_INVALID`.
 */
export function readIndex(bytes: Uint8Array, commitment: IndexCommitment): AttributionIndex {
  const size = recordSize(commitment.dimension);
  if (bytes.length !== size * commitment.rows) {
    throw mismatch(`it has ${bytes.length} bytes in place of ${size * commitment.rows}`);
  }
  const records = Array.from({ length: commitment.rows }, (_, row) =>
    decodeRecord(bytes.subarray(row * size, (row + 1) * size), commitment.dimension),
  );
  const stranger = records.findIndex((record, row) => record.rowId !== row);
  if (stranger >= 0) throw mismatch(`record ${stranger} says that it is row ${records[stranger]!.rowId}`);
  const index = indexOf(records, commitment);
  if (index.tree.root !== commitment.root) {
    throw mismatch(`its root is ${index.tree.root}, but ${commitment.root} is committed`);
  }
  return { ...index, commitment };
}

/**
 * Sketch of an answer: the gradient of its tokens' loss given the prompt, through the committed basis.
 * @param example prompt and answer in tokens, the answer from `completionStart` on.
 */
export async function querySketch(
  session: Session,
  model: LoadedModel["native"],
  adapter: Adapter,
  basis: Basis,
  commitment: IndexCommitment,
  example: Example,
  options: WaitOptions = {},
): Promise<QuerySketch> {
  const coordinates = await sketch(session, { model, adapter, basis, examples: [example] }).wait(options);
  const range = queryRange(medianOf(commitment.e0));
  const { exponents, values } = quantise(coordinates, basis.dimension, 16, range);
  return { exponent: exponents[0]!, values };
}

function mismatch(what: string): CodedError {
  return aiError("INDEX_MISMATCH", {
    message: `the attribution index is not the committed one: ${what}`,
    fix: "fetch it from another node",
  });
}
