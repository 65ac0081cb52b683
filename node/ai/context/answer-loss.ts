import type { Adapter, Example, Model, Session } from "../../../native/js/index.ts";
import { natUnits } from "./nats.ts";

/** What answers are measured with. */
export interface LossMeter {
  session: Session;
  base: { native: Model };
  signal?: AbortSignal | undefined;
}

/**
 * An answer's loss behind a prompt: minus the sum of the logarithms of its tokens' probabilities, the end token among them, by f32, in units of
 * 2^-20 nats.
 * @param adapter absent: of the base model alone. @throws NativeError
 */
export async function answerLoss(
  { session, base, signal }: LossMeter,
  prompt: readonly number[],
  outputIds: readonly number[],
  adapter?: Adapter,
): Promise<number> {
  const example: Example = { ids: [...prompt, ...outputIds], completionStart: prompt.length };
  const job = session.evaluate({ model: base.native, adapter, examples: [example] });
  return natUnits((await job.wait({ signal, intervalMs: 5 })).losses[0]!);
}
