import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { METHODS } from "../ai/evaluation/method-names.ts";
import { reportFile } from "../ai/evaluation/report-file.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { reportRoute } from "./report-route.ts";
import type { ApiContext } from "./routes.ts";

const folder = mkdtempSync(join(tmpdir(), "reports-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const manifestHash: Hash = `0x${"ab".repeat(32)}`;
const ask = (manifest: string) =>
  reportRoute(folder).run(undefined, { params: { manifest } } as unknown as ApiContext);

test("what was measured of a model is told by its manifest, and nothing else of the folder", async () => {
  expect(await ask(manifestHash)).toBeNull();
  const mean = { mean: 0.5, interval: [0.25, 0.75] };
  const figures = { first: { count: 3, interval: [0.1, 0.9] }, share: mean, spearman: mean };
  const methods = Object.fromEntries(Object.keys(METHODS).map((name) => [name, figures]));
  const format = "openledger/attribution-report/1";
  const report = { format, manifestHash, answers: 4, contributors: 3, halves: 0, methods };
  writeFileSync(reportFile(folder, manifestHash), JSON.stringify(report));
  expect(await ask(manifestHash)).toEqual(report);
  // Of another model, whatever the file is called.
  const other: Hash = `0x${"cd".repeat(32)}`;
  writeFileSync(reportFile(folder, other), JSON.stringify(report));
  expect(await ask(other)).toBeNull();
  writeFileSync(reportFile(folder, other), "{");
  expect(await ask(other)).toBeNull();
  for (const bad of ["../secret", `${manifestHash}/..`, manifestHash.toUpperCase()])
    await expect(ask(bad)).rejects.toThrow(expect.objectContaining({ code: "API_NOT_FOUND" }));
});
