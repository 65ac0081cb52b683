import { join } from "node:path";
import { expect, test } from "vitest";
import { vectorsFolder } from "./group.ts";
import { runLlama, runLlamaFamilies } from "./llama.ts";

const vectors = vectorsFolder();

test.skipIf(!vectors)("llama vectors: nothing fails, nothing is skipped", async () => {
  const result = await runLlama(join(vectors!, "llama"));
  expect(result.failed).toEqual([]);
  expect(result.skipped).toEqual([]);
  expect(result.passed).toBeGreaterThan(0);
});

test.skipIf(!vectors)("vectors of Qwen3 and Mistral: nothing fails, nothing is skipped", async () => {
  const result = await runLlamaFamilies(join(vectors!, "llama-families"));
  expect(result.failed).toEqual([]);
  expect(result.skipped).toEqual([]);
  expect(result.passed).toBeGreaterThan(0);
});
