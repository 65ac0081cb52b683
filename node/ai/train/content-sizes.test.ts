import { expect, test } from "vitest";
import { parseModelConfig } from "../model/config.ts";
import { requireStorable } from "./content-sizes.ts";
import { DEFAULT_METHOD, type Method } from "./method.ts";

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

test("a factored basis is as large as its axes make it, however many rows there are", () => {
  const { damping, maxDirectionRows, labels, seed, floor, topK } = DEFAULT_METHOD.attribution;
  const folded = (axes: number): Method => ({
    ...DEFAULT_METHOD,
    attribution: {
      ...{ kind: "ekfac-fold", damping, maxDirectionRows, labels, seed, floor, topK },
      ...{ axes, dimension: 4096, unit: true },
    },
  });
  // Of 64 axes: 19.7 million numbers.
  expect(() => requireStorable(new Map(), SMOLLM2, 1_000_000, folded(64))).not.toThrow();
  expect(() => requireStorable(new Map(), SMOLLM2, 40, folded(4096))).toThrow(
    expect.objectContaining({
      code: "CONTENT_TOO_LARGE",
      message: expect.stringContaining("basis (4096 axes)"),
    }),
  );
});

test("a part of a model that no node would take is refused by its name before the work", () => {
  const ranked = (rank: number) => ({ ...DEFAULT_METHOD, lora: { ...DEFAULT_METHOD.lora, rank } });
  // 64 directions of 2,442,240 parameters in int16 are 312 million bytes; of half as many parameters, 156.
  expect(() => requireStorable(new Map(), SMOLLM2, 40, ranked(8))).toThrow(
    expect.objectContaining({
      code: "CONTENT_TOO_LARGE",
      message: expect.stringContaining("basis (64 directions)"),
    }),
  );
  expect(() => requireStorable(new Map(), SMOLLM2, 40, ranked(4))).not.toThrow();
  const weights = new Map([["model.safetensors", new Uint8Array(269_060_552)]]);
  expect(() => requireStorable(weights, SMOLLM2, 40, ranked(4))).toThrow(
    expect.objectContaining({
      code: "CONTENT_TOO_LARGE",
      facts: expect.objectContaining({ name: "model.safetensors", bytes: 269_060_552 }),
    }),
  );
});
