import type { Adapter, Example, Session } from "../../../native/js/index.ts";
import { sleep } from "../../base/clock.ts";
import { tokenizeRow } from "../datanet/row-tokens.ts";
import type { Row } from "../datanet/rows.ts";
import type { LoadedModel } from "../model/load.ts";
import type { Method } from "../train/method.ts";
import { variedPrompt } from "../train/plan.ts";
import type { TrainingExample } from "../train/snapshot.ts";
import type { Evaluation, Measured } from "./job.ts";

/** Rows of each set that are measured, evenly spread over it. */
const MOST = 256;
/** Forms of a question that are tried for one that training did not use. */
const TRIES = 20;

export interface EvaluationInput {
  session: Session;
  base: LoadedModel;
  adapter: Adapter;
  rows: readonly TrainingExample[];
  method: Method;
  heldOut: readonly Pick<Row, "prompt" | "completion">[];
}

/**
 * What base and tuned model make of rows that were trained on, of the same rows in other words, and of rows that were held out.
 * @throws NativeError `NATIVE_CANCELLED` when aborted.
 */
export async function evaluate(
  { session, base, adapter, rows, method, heldOut }: EvaluationInput,
  onProgress: (done: number, total: number) => void,
  signal?: AbortSignal,
): Promise<Evaluation> {
  const trained = spread(rows).map(({ row }) => row);
  const sets = { trained, reworded: await reworded(rows, method), heldOut: spread(heldOut) };
  const total = 2 * Object.values(sets).reduce((sum, set) => sum + set.length, 0);
  let done = 0;
  const measure = async (set: readonly Row[]): Promise<Measured> => {
    const examples = await fitting(set, base);
    const lossOf = async (of: Adapter | undefined) => {
      const loss = await meanLoss(session, base, of, examples, signal);
      done += set.length;
      onProgress(done, total);
      return loss;
    };
    return { rows: examples.length, base: await lossOf(undefined), tuned: await lossOf(adapter) };
  };
  return {
    trained: await measure(sets.trained),
    reworded: await measure(sets.reworded),
    heldOut: await measure(sets.heldOut),
  };
}

function spread<T>(items: readonly T[]): T[] {
  if (items.length <= MOST) return [...items];
  return Array.from({ length: MOST }, (_, i) => items[Math.floor((i * items.length) / MOST)]!);
}

/** The rows with questions in forms that no epoch asked. */
async function reworded(rows: readonly TrainingExample[], method: Method): Promise<Row[]> {
  const found: Row[] = [];
  for (const { row, index } of spread(rows.map(({ row }, index) => ({ row, index })))) {
    const prompt = unasked(row, method, index);
    if (prompt !== undefined) found.push({ ...row, prompt });
    // Answers of the same process go on meanwhile.
    await sleep(0);
  }
  return found;
}

function unasked(row: Row, method: Method, index: number): string | undefined {
  const { epochs } = method.training;
  const asked = new Set([row.prompt]);
  for (let epoch = 0; epoch < epochs; epoch++) asked.add(variedPrompt(row, method, epoch, index));
  for (let epoch = epochs; epoch < epochs + TRIES; epoch++) {
    const prompt = variedPrompt(row, method, epoch, index);
    if (!asked.has(prompt)) return prompt;
  }
  return undefined;
}

async function fitting(set: readonly Row[], { tokenizer, config }: LoadedModel): Promise<Example[]> {
  const examples = await Promise.all(set.map((row) => tokenizeRow(row, tokenizer)));
  return examples.filter(({ ids }) => ids.length <= config.contextLength);
}

async function meanLoss(
  session: Session,
  { native }: LoadedModel,
  adapter: Adapter | undefined,
  examples: readonly Example[],
  signal: AbortSignal | undefined,
): Promise<number | null> {
  if (examples.length === 0) return null;
  const { losses } = await session.evaluate({ model: native, adapter, examples }).wait({ signal });
  const targets = examples.reduce((sum, { ids, completionStart }) => sum + ids.length - completionStart, 0);
  return losses.reduce((sum, loss) => sum + loss, 0) / targets;
}
