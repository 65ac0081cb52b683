import type { Adapter, Example, Session } from "../../../native/js/index.ts";
import type { WaitOptions } from "../../../native/js/job.ts";
import { tokenizeRow } from "../datanet/row-tokens.ts";
import type { LoadedModel } from "../model/load.ts";
import type { Method } from "../train/method.ts";
import { canonicalExamples, variedPrompt } from "../train/plan.ts";
import type { TrainingExample } from "../train/snapshot.ts";
import { dimensionOf, type ModelBasis, sketchBy } from "./model-basis.ts";

/** A row with its place among the rows that train, by which training's prompts are drawn. */
export interface PlacedRow extends TrainingExample {
  place: number;
}

/** Rows that train, each with its place. @param rows all of them, in order. */
export function placed(rows: readonly TrainingExample[]): PlacedRow[] {
  return rows.map((row, place) => ({ ...row, place }));
}

/** By how many prompts the method sketches a row. */
export function promptsOf({ attribution, training }: Method): number {
  return Math.min(attribution.prompts ?? 1, training.epochs);
}

/**
 * What a row is sketched by: itself, or as many of its visits in training as the method says, spread evenly over the epochs. As in
 * training, a prompt that the context does not hold is replaced by the row's own.
 * @returns by row, all the same number of examples.
 * @throws CodedError of train/plan.ts.
 */
export async function sketchedExamples(
  rows: readonly PlacedRow[],
  method: Method,
  { tokenizer, config }: Pick<LoadedModel, "tokenizer" | "config">,
): Promise<Example[][]> {
  const own = await canonicalExamples(rows, tokenizer, config.contextLength);
  if (method.attribution.prompts === undefined) return own.map((example) => [example]);
  const prompts = promptsOf(method);
  const { epochs } = method.training;
  const all: Example[][] = [];
  for (const [i, { row, place }] of rows.entries()) {
    const visits: Example[] = [];
    for (let number = 0; number < prompts; number++) {
      const prompt = variedPrompt(row, method, Math.floor((number * epochs) / prompts), place);
      const example = await tokenizeRow({ ...row, prompt }, tokenizer);
      visits.push(example.ids.length > config.contextLength ? own[i]! : example);
    }
    all.push(visits);
  }
  return all;
}

/**
 * Sketch coordinates of rows: of each the mean over its prompts, summed in their order in doubles and rounded once.
 * @returns [rows, k] fp32.
 * @throws CodedError of train/plan.ts; NativeError.
 */
export async function sketchRows(
  session: Session,
  subject: { base: LoadedModel; adapter: Adapter; basis: ModelBasis; method: Method },
  rows: readonly PlacedRow[],
  options: WaitOptions = {},
): Promise<Float32Array> {
  const { base, adapter, basis, method } = subject;
  const examples = (await sketchedExamples(rows, method, base)).flat();
  const prompts = examples.length / Math.max(rows.length, 1);
  const { onProgress, ...rest } = options;
  const coordinates = await sketchBy(session, { model: base.native, adapter, basis, examples }).wait({
    ...rest,
    ...(onProgress && {
      onProgress: (now) => onProgress({ ...now, done: Math.floor(now.done / prompts), total: rows.length }),
    }),
  });
  return meanOverPrompts(coordinates, dimensionOf(basis), prompts);
}

/** Of so many vectors of k numbers a row, one after the other, the mean: summed in their order in doubles, rounded once. */
export function meanOverPrompts(coordinates: Float32Array, k: number, prompts: number): Float32Array {
  if (prompts === 1) return coordinates;
  const means = new Float32Array(coordinates.length / prompts);
  for (let at = 0; at < means.length; at++) {
    const first = Math.floor(at / k) * prompts * k + (at % k);
    let sum = 0;
    for (let number = 0; number < prompts; number++) sum += coordinates[first + number * k]!;
    means[at] = sum / prompts;
  }
  return means;
}
