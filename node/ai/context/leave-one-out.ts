import type { Adapter, Example, Model, Session } from "../../../native/js/index.ts";
import { type ComposedPrompt, promptWithout } from "./compose.ts";
import { natUnits } from "./nats.ts";
import { CONTEXT_RULE, type ContextLosses, type ShownRow } from "./rule.ts";

/** What answers are measured with. */
export interface LossMeter {
  session: Session;
  base: { native: Model };
  signal?: AbortSignal | undefined;
}

/**
 * Measures an answer behind its rows, behind all but each, and behind none, by the base model, which knows nothing of the rows by heart. By
 * f32; as many passes as rows, and two.
 * @param outputIds the answer's tokens, at least one.
 * @throws NativeError; CodedError of writing the prompts.
 */
export async function baseLosses(
  meter: LossMeter,
  composed: ComposedPrompt,
  outputIds: readonly number[],
): Promise<Pick<ContextLosses, "rows" | "base">> {
  const rows: ShownRow[] = [];
  for (const [place, { rowId }] of composed.rows.entries()) {
    const others = await promptWithout(composed, place);
    rows.push({ rowId, without: await answerLoss(meter, others, outputIds) });
  }
  const none = await answerLoss(meter, composed.written.ids, outputIds);
  return { rows, base: { none, all: await answerLoss(meter, composed.ids, outputIds) } };
}

/**
 * The same, and with and without all rows by the model that answered: two passes more.
 * @param adapter of that model. Errors as {@link baseLosses}'s.
 */
export async function contextLosses(
  { adapter, ...meter }: LossMeter & { adapter: Adapter },
  composed: ComposedPrompt,
  outputIds: readonly number[],
): Promise<ContextLosses> {
  const none = await answerLoss(meter, composed.written.ids, outputIds, adapter);
  const all = await answerLoss(meter, composed.ids, outputIds, adapter);
  const byBase = await baseLosses(meter, composed, outputIds);
  return { rule: CONTEXT_RULE, ...byBase, model: { none, all } };
}

/**
 * An answer's loss behind a prompt: minus the sum of the logarithms of its tokens' probabilities, the end token among them, by f32, in units of
 * 2^-20 nats.
 * @param adapter absent: of the base model alone. @throws NativeError
 */
async function answerLoss(
  { session, base, signal }: LossMeter,
  prompt: readonly number[],
  outputIds: readonly number[],
  adapter?: Adapter,
): Promise<number> {
  const example: Example = { ids: [...prompt, ...outputIds], completionStart: prompt.length };
  const job = session.evaluate({ model: base.native, adapter, examples: [example] });
  return natUnits((await job.wait({ signal, intervalMs: 5 })).losses[0]!);
}
