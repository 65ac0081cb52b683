import { execFileSync } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../base/paths.ts";
import { ownArtifact, stockArtifact } from "./artifacts.ts";

describe("contract artifacts", () => {
  it("are read from our build and from contracts-bedrock", () => {
    expect(ownArtifact("ForcedSend", "LiquidityController").bytecode.length).toBeGreaterThan(10);
    expect(stockArtifact("Proxy").abi.length).toBeGreaterThan(3);
  });

  it("name the contract that is missing and say what to do", () => {
    expect(() => ownArtifact("NoSuchContract")).toThrowError(
      expect.objectContaining({
        code: "CONTRACTS_NOT_BUILT",
        facts: expect.objectContaining({ name: "NoSuchContract" }),
      }),
    );
    expect(() => stockArtifact("NoSuchContract")).toThrowError(
      expect.objectContaining({ code: "ARTIFACT_MISSING" }),
    );
  });

  it("are refused where a source was changed after it was compiled", () => {
    const read = (change: string) => {
      const from = join(packageRoot(), "contracts");
      const to = mkdtempSync(join(tmpdir(), "openledger-contracts-"));
      for (const folder of ["out/RewardBalances.sol", "src"]) {
        cpSync(join(from, folder), join(to, folder), { recursive: true });
      }
      appendFileSync(join(to, "src/interfaces/protocol/IRewardBalances.sol"), change);
      return ownArtifact("RewardBalances", "RewardBalances", to);
    };
    expect(read("").bytecode).toMatch(/^0x/);
    expect(() => read("// another version\n")).toThrowError(
      expect.objectContaining({
        code: "CONTRACTS_STALE",
        facts: { name: "RewardBalances", source: "src/interfaces/protocol/IRewardBalances.sol" },
      }),
    );
  });

  it("match the committed ABIs", () => {
    const build = join(packageRoot(), "contracts/build.mjs");
    const output = execFileSync(process.execPath, [build, "--check"], { encoding: "utf8" });
    expect(output).toContain("contracts:");
  });
});
