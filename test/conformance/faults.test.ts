import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Fault } from "./faults/fault.ts";
import { checkIntake } from "./faults.ts";
import { vectorsFolder } from "./group.ts";

const vectors = vectorsFolder();

// The others need a devnet: `npm run conformance` runs them.
describe.skipIf(vectors === undefined)("documents that people met elsewhere", () => {
  const folder = join(vectors ?? "", "faults");
  const faults = (vectors ? readdirSync(folder) : [])
    .filter((name) => name.endsWith(".json"))
    .map((name) => [name, JSON.parse(readFileSync(join(folder, name), "utf8")) as Fault] as const)
    .filter(([, { kind }]) => kind === "intake");

  it.each(faults)("%s", (_, fault) => {
    expect(checkIntake(fault)).toBeUndefined();
    expect(checkIntake({ ...fault, rows: [...(fault.rows ?? []), "more"] })).toMatch(/^came/);
  });
});
