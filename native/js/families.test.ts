// What the shared vectors do not hold: a bias at every linear. Gradients against differences of the loss.
import { describe, expect, it } from "vitest";
import { initialWeights, LORA_TARGETS, Model, type ModelConfig, modelTensors, Session } from "./index.ts";

const config: ModelConfig = {
  vocabSize: 40,
  hiddenSize: 20,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headDim: 6,
  intermediateSize: 28,
  maxPositions: 32,
  rmsEps: 1e-6,
  ropeTheta: 10_000,
  tied: false,
  biases: LORA_TARGETS,
  qkNorm: true,
};

/** Reproducible values in ±scale. */
function values(count: number, seed: number, scale: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * scale;
  });
}

describe("biases at every linear and norms of the heads", () => {
  const session = new Session({ threads: 1 });
  const weights = initialWeights(config, 3n);
  for (const { name, count } of modelTensors(config)) {
    const noise = values(count, name.length * 7 + 1, name.endsWith("norm.weight") ? 0.4 : 0.3);
    for (let i = 0; i < count; i++) weights[name]![i]! += noise[i]!;
  }
  const examples = [{ ids: Array.from({ length: 12 }, (_, t) => (t * 17 + 3) % 40), completionStart: 4 }];
  const lossWith = async (name: string, tensor: Float32Array): Promise<number> => {
    const model = new Model(config, { ...weights, [name]: tensor });
    return (await session.evaluate({ model, examples }).wait()).losses[0]!;
  };

  it("names every bias and norm in the layout", () => {
    const names = modelTensors(config).map(({ name }) => name);
    expect(names.filter((name) => name.endsWith(".bias"))).toHaveLength(14);
    expect(names.filter((name) => /self_attn\.[qk]_norm\.weight$/.test(name))).toHaveLength(4);
  });

  it("gives the gradient that differences of the loss give", async () => {
    const model = new Model(config, weights);
    const { gradients } = await session.gradients({ model, examples }).wait();
    const checked = modelTensors(config).filter(({ name }) => /\.bias$|norm\.weight$/.test(name));
    for (const { name, count } of checked) {
      const direction = values(count, 99, 1);
      const step = 2 ** -7;
      const moved = (sign: number) => weights[name]!.map((w, i) => w + sign * step * direction[i]!);
      const slope = ((await lossWith(name, moved(1))) - (await lossWith(name, moved(-1)))) / (2 * step);
      const norm = Math.hypot(...gradients[name]!) * Math.hypot(...direction);
      const dot = gradients[name]!.reduce((sum, g, i) => sum + g * direction[i]!, 0);
      // k's bias moves every score of a query alike, up to RoPE: its gradient may be near zero.
      expect(Math.abs(dot - slope), name).toBeLessThan(0.01 * norm + 1e-3);
    }
  });
});
