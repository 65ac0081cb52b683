import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runDerivation } from "./derivation.ts";
import { runExecutionApis } from "./execution-apis.ts";
import { vectorsFolder } from "./group.ts";
import { runOpSepoliaBlocks } from "./op-sepolia-blocks.ts";
import { runSuperchain } from "./superchain.ts";
import { runUpgradeTransactions } from "./upgrade-transactions.ts";

const vectors = vectorsFolder();

describe.skipIf(vectors === undefined)("conformance of chain and execution", () => {
  it.each([
    ["superchain", runSuperchain],
    ["upgrade-transactions", runUpgradeTransactions],
    ["derivation", runDerivation],
    ["op-sepolia-blocks", runOpSepoliaBlocks],
    ["execution-apis", runExecutionApis],
  ] as const)("%s", { timeout: 300_000 }, async (name, run) => {
    const result = await run(join(vectors!, name));
    expect(result.failed).toEqual([]);
    expect(result.passed).toBeGreaterThan(0);
  });
});
