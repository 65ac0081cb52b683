import { join } from "node:path";
import { expect, test } from "vitest";
import { vectorsFolder } from "./group.ts";
import { runLlama } from "./llama.ts";

const vectors = vectorsFolder();

test.skipIf(!vectors)("llama vectors: nothing fails, nothing is skipped", async () => {
  const result = await runLlama(join(vectors!, "llama"));
  expect(result.failed).toEqual([]);
  expect(result.skipped).toEqual([]);
  expect(result.passed).toBeGreaterThan(500);
});
