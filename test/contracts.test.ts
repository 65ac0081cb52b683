import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { brokenLayouts, renderSnapshots, snapshotFile } from "../contracts/snapshots.mjs";
import { compiled } from "../precompiles/testing/evm.ts";

/** A registry's storage, as a snapshot has it. */
const REGISTRY = `Plain
  0+0 a: uint256, 32 B

Registry at 0x11
  0+0 _owner: address, 20 B
  1+0 _things: mapping(uint256 => struct Thing), 32 B
    0+0 first: uint64, 8 B
    1+0 second: bytes32, 32 B
  2+0 count: uint256, 32 B
`;

describe("what an upgrade may do to storage", () => {
  const broken = (from: string, to: string) => brokenLayouts(REGISTRY, REGISTRY.replace(from, to));

  it.each([
    [
      "a variable behind all others",
      "  2+0 count: uint256, 32 B",
      "  2+0 count: uint256, 32 B\n  3+0 more: bool, 1 B",
    ],
    [
      "a field that takes the rest of a slot",
      "first: uint64, 8 B",
      "first: uint64, 8 B\n    0+8 other: bool, 1 B",
    ],
    ["another variable of what is never upgraded", "  0+0 a: uint256, 32 B", "  0+0 b: bool, 1 B"],
  ])("is to add %s", (_, from, to) => {
    expect(broken(from, to)).toEqual([]);
  });

  it.each([
    ["another type", "count: uint256, 32 B", "count: uint128, 16 B"],
    ["something before", "  1+0 _things", "  1+0 more: uint256, 32 B\n  2+0 _things"],
    ["a variable less", "  0+0 _owner: address, 20 B\n", ""],
    [
      "fields the other way round",
      "0+0 first: uint64, 8 B\n    1+0 second",
      "0+0 second: uint64, 8 B\n    1+0 first",
    ],
    ["another namespace", "at 0x11", "at 0x12"],
    ["none at all", "Registry at 0x11", "Other at 0x11"],
  ])("is not %s", (_, from, to) => {
    expect(broken(from, to)).toEqual(["Registry"]);
  });
});

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
