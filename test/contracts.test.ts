import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { renderSnapshots, snapshotFile } from "../contracts/snapshots.mjs";
import { compiled } from "../precompiles/testing/evm.ts";

/** What EIP-170 lets a contract have. */
const MAX_CODE = 24_576;

describe.skipIf(compiled("InferenceMarket") === undefined)("snapshots of the contracts", () => {
  const texts: Record<string, string> = renderSnapshots();

  it.each(["storage.txt", "abi.txt"])(
    "%s is what forge compiled: see node contracts/snapshots.mjs",
    (name) => {
      const file: string = snapshotFile(name);
      expect(existsSync(file)).toBe(true);
      expect(texts[name]).toBe(readFileSync(file, "utf8"));
    },
  );

  it("leaves every contract that is deployed room below the largest code", () => {
    const sizes = [...(texts["abi.txt"] ?? "").matchAll(/^(\w+), (\d+) B$/gm)].map(([, name, bytes]) => [
      name,
      Number(bytes),
    ]);
    expect(sizes.length).toBeGreaterThan(15);
    const near = sizes.filter(
      ([name, bytes]) => name !== "PreinstallCodes" && Number(bytes) > MAX_CODE - 2_048,
    );
    expect(near).toEqual([]);
  });
});
