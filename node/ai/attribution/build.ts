import { type FitFactoredRequest, fitFactored } from "../../../native/js/factored.ts";
import type { Adapter, Example, Session } from "../../../native/js/index.ts";
import { fitBasis, quantise } from "../../../native/js/influence.ts";
import type { WaitOptions } from "../../../native/js/job.ts";
import { recordSize } from "../../../precompiles/influence-verifier/rule.ts";
import { bytesOfHex, keccakOf } from "../codec/hash.ts";
import type { LoadedModel } from "../model/load.ts";
import type { Method } from "../train/method.ts";
import { sketchDimension } from "../train/method.ts";
import type { TrainingExample, TrainingSet } from "../train/snapshot.ts";
import { dimensionOf, type FactoredMethod, type ModelBasis, sketchBy } from "./model-basis.ts";
import { encodeRecord, type QuerySketch, recordAt } from "./record.ts";
import {
  meanOverPrompts,
  type PlacedRow,
  placed,
  promptsOf,
  sketchedExamples,
  sketchRows,
} from "./row-sketches.ts";
import type { IndexCommitment } from "./score.ts";
import { commitRecords, type IndexInMemory } from "./sketch-index.ts";

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

/** A model's basis, and what fitting it made of rows on the way. */
export interface FittedBasis {
  basis: ModelBasis;
  /** By row id, of the rows that it was fitted on: what `sketchRows` gives of them. */
  sketched: ReadonlyMap<number, Float32Array>;
}

/**
 * Fits the basis on the rows, each by all prompts that it is sketched by. Where these are more than the method's limit the directions
 * come from as many rows as fit, those with the smallest keccak256(seed u32 | example hash).
 */
export async function fitModelBasis(
  session: Session,
  base: LoadedModel,
  adapter: Adapter,
  rows: readonly TrainingExample[],
  method: Method,
  options: WaitOptions = {},
): Promise<FittedBasis> {
  const chosen = directionRows(rows, method);
  const examples = (await sketchedExamples(chosen, method, base)).flat();
  const { attribution } = method;
  const request = { model: base.native, adapter, examples, damping: attribution.damping };
  const { basis, coordinates } =
    attribution.kind === "ekfac-factored"
      ? await fitFactors(session, request, attribution, options)
      : await fitBasis(session, {
          ...request,
          dimension: sketchDimension(rows.length, attribution),
          sketches: true,
        }).wait(options);
  const k = dimensionOf(basis);
  const means = meanOverPrompts(coordinates!, k, examples.length / Math.max(chosen.length, 1));
  return {
    basis,
    sketched: new Map(chosen.map(({ rowId }, i) => [rowId, means.subarray(i * k, (i + 1) * k)])),
  };
}

async function fitFactors(
  session: Session,
  request: Pick<FitFactoredRequest, "model" | "adapter" | "examples" | "damping">,
  { axes, dimension, unit }: FactoredMethod,
  options: WaitOptions,
): Promise<{ basis: ModelBasis; coordinates?: Float32Array }> {
  const terms = { dimension, unit };
  const fitting = { ...request, ...terms, axes, sketches: true };
  const fitted = await fitFactored(session, fitting).wait(options);
  return { ...fitted, basis: { ...fitted.basis, terms } };
}

function directionRows(rows: readonly TrainingExample[], method: Method): PlacedRow[] {
  const { seed, maxDirectionRows } = method.attribution;
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, seed);
  const keyed = placed(rows).map((row) => ({ row, key: keccakOf(bytes, bytesOfHex(row.exampleHash)) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : 1));
  const most = Math.max(1, Math.floor(maxDirectionRows / promptsOf(method)));
  const chosen = keyed.slice(0, most).map(({ row }) => row);
  return chosen.sort((a, b) => a.rowId - b.rowId);
}

/** What attributes a model's answers: its basis, fitted on its rows, and the index of their sketches. */
export async function attributionOf(
  session: Session,
  base: LoadedModel,
  adapter: Adapter,
  set: Pick<TrainingSet, "places" | "examples">,
  method: Method,
  options: { fit?: WaitOptions; sketch?: BuildOptions } = {},
): Promise<{ basis: ModelBasis; index: IndexInMemory }> {
  const { basis, sketched } = await fitModelBasis(session, base, adapter, set.examples, method, options.fit);
  const index = await buildIndex(session, base, adapter, basis, set, method, { ...options.sketch, sketched });
  return { basis, index };
}

/**
 * Sketches every row that takes part and commits to the records of all: a row that repeats another or is skipped has zeros.
 * The unit of scores follows from the rows' own exponents: e0 = (median - 4) + (median - 8 - 8).
 * @param set what the rows of the snapshots are (train/snapshot.ts).
 */
export async function buildIndex(
  session: Session,
  base: LoadedModel,
  adapter: Adapter,
  basis: ModelBasis,
  { places, examples: rows }: Pick<TrainingSet, "places" | "examples">,
  method: Method,
  options: BuildOptions = {},
): Promise<IndexInMemory> {
  const k = dimensionOf(basis);
  const size = recordSize(k);
  const bytes = new Uint8Array(places.length * size);
  const { attribution } = method;
  const sketches = new RowSketches(session, { base, adapter, basis, method }, bytes, options);
  const own = placed(rows);
  const natural = await sketches.add(own);
  const sorted = natural.toSorted((a, b) => a - b);
  const median = Math.min(Math.max(sorted[sorted.length >> 1]!, -100), 100);
  const range = { min: median - ROW_SPAN, max: median + ROW_SPAN };
  // A finer exponent is made coarser from the coordinates; a larger one is cut down, its values stay.
  await sketches.add(
    own.filter((_, i) => natural[i]! < range.min),
    range.min,
  );
  for (const { rowId, contributionId, row, first } of places) {
    const exponent = Math.min(sketches.exponents.get(rowId) ?? median, range.max);
    const { values } = recordAt(bytes, rowId, k);
    bytes.set(encodeRecord({ rowId, contributionId, row, first, exponent, values }), rowId * size);
  }
  const terms = {
    e0: range.min + queryRange(median).min,
    floor: BigInt(attribution.floor),
    topK: attribution.topK,
  };
  return commitRecords(bytes, k, terms, options.signal);
}

/** Sketches whose coordinates are in memory at once, four bytes for each of a row's values; no result depends on it. */
const BATCH_ROWS = 2048;

export interface BuildOptions extends WaitOptions {
  /** Rows sketched at once. */
  batchRows?: number;
  /** Rows that were sketched by this basis already. */
  sketched?: FittedBasis["sketched"];
}

/** Rows sketched a batch at a time, their values put where their records will be. */
class RowSketches {
  /** By row id. */
  readonly exponents = new Map<number, number>();
  private readonly session: Session;
  private readonly subject: { base: LoadedModel; adapter: Adapter; basis: ModelBasis; method: Method };
  private readonly bytes: Uint8Array;
  private readonly options: BuildOptions;

  /** @param bytes of all records, end to end. */
  constructor(
    session: Session,
    subject: { base: LoadedModel; adapter: Adapter; basis: ModelBasis; method: Method },
    bytes: Uint8Array,
    options: BuildOptions,
  ) {
    this.session = session;
    this.subject = subject;
    this.bytes = bytes;
    this.options = options;
  }

  /** Sketches these rows at their natural exponents, or at no finer one than `least`; gives the exponents in their order. */
  async add(rows: readonly PlacedRow[], least?: number): Promise<number[]> {
    const { batchRows = Math.ceil(BATCH_ROWS / promptsOf(this.subject.method)) } = this.options;
    const k = dimensionOf(this.subject.basis);
    const range = { min: least ?? -128, max: 127 };
    const all: number[] = [];
    for (let from = 0; from < rows.length; from += batchRows) {
      const batch = rows.slice(from, from + batchRows);
      const told = this.told(least === undefined, from, rows.length);
      const coordinates = await this.sketch(batch, told);
      const { exponents, values } = quantise(coordinates, k, 8, range);
      for (const [i, { rowId }] of batch.entries()) {
        recordAt(this.bytes, rowId, k).values.set(values.subarray(i * k, (i + 1) * k));
        this.exponents.set(rowId, exponents[i]!);
        all.push(exponents[i]!);
      }
    }
    return all;
  }

  private async sketch(rows: readonly PlacedRow[], options: WaitOptions): Promise<Float32Array> {
    const { sketched } = this.options;
    const k = dimensionOf(this.subject.basis);
    const left = rows.filter(({ rowId }) => !sketched?.has(rowId));
    const made = left.length > 0 ? await sketchRows(this.session, this.subject, left, options) : undefined;
    if (left.length === rows.length) return made!;
    const all = new Float32Array(rows.length * k);
    let next = 0;
    for (const [i, { rowId }] of rows.entries())
      all.set(sketched?.get(rowId) ?? made!.subarray(next * k, ++next * k), i * k);
    return all;
  }

  /** Progress over all rows, once. */
  private told(isTold: boolean, done: number, total: number): WaitOptions {
    const { onProgress, ...rest } = this.options;
    if (onProgress === undefined || !isTold) return rest;
    return { ...rest, onProgress: (now) => onProgress({ ...now, done: done + now.done, total }) };
  }
}

/**
 * Sketch of an answer: the gradient of its tokens' loss given the prompt, through the committed basis.
 * @param example prompt and answer in tokens, the answer from `completionStart` on.
 */
export async function querySketch(
  session: Session,
  model: LoadedModel["native"],
  adapter: Adapter,
  basis: ModelBasis,
  commitment: IndexCommitment,
  example: Example,
  options: WaitOptions = {},
): Promise<QuerySketch> {
  const coordinates = await sketchBy(session, { model, adapter, basis, examples: [example] }).wait(options);
  const range = queryRange(medianOf(commitment.e0));
  const { exponents, values } = quantise(coordinates, dimensionOf(basis), 16, range);
  return { exponent: exponents[0]!, values };
}
