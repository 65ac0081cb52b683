import { join } from "node:path";
import { expect, test } from "vitest";
import { vectorsFolder } from "./group.ts";
import { runHostileModels } from "./hostile-models.ts";

const vectors = vectorsFolder();

test.skipIf(!vectors)(
  "hostile model folders: every defect is refused by name, everything sound loads",
  async () => {
    const result = await runHostileModels(join(vectors!, "hostile-models"));
    expect(result.failed).toEqual([]);
    expect(result.skipped).toEqual([]);
    expect(result.passed).toBeGreaterThan(0);
  },
);
