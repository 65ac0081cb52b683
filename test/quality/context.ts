import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Adapter, Session } from "../../native/js/index.ts";
import {
  type ComposedPrompt,
  ContextRows,
  composePrompt,
  promptRoom,
} from "../../node/ai/context/compose.ts";
import { contextLosses } from "../../node/ai/context/leave-one-out.ts";
import { MAX_CONTEXT_ROWS } from "../../node/ai/context/rule.ts";
import { readModelFolder } from "../../node/ai/model/files.ts";
import { loadModel } from "../../node/ai/model/load.ts";
import { generateAnswer } from "../../node/ai/serve/inference.ts";
import { isCodedError } from "../../node/base/errors.ts";
import { packageRoot } from "../../node/base/paths.ts";
import { SHIPPED_BASE } from "../../node/cli/protocol.ts";
import { methodOf } from "./base.ts";
import { type ContextCell, contextCell, contextLines, type ShownAnswer } from "./context-cell.ts";
import { type FactSet, readFactFolder } from "./facts.ts";
import { type AskFlags, formsOf, numberOf, wordingsOf } from "./flags.ts";
import { type Trained, trainOn } from "./trained.ts";
import { isExact } from "./trial.ts";

/** The judging sets stay unseen. */
const DEVELOPMENT = ["islands", "heights"].map((name) =>
  join(packageRoot(), "test", "quality", "development", name),
);

export interface ContextFlags extends AskFlags {
  facts?: string | undefined;
  json?: string | undefined;
  rows: string;
}

/**
 * Asks a folder of facts, or those kept for development, with rows in the prompt: the base model alone and the one that was trained on the
 * rows, in this process. Each answer's rows are judged by leaving each out.
 * @throws CodedError `NUMBER_INVALID`, and those of training and answering.
 */
export async function measureContext(flags: ContextFlags): Promise<void> {
  const folders = flags.facts === undefined ? DEVELOPMENT : [resolve(flags.facts)];
  const most = Math.min(numberOf("rows", flags.rows, 1), MAX_CONTEXT_ROWS);
  const method = await methodOf(flags.method, flags.base);
  const session = new Session();
  const base = await loadModel(await readModelFolder(flags.base ?? SHIPPED_BASE));
  const found: Record<string, ContextCell> = {};
  for (const set of folders.map(readFactFolder)) {
    for (const form of formsOf(flags)) {
      const trained = await trainOn(session, base, set, form, method);
      const rows = new ContextRows(trained.examples);
      for (const wording of wordingsOf(flags)) {
        const answers: ShownAnswer[] = [];
        for (const fact of set.facts) {
          const prompt = wording === "own" ? fact.question : fact.reworded;
          const { maxTokens } = method.generation;
          answers.push(await patiently(() => answerOf({ ...trained, rows, most, maxTokens }, fact, prompt)));
        }
        const cell = contextCell(answers);
        found[`${set.name} ${form} ${wording}`] = cell;
        process.stdout.write(`${contextLines(`${set.name}, ${form}, ${wording}`, cell).join("\n")}\n`);
        if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(found, null, 2)}\n`);
      }
      trained.adapter.close();
    }
  }
}

/** Does it again where a busy machine did not write a chat in time: a host's deadline is not measured here. */
async function patiently<T>(work: () => Promise<T>, tries = 20): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (tries <= 1 || !isCodedError(error, "TEMPLATE_CUT_OFF")) throw error;
    return await patiently(work, tries - 1);
  }
}

/** One question, answered by base and adapter with rows and without, and by the base with rows. */
async function answerOf(
  trained: Trained & { rows: ContextRows; most: number; maxTokens: number },
  fact: FactSet["facts"][number],
  prompt: string,
): Promise<ShownAnswer> {
  const { session, base, adapter, owned, form, rows, most, maxTokens } = trained;
  const { contextLength } = base.config;
  const question = { prompt };
  const alone = await composePrompt(rows, question, base.tokenizer, { rows: 0, tokens: contextLength });
  const room = promptRoom(most, maxTokens, contextLength, alone.ids.length);
  const composed = await composePrompt(rows, question, base.tokenizer, room);
  const answered = async ({ ids }: ComposedPrompt, by?: Adapter) => {
    const { answer, outputIds } = await generateAnswer(session, base, by, ids, maxTokens);
    return { answer, outputIds, isExact: isExact(answer, fact, form, owned) };
  };
  const judged = async (found: Awaited<ReturnType<typeof answered>>) => ({
    ...found,
    losses: await contextLosses({ session, base, adapter }, composed, found.outputIds),
  });
  return {
    fact,
    rows: composed.rows.map(({ rowId }) => ({ ...owned[rowId]!, rowId })),
    base: await judged(await answered(composed)),
    both: await judged(await answered(composed, adapter)),
    trained: await answered(alone, adapter),
  };
}
