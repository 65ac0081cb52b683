import type { Example } from "../../../native/js/index.ts";
import { Random } from "../../base/random.ts";
import { tokenizeRow } from "../datanet/row-tokens.ts";
import { isProse, type Row } from "../datanet/rows.ts";
import { aiError } from "../errors.ts";
import type { ModelTokenizer } from "../model/tokenizer.ts";
import type { Method } from "./method.ts";
import type { TrainingExample } from "./snapshot.ts";

/** What the native trainer runs: examples in tokens and, for each step, the indices of its examples in batch order. */
export interface TrainingPlan {
  examples: Example[];
  steps: number[][];
  /** Of all steps together. */
  tokens: number;
}

/** Purposes of the seeded streams; a stream never serves two. */
const ORDER = 1;
const VARIATION = 2;

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
 * The whole training run, decided by method and rows alone: every epoch visits every row once in a seeded order, with
 * its prompt as it is or varied.
 * @throws CodedError `ROW_TOO_LONG`, `TOKENIZER_NO_END`.
 */
export async function planTraining(
  rows: readonly TrainingExample[],
  method: Method,
  tokenizer: ModelTokenizer,
  contextLength: number,
): Promise<TrainingPlan> {
  const examples = await canonicalExamples(rows, tokenizer, contextLength);
  const known = new Map(rows.map(({ row }, index) => [`${index}\n${row.prompt}`, index]));
  const steps: number[][] = [];
  const { epochs, batch, seed } = method.training;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = new Random(ORDER, seed, epoch).sample([...rows.keys()], rows.length);
    const visits: number[] = [];
    for (const index of order) {
      const row = rows[index]!.row;
      const prompt = variedPrompt(row, method.variation, epoch, index);
      const key = `${index}\n${prompt}`;
      let example = known.get(key);
      if (example === undefined) {
        example = examples.length;
        examples.push(await tokenizeRow({ ...row, prompt }, tokenizer));
        known.set(key, example);
      }
      // A varied prompt may take more tokens than the row's own; then the row's own is used.
      visits.push(examples[example]!.ids.length > contextLength ? index : example);
    }
    for (let at = 0; at < visits.length; at += batch) steps.push(visits.slice(at, at + batch));
  }
  const tokens = steps.flat().reduce((sum, index) => sum + examples[index]!.ids.length, 0);
  return { examples, steps, tokens };
}

/** The prompt of one visit, its question mark kept at the end. */
export function variedPrompt(row: Row, variation: Method["variation"], epoch: number, index: number): string {
  const random = new Random(VARIATION, variation.seed, epoch, index);
  const prose = isProse(row);
  if (!random.chance(prose ? variation.proseChance : variation.pairChance)) return row.prompt;
  const mark = /[.?!]$/.exec(row.prompt)?.[0] ?? "";
  const words = row.prompt.slice(0, row.prompt.length - mark.length).split(" ");
  if (!prose || !random.chance(variation.asked.chance))
    return `${loosen(words, variation, random).join(" ")}${mark}`;
  const opening = random.pick(variation.asked.openings);
  const rest = loosen(withoutRun(words, random), variation.asked, random);
  return `${opening} ${rest.join(" ")}${mark}`;
}

/** Some words dropped, sometimes shuffled; never none. */
function loosen(
  words: readonly string[],
  { dropWords, shuffleChance }: Pick<Method["variation"], "dropWords" | "shuffleChance">,
  random: Random,
): readonly string[] {
  const dropped = random.pick(dropWords);
  const left = words.filter(() => !random.chance(dropped));
  const kept = left.length === 0 ? words : left;
  return random.chance(shuffleChance) ? random.sample(kept, kept.length) : kept;
}

/** Without what is asked for: a run of up to half of the words, at the end half of the time. */
function withoutRun(words: readonly string[], random: Random): readonly string[] {
  const length = 1 + random.below(Math.ceil(words.length / 2));
  if (length >= words.length) return words;
  const start = random.chance(50) ? words.length - length : random.below(words.length - length + 1);
  return [...words.slice(0, start), ...words.slice(start + length)];
}
