import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { testRollup } from "../../test/harness/blocks.ts";
import { parseGenesis } from "../chain/config/genesis.ts";
import { rollupConfigToJson } from "../chain/config/rollup-config.ts";
import { makeGenesis } from "../execution/state/genesis-state.ts";
import { loadNodeConfig } from "./config/node-config.ts";
import { readChainDefinition, requireBatchForm } from "./open-chain.ts";

describe("the chain's files", () => {
  const genesis = {
    config: { chainId: 901, regolithTime: 0, canyonTime: 0, ecotoneTime: 2_000_000_000 },
    timestamp: "0x0",
    gasLimit: "0x1c9c380",
    alloc: {},
  };
  const hash = makeGenesis(parseGenesis(genesis)).block.hash;
  const { genesis: start, ...rest } = rollupConfigToJson(testRollup()) as { genesis: object };
  const unscheduled = Object.fromEntries(
    Object.entries(rest).filter(([key]) => !key.endsWith("_time") || key === "block_time"),
  );
  const rollup = {
    ...unscheduled,
    genesis: { ...start, l2: { hash, number: 0 }, l2_time: 0 },
    ...{ regolith_time: 0, canyon_time: 0, delta_time: 1_999_999_999, ecotone_time: 2_000_000_000 },
  };

  const read = (files: Record<string, unknown>) => {
    const folder = mkdtempSync(join(tmpdir(), "openledger-schedule-"));
    try {
      for (const [name, json] of Object.entries(files))
        writeFileSync(join(folder, name), JSON.stringify(json));
      return readChainDefinition(
        loadNodeConfig({ env: {}, flags: { dataDir: folder, l1Url: "http://127.0.0.1:1" } }),
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  const files = {
    "genesis.json": genesis,
    "rollup.json": rollup,
    "l1-chain-config.json": { chainId: 900, blobSchedule: {} },
    "openledger.json": {},
  };
  const codes = (code: string, message: RegExp) =>
    expect.objectContaining({ code, message: expect.stringMatching(message) });

  test("may schedule forks in the middle of the chain", () => {
    expect(read(files).rollup.forkTimes).toMatchObject({ ecotone: 2_000_000_000n });
  });

  test("with forks out of order, or one that this node lacks, are refused by name", () => {
    const refuse = (change: object, message: RegExp) =>
      expect(() => read({ ...files, "rollup.json": { ...rollup, ...change } })).toThrowError(
        codes("ROLLUP_CONFIG_INVALID", message),
      );
    refuse({ granite_time: 2_000_000_001 }, /granite at 2000000001, but fjord never/);
    refuse({ delta_time: 2_000_000_001 }, /ecotone at 2000000000, but delta at 2000000001/);
    refuse({ karst_time: 2_000_000_001 }, /karst_time/);
  });

  test("that give a fork two times are refused by its name", () => {
    const change = (config: object) => ({ ...genesis, config: { ...genesis.config, ...config } });
    const refuse = (config: object, message: RegExp) =>
      expect(() => read({ ...files, "genesis.json": change(config) })).toThrowError(
        codes("GENESIS_MISMATCH", message),
      );
    refuse({ ecotoneTime: 2_000_000_001 }, /ecotone at 2000000001, but rollup.json at 2000000000/);
    refuse({ fjordTime: 2_000_000_002 }, /fjord at 2000000002, but rollup.json never/);
  });
});

test("a batcher on a chain before Fjord is refused at the start, by the fork's time", () => {
  const flags = { dataDir: "d", l1Url: "http://127.0.0.1:1" };
  const batcher = loadNodeConfig({ env: {}, flags: { ...flags, batcherKey: `0x${"11".repeat(32)}` } });
  const at = (seconds: number) => ({ now: () => seconds });
  const rollup = testRollup();
  const later = { ...rollup, forkTimes: { ...rollup.forkTimes, fjord: 5_000n } };
  expect(() => requireBatchForm(batcher, later, at(4_999.9))).toThrow(/Fjord comes at 5000/);
  requireBatchForm(batcher, later, at(5_000));
  requireBatchForm(loadNodeConfig({ env: {}, flags }), later, at(0));
  expect(() => requireBatchForm(batcher, { ...rollup, forkTimes: {} }, at(0))).toThrow(/never comes/);
});
