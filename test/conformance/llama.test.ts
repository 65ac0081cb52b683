import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../node/base/paths.ts";
import { runLlama } from "./llama.ts";

const folder = join(process.env.OPENLEDGER_VECTORS ?? join(packageRoot(), "../shared/vectors"), "llama");

test.skipIf(!existsSync(folder))("llama vectors: nothing fails, nothing is skipped", async () => {
  const result = await runLlama(folder);
  expect(result.failed).toEqual([]);
  expect(result.skipped).toEqual([]);
  expect(result.passed).toBeGreaterThan(500);
});
