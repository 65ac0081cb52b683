import { loadAddon } from "./addon.ts";
import type { Sampling } from "./engine-types.ts";

/** The largest logit, the lower id in a tie. */
export const GREEDY_SAMPLING: Sampling = {
  ...{ seed: 0n, choice: 0, temperature: 0, topK: 0, topP: 1_000_000, repetition: 1_000, presence: 0 },
};

/**
 * The token that follows `prompt` and `answer` where the model gives these logits.
 * @throws NativeError NATIVE_ARGUMENT, NATIVE_NUMERIC where a logit is not finite.
 */
export function sampleToken(
  logits: Float32Array,
  prompt: readonly number[],
  answer: readonly number[],
  sampling: Sampling,
): number {
  return loadAddon().sample(logits, Int32Array.from(prompt), Int32Array.from(answer), sampling);
}
