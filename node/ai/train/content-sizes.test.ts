import { expect, test } from "vitest";
import { parseModelConfig } from "../model/config.ts";
import { requireStorable } from "./content-sizes.ts";
import { DEFAULT_METHOD, defaultMethod, type Method } from "./method.ts";

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

test("a factored basis is as large as its directions make it, however many rows there are", () => {
  const factored = (rank: number): Method => ({
    ...defaultMethod(135e6),
    lora: { ...DEFAULT_METHOD.lora, rank },
  });
  // 4,096 directions of one tensor each: 33 million numbers.
  expect(() => requireStorable(new Map(), SMOLLM2, 1_000_000, factored(8))).not.toThrow();
  // The adapter itself still fits.
  expect(() => requireStorable(new Map(), SMOLLM2, 40, factored(40))).toThrow(
    expect.objectContaining({
      code: "CONTENT_TOO_LARGE",
      message: expect.stringContaining("basis (4096 directions)"),
    }),
  );
});

test("the default method's basis is storable for every size of model", () => {
  const sizes = [
    { parameters: 494e6, hidden: 896, intermediate: 4864, layers: 24, heads: 14, kv: 2 },
    { parameters: 1_236e6, hidden: 2048, intermediate: 8192, layers: 16, heads: 32, kv: 8 },
    { parameters: 3_213e6, hidden: 3072, intermediate: 8192, layers: 28, heads: 24, kv: 8 },
    { parameters: 8_030e6, hidden: 4096, intermediate: 14_336, layers: 32, heads: 32, kv: 8 },
  ];
  for (const { parameters, hidden, intermediate, layers, heads, kv } of sizes) {
    const config = parseModelConfig({
      ...{ model_type: "llama", vocab_size: 128_256, hidden_size: hidden, intermediate_size: intermediate },
      ...{ num_hidden_layers: layers, num_attention_heads: heads, num_key_value_heads: kv },
      max_position_embeddings: 8192,
    });
    expect(() => requireStorable(new Map(), config, 1_000_000, defaultMethod(parameters))).not.toThrow();
  }
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
