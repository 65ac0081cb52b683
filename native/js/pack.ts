import { NativeError } from "./error.ts";
import type { Example } from "./types.ts";

export interface PackedExamples {
  ids: Int32Array;
  /** 1 where the token is a target. */
  targets: Uint8Array;
  /** examples + 1 entries. */
  offsets: Int32Array;
  targetCounts: number[];
}

/** Lays examples end to end. Ids are range-checked natively, shapes here. */
export function packExamples(examples: readonly Example[]): PackedExamples {
  const { ids, offsets } = packPrompts(examples.map((example) => example.ids));
  const targets = new Uint8Array(ids.length);
  const targetCounts: number[] = [];
  for (const [index, example] of examples.entries()) {
    const start = offsets[index]!;
    const length = offsets[index + 1]! - start;
    if (example.mask) {
      if (example.mask.length !== length || example.mask[0] !== 0) {
        throw new NativeError(
          "NATIVE_ARGUMENT",
          `example ${index}: the mask needs one entry a token and starts with 0`,
        );
      }
      for (let t = 0; t < length; t++) targets[start + t] = example.mask[t] === 0 ? 0 : 1;
    } else {
      const first = example.completionStart;
      if (!Number.isInteger(first) || first < 1 || first > length) {
        throw new NativeError(
          "NATIVE_ARGUMENT",
          `example ${index}: completionStart ${first} is not in 1..${length}`,
          "The first token has no context: a completion starts at 1 or later.",
        );
      }
      targets.fill(1, start + first, start + length);
    }
    let count = 0;
    for (let t = 0; t < length; t++) count += targets[start + t]!;
    targetCounts.push(count);
  }
  return { ids, targets, offsets, targetCounts };
}

/** Lays token lists end to end. */
export function packPrompts(prompts: readonly (Int32Array | readonly number[])[]): {
  ids: Int32Array;
  offsets: Int32Array;
} {
  if (prompts.length === 0) throw new NativeError("NATIVE_ARGUMENT", "no examples given");
  const offsets = new Int32Array(prompts.length + 1);
  for (const [index, prompt] of prompts.entries()) {
    if (prompt.length === 0) throw new NativeError("NATIVE_ARGUMENT", `example ${index} has no tokens`);
    offsets[index + 1] = offsets[index]! + prompt.length;
  }
  const ids = new Int32Array(offsets[prompts.length]!);
  for (const [index, prompt] of prompts.entries()) {
    for (let t = 0; t < prompt.length; t++) {
      const id = prompt[t]!;
      if (!Number.isInteger(id))
        throw new NativeError("NATIVE_ARGUMENT", `example ${index}: token ${t} is not an integer`);
      ids[offsets[index]! + t] = id;
    }
  }
  return { ids, offsets };
}

/** Steps as one list of example indices and the offsets of the steps in it. */
export function packSteps(
  steps: readonly (readonly number[])[],
  examples: number,
): [order: Int32Array, stepOffsets: Int32Array] {
  const offsets = new Int32Array(steps.length + 1);
  for (const [index, step] of steps.entries()) {
    if (step.length === 0) throw new NativeError("NATIVE_ARGUMENT", `step ${index} has no examples`);
    offsets[index + 1] = offsets[index]! + step.length;
  }
  const order = Int32Array.from(steps.flat());
  for (const index of order) {
    if (index < 0 || index >= examples)
      throw new NativeError("NATIVE_ARGUMENT", `there is no example ${index}`);
  }
  return [order, offsets];
}
