import { describe, expect, test } from "vitest";
import { parseModelConfig } from "./config.ts";
import {
  adapterParameters,
  engineMemory,
  fitMemory,
  requestMemory,
  requireMemory,
  servingMemory,
  trainingMemory,
} from "./estimate.ts";

const SMOLLM2 = parseModelConfig({
  model_type: "llama",
  vocab_size: 49_152,
  hidden_size: 576,
  intermediate_size: 1536,
  num_hidden_layers: 30,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  max_position_embeddings: 8192,
  tie_word_embeddings: true,
});
const sum = (parts: readonly { bytes: number }[]) => parts.reduce((total, { bytes }) => total + bytes, 0);

describe("the estimate of SmolLM2-135M", () => {
  test("knows its adapter's size, and the factors that fitting takes", () => {
    expect(adapterParameters(SMOLLM2, { rank: 8 })).toBe(2_442_240);
    const use = { adapter: { rank: 8 }, longestRow: 100, rows: 40, dimension: 64 };
    const factors = fitMemory(SMOLLM2, 0, use).find(({ name }) => name === "factors")!.bytes;
    // 274 million entries in fp64 and twice in fp32, and what their eigenvectors take while they are worked out.
    expect(factors / 16).toBeGreaterThan(2.7e8);
    expect(factors / 16).toBeLessThan(2.9e8);
  });

  test("counts what a question takes beside a model in memory", () => {
    const ask = (positions: number, mantissas: number) =>
      sum(requestMemory(SMOLLM2, { positions, adapter: { rank: 8 }, mantissas }));
    // A copy of the directions in int16 and one in fp32.
    expect(ask(100, 2e6) - ask(100, 1e6)).toBe(6e6);
    // Activations of all layers stay for the gradient: about a megabyte a token.
    expect(ask(1100, 0) - ask(100, 0)).toBeGreaterThan(1e9);
  });

  test("counts an engine's cache, of which every position has its part", () => {
    const engine = (positions: number) => sum(engineMemory(SMOLLM2, { positions, rows: 320, answers: 64 }));
    expect(engine(2000) - engine(1000)).toBe(46_080 * 1000);
  });

  test("grows with what a job takes", () => {
    const serve = (positions: number) =>
      sum(servingMemory(SMOLLM2, 97e6, { positions, adapters: [{ rank: 8 }] }));
    // 2 * 30 layers * 192 * 4 bytes a position and the activations of one layer.
    expect(serve(2000) - serve(1000)).toBeGreaterThan(46_080 * 1000);
    const train = (longestRow: number) =>
      sum(trainingMemory(SMOLLM2, 97e6, { adapter: { rank: 8 }, longestRow }));
    expect(train(1024)).toBe(train(10));
    expect(train(8192)).toBeGreaterThan(8e9);
  });

  test("refuses what does not fit with every part, and nothing else", () => {
    const parts = servingMemory(SMOLLM2, 97e6, { positions: 512 });
    expect(() => requireMemory("serving", parts, sum(parts))).not.toThrow();
    expect(() => requireMemory("serving", parts, sum(parts) - 1)).toThrow(
      expect.objectContaining({
        code: "MEMORY_TOO_SMALL",
        message: expect.stringMatching(
          /serving needs \d+ MiB .*weights 93 MiB, key-value cache 23 MiB, activations/,
        ),
        facts: expect.objectContaining({ parts: expect.objectContaining({ weights: 97e6 }) }),
      }),
    );
  });
});
