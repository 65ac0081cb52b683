import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hostLimits, loadWorkerConfig } from "./ai-settings.ts";
import { loadNodeConfig } from "./node-config.ts";
import { flagName, variableName } from "./settings.ts";

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
      [{ ...flags, hostMaxQueue: "0" }, "hostMaxQueue"],
      [{ ...flags, hostModels: "1,x" }, "hostModels"],
      [{ ...flags, openaiKeys: "sk-1" }, "openaiKeys"],
      [{ ...flags, aiWorkerUrl: "https://elsewhere" }, "aiWorkerUrl"],
    ];
    for (const [given, setting] of bad) {
      expect(() => loadNodeConfig({ env: {}, flags: given }), setting).toThrow(
        expect.objectContaining({ code: "CONFIG_INVALID", facts: { setting } }),
      );
    }
    expect(() =>
      loadNodeConfig({ env: {}, flags: { ...flags, proposerKey: `0x${"11".repeat(32)}` } }),
    ).toThrow(/where outputs are proposed/);
    expect(() => loadNodeConfig({ file: "/does/not/exist", env: {}, flags })).toThrow(
      expect.objectContaining({ code: "CONFIG_FILE_INVALID" }),
    );
    expect([variableName("l1Url"), flagName("batcherChannelBlocks")]).toEqual([
      "OPENLEDGER_L1_URL",
      "--batcher-channel-blocks",
    ]);
  });

  test("reads what a host takes on itself, and refuses a host's key beside a worker elsewhere", () => {
    const hostKey = `0x${"11".repeat(32)}`;
    const given = {
      ...flags,
      hostModels: "3, 5",
      hostLeastRateOut: "7",
      openaiKeys: "sk-12345678,sk-abcdefgh",
    };
    const config = loadNodeConfig({ env: {}, flags: given });
    expect(hostLimits(config)).toMatchObject({
      models: [3n, 5n],
      leastRateOut: 7n,
      maxQueue: 32,
      maxTokensOut: 65_536,
    });
    expect(config.openaiKeys).toEqual(["sk-12345678", "sk-abcdefgh"]);
    const both = { ...flags, hostKey, protocol: "p", aiWorkerUrl: "http://10.0.0.3:9550" };
    expect(() => loadNodeConfig({ env: {}, flags: both })).toThrow(/elsewhere/);
    const worker = loadWorkerConfig({
      env: { OPENLEDGER_HOST_KEY: hostKey },
      flags: { node: "http://n:1", dataDir: "d" },
    });
    expect(worker).toMatchObject({ hostKey, workerPort: 9550, workerHost: "127.0.0.1" });
  });
});
