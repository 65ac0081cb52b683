import { Adapter, adapterTensors, type Example, initialWeights, Model } from "./index.ts";
import { LORA_TARGETS, type LoraTarget, type ModelConfig } from "./types.ts";

export const CONFIG: ModelConfig = {
  ...{ vocabSize: 61, hiddenSize: 24, layers: 2, heads: 4, kvHeads: 2, headDim: 6, intermediateSize: 40 },
  ...{ maxPositions: 32, rmsEps: 1e-5, ropeTheta: 10000, tied: true },
};

/** Small integers from a linear congruential generator: the same on every machine. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 16;
  };
}

/** A tiny model with an adapter, and rows of it; for tests. @param longest tokens of a row, not reached */
export function subject(
  config = CONFIG,
  targets: readonly LoraTarget[] = LORA_TARGETS,
  count = 20,
  longest = 24,
) {
  const shape = { rank: 3, scale: 2, targets };
  const next = sequence(7);
  const tensors = adapterTensors(config, shape);
  const values = Object.fromEntries(
    tensors.map(({ name, count: size }) => [
      name,
      Float32Array.from({ length: size }, () => (next() / 65536 - 0.5) / 4),
    ]),
  );
  const examples: Example[] = Array.from({ length: count }, () => {
    const length = 4 + (next() % (longest - 4));
    const ids = Array.from({ length }, () => next() % config.vocabSize);
    return { ids, completionStart: 1 + (next() % (length - 1)) };
  });
  const model = new Model(config, initialWeights(config, 3n));
  return { model, adapter: new Adapter(config, shape, values), examples, tensors, rank: shape.rank };
}
