import { join } from "node:path";
import { expect, test } from "vitest";
import { runEkfac } from "./ekfac.ts";
import { vectorsFolder } from "./group.ts";

const vectors = vectorsFolder();

test.skipIf(!vectors)("ekfac vectors: the sketch keeps kronfluence's LoRA scores", async () => {
  const result = await runEkfac(join(vectors!, "ekfac"));
  expect(result.failed).toEqual([]);
  expect(result.passed).toBeGreaterThan(0);
});
