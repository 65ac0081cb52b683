import type { Adapter, Example, Model, Session } from "../../../native/js/index.ts";
import { promptIds, type Question } from "../datanet/row-tokens.ts";
import type { ModelTokenizer } from "../model/tokenizer.ts";
import { type ComposedPrompt, promptWithout } from "./compose.ts";
import { CONTEXT_RULE, type ContextLosses, natUnits, type ShownRow } from "./rule.ts";

/** What an answer is measured with. */
export interface LossMeter {
  session: Session;
  base: { native: Model; tokenizer: ModelTokenizer };
  /** Of the model that answered. */
  adapter: Adapter;
  signal?: AbortSignal | undefined;
}

/**
 * Measures an answer with its rows, without each and without all of them: by the base model, which knows nothing of the rows by heart, and
 * with and without all by the model that answered. By f32; as many passes as rows, and four.
 * @param outputIds the answer's tokens, at least one.
 * @throws NativeError; CodedError of writing the prompts.
 */
export async function contextLosses(
  { session, base, adapter, signal }: LossMeter,
  question: Question,
  composed: ComposedPrompt,
  outputIds: readonly number[],
): Promise<ContextLosses> {
  const { tokenizer, native: model } = base;
  const alone = await promptIds(question, tokenizer);
  const lossOf = async (prompt: readonly number[], by?: Adapter): Promise<number> => {
    const example: Example = { ids: [...prompt, ...outputIds], completionStart: prompt.length };
    const job = session.evaluate({ model, adapter: by, examples: [example] });
    return natUnits((await job.wait({ signal, intervalMs: 5 })).losses[0]!);
  };
  const rows: ShownRow[] = [];
  for (const [place, { rowId }] of composed.rows.entries()) {
    const others = await promptWithout(composed, place, question, tokenizer);
    rows.push({ rowId, without: await lossOf(others) });
  }
  return {
    rule: CONTEXT_RULE,
    rows,
    base: { none: await lossOf(alone), all: await lossOf(composed.ids) },
    model: { none: await lossOf(alone, adapter), all: await lossOf(composed.ids, adapter) },
  };
}
