import type { Example } from "../../../native/js/index.ts";
import { Random } from "../../base/random.ts";
import { type TokenizedRow, tokenizeRow } from "../datanet/row-tokens.ts";
import { isProse, type Row } from "../datanet/rows.ts";
import { aiError } from "../errors.ts";
import type { ModelTokenizer } from "../model/tokenizer.ts";
import { askSentence } from "./ask-sentence.ts";
import type { Method } from "./method.ts";
import { reask } from "./reask.ts";
import type { TrainingExample } from "./snapshot.ts";
import { varyWords } from "./vary-words.ts";

/** What the native trainer runs: examples in tokens and, for each step, the indices of its examples in batch order. */
export interface TrainingPlan {
  examples: Example[];
  /** Of each example, the index of its row. */
  rows: number[];
  steps: number[][];
  /** Of all steps together. */
  tokens: number;
}

/** Purposes of the seeded streams; a stream never serves two. */
const ORDER = 1;
const VARIATION = 2;
const BEGINNING = 3;

/**
 * Examples in canonical form, in row order: what attribution measures.
 * @throws CodedError `ROW_TOO_LONG` with row, tokens and limit.
 */
export async function canonicalExamples(
  rows: readonly TrainingExample[],
  tokenizer: ModelTokenizer,
  contextLength: number,
): Promise<Example[]> {
  const examples: Example[] = [];
  for (const { rowId, row } of rows) {
    const example = await tokenizeRow(row, tokenizer);
    if (example.ids.length > contextLength) {
      throw aiError("ROW_TOO_LONG", {
        message: `row ${rowId} has ${example.ids.length} tokens, but the model's context holds ${contextLength}: "${row.completion.slice(0, 60)}…"`,
        fix: "train on snapshots with shorter rows, or take a base model with a longer context",
        facts: { row: rowId, tokens: example.ids.length, limit: contextLength },
      });
    }
    examples.push(example);
  }
  return examples;
}

/**
 * The whole training run, decided by method and rows alone: every epoch visits every row once, with its prompt as
 * it is or varied, and by format 3 some sentences' beginnings once more, all in a seeded order.
 * @throws CodedError `ROW_TOO_LONG`, `TOKENIZER_NO_END`, `JOB_TOO_SHORT`.
 */
export async function planTraining(
  rows: readonly TrainingExample[],
  method: Method,
  tokenizer: ModelTokenizer,
  contextLength: number,
): Promise<TrainingPlan> {
  const examples = await canonicalExamples(rows, tokenizer, contextLength);
  const rowOf = [...rows.keys()];
  const known = new Map(rows.map(({ row }, index) => [`${index}\n100\n${row.prompt}`, index]));
  const steps: number[][] = [];
  const { epochs, batch, seed, warmupSteps } = method.training;
  requireWarmUp(warmupSteps, stepsOf(rows.length, method.training));
  for (let epoch = 0; epoch < epochs; epoch++) {
    const all = visitsOf(rows, method, epoch);
    const order = new Random(ORDER, seed, epoch).sample(all, all.length);
    const visits: number[] = [];
    for (const { index, prompt, taught } of order) {
      const key = `${index}\n${taught}\n${prompt}`;
      let example = known.get(key);
      if (example === undefined) {
        example = examples.length;
        const { row } = rows[index]!;
        examples.push(beginningOf(await tokenizeRow({ ...row, prompt }, tokenizer), taught));
        rowOf.push(index);
        known.set(key, example);
      }
      // A varied prompt may take more tokens than the row's own; then the row's own is used.
      visits.push(examples[example]!.ids.length > contextLength ? index : example);
    }
    for (let at = 0; at < visits.length; at += batch) steps.push(visits.slice(at, at + batch));
  }
  const tokens = steps.flat().reduce((sum, index) => sum + examples[index]!.ids.length, 0);
  return { examples, rows: rowOf, steps, tokens };
}

/** Visits of an epoch, about. */
export function visitsAnEpoch(rows: readonly Pick<TrainingExample, "row">[], method: Method): number {
  if (method.format !== "openledger/method/3") return rows.length;
  const sentences = rows.filter(({ row }) => isProse(row)).length;
  return rows.length + Math.round((sentences * method.variation.prose.beginnings.chance) / 100);
}

/** Steps of a training with so many visits an epoch. */
export const stepsOf = (visits: number, { epochs, batch }: Pick<Method["training"], "epochs" | "batch">) =>
  epochs * Math.ceil(visits / batch);

/** @throws CodedError `JOB_TOO_SHORT` for a training that ends before its warm-up: it has no rate to fall from. */
export function requireWarmUp(warmupSteps: number, steps: number): void {
  if (warmupSteps < steps) return;
  throw aiError("JOB_TOO_SHORT", {
    message: `this training has ${steps} steps, and its warm-up takes ${warmupSteps} of them`,
    fix: "take more epochs or more rows, or fewer warm-up steps",
    facts: { steps, warmupSteps },
  });
}

/** The same plan without the visits of some rows: what training would have been, had they never been given. */
export function planWithout(plan: TrainingPlan, isLeftOut: (row: number) => boolean): TrainingPlan {
  const steps = plan.steps
    .map((step) => step.filter((example) => !isLeftOut(plan.rows[example]!)))
    .filter((step) => step.length > 0);
  const tokens = steps.flat().reduce((sum, index) => sum + plan.examples[index]!.ids.length, 0);
  return { ...plan, steps, tokens };
}

/** One visit of training to a row. */
interface Visit {
  index: number;
  prompt: string;
  /** Percent of the answer's tokens that are taught, from its first on. */
  taught: number;
}

/** All visits of an epoch, in no order yet: one to every row, and by format 3 some to the beginnings of sentences. */
function visitsOf(rows: readonly TrainingExample[], method: Method, epoch: number): Visit[] {
  const visits = rows.map(({ row }, index): Visit => {
    return { index, prompt: variedPrompt(row, method, epoch, index), taught: 100 };
  });
  if (method.format !== "openledger/method/3") return visits;
  const { variation } = method;
  const { chance, least, most } = variation.prose.beginnings;
  for (const [index, { row }] of rows.entries()) {
    const random = new Random(BEGINNING, variation.seed, epoch, index);
    if (!isProse(row) || !random.chance(chance)) continue;
    const prompt = askSentence(row, variation, random);
    visits.push({ index, prompt, taught: random.between(least, most) });
  }
  return visits;
}

/** An example without the end of its answer, at least one token of it left. */
function beginningOf({ ids, completionStart }: TokenizedRow, taught: number): TokenizedRow {
  const tokens = Math.ceil(((ids.length - completionStart) * taught) / 100);
  return { ids: ids.slice(0, completionStart + tokens), completionStart };
}

/** The prompt of an epoch's visit to a whole row, as the method's format varies it. */
export function variedPrompt(row: Row, method: Method, epoch: number, index: number): string {
  const random = new Random(VARIATION, method.variation.seed, epoch, index);
  if (method.format === "openledger/method/1") return varyWords(row, method.variation, random);
  if (method.format === "openledger/method/3" && isProse(row))
    return askSentence(row, method.variation, random);
  return reask(row, method.variation, random);
}
