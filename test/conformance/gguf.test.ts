import { join } from "node:path";
import { expect, test } from "vitest";
import { runGguf } from "./gguf.ts";
import { vectorsFolder } from "./group.ts";

const vectors = vectorsFolder();

test.skipIf(!vectors)("GGUF vectors: nothing fails, nothing is skipped", async () => {
  const result = await runGguf(join(vectors!, "gguf"));
  expect(result.failed).toEqual([]);
  expect(result.skipped).toEqual([]);
  expect(result.passed).toBeGreaterThan(0);
});
