import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { flagName, loadNodeConfig, variableName } from "./node-config.ts";

const flags = { dataDir: "d", l1Url: "http://127.0.0.1:8545" };

describe("loadNodeConfig", () => {
  test("flags win over the environment, which wins over the file, which wins over defaults", async () => {
    const folder = await mkdtemp(join(tmpdir(), "config-"));
    const file = join(folder, "node.json");
    await writeFile(file, JSON.stringify({ rpcPort: 1, rpcHost: "file", l1PollMs: 5, sequencer: true }));
    const env = { OPENLEDGER_RPC_PORT: "2", OPENLEDGER_RPC_HOST: "env", HOME: "/" };
    const config = loadNodeConfig({ file, env, flags: { ...flags, rpcPort: "3", rpcHost: undefined } });
    expect(config).toMatchObject({
      rpcPort: 3,
      rpcHost: "env",
      l1PollMs: 5,
      sequencer: true,
      clock: "wall",
      l1Confirmations: 4,
    });
    await rm(folder, { recursive: true });
  });

  test("names the setting and how to give it", () => {
    const bad: [Record<string, unknown>, string][] = [
      [{ dataDir: "d" }, "l1Url"],
      [{ ...flags, rpcPort: "70000" }, "rpcPort"],
      [{ ...flags, rpcPort: "x" }, "rpcPort"],
      [{ ...flags, rpcGasCap: "much" }, "rpcGasCap"],
      [{ ...flags, rpcGasCap: "-1" }, "rpcGasCap"],
      [{ ...flags, rpcEvmTimeout: "0" }, "rpcEvmTimeout"],
      [{ ...flags, l1Url: "ftp://x" }, "l1Url"],
      [{ ...flags, batcherKey: "0x12" }, "batcherKey"],
      [{ ...flags, clock: "sundial" }, "clock"],
      [{ ...flags, sequencer: "maybe" }, "sequencer"],
      [{ ...flags, colour: "red" }, "colour"],
    ];
    for (const [given, setting] of bad) {
      expect(() => loadNodeConfig({ env: {}, flags: given }), setting).toThrow(
        expect.objectContaining({ code: "CONFIG_INVALID", facts: { setting } }),
      );
    }
    expect(() =>
      loadNodeConfig({ env: {}, flags: { ...flags, proposerKey: `0x${"11".repeat(32)}` } }),
    ).toThrow(/where to propose/);
    expect(() => loadNodeConfig({ file: "/does/not/exist", env: {}, flags })).toThrow(
      expect.objectContaining({ code: "CONFIG_FILE_INVALID" }),
    );
    expect([variableName("l1Url"), flagName("batcherChannelBlocks")]).toEqual([
      "OPENLEDGER_L1_URL",
      "--batcher-channel-blocks",
    ]);
  });
});
