import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testRollup } from "../../test/harness/blocks.ts";
import { rollupConfigToJson } from "../chain/config/rollup-config.ts";
import { loadNodeConfig } from "./config/node-config.ts";
import { readChainDefinition, requireBlobForm } from "./open-chain.ts";

test("a fork schedule that derivation does not know is refused by name, before anything is opened", () => {
  const folder = mkdtempSync(join(tmpdir(), "openledger-schedule-"));
  try {
    const json = rollupConfigToJson(testRollup());
    writeFileSync(join(folder, "rollup.json"), JSON.stringify({ ...json, jovian_time: 4_000_000_000 }));
    const config = loadNodeConfig({ env: {}, flags: { dataDir: folder, l1Url: "http://127.0.0.1:1" } });
    expect(() => readChainDefinition(config)).toThrowError(
      expect.objectContaining({
        code: "FORK_SCHEDULE_UNSUPPORTED",
        message: expect.stringContaining("jovian"),
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a batcher that is to send blobs to an L1 that wants cell proofs is refused at the start", () => {
  const osaka = { chainId: 1n, blobSchedule: [], osakaTime: 5n };
  const flags = { dataDir: "d", l1Url: "http://127.0.0.1:1", batcherKey: `0x${"11".repeat(32)}` };
  const config = (batcherData: string) => loadNodeConfig({ env: {}, flags: { ...flags, batcherData } });
  for (const data of ["blobs", "auto"])
    expect(() => requireBlobForm(config(data), osaka)).toThrow(/cell proofs/);
  requireBlobForm(config("calldata"), osaka);
  requireBlobForm(config("blobs"), { ...osaka, osakaTime: undefined });
});
