import { describe, expect, it } from "vitest";
import { testRollup } from "../../../test/harness/blocks.ts";
import { l1BlobBaseFee } from "../rules/blob-fee.ts";
import { parseGenesis } from "./genesis.ts";
import { parseL1ChainConfig } from "./l1-chain-config.ts";
import { parseOpenLedgerConfig } from "./openledger-config.ts";
import { parseRollupConfig, rollupConfigToJson } from "./rollup-config.ts";

const hash = `0x${"11".repeat(32)}`;
const address = `0x${"22".repeat(20)}`;
const json = {
  genesis: {
    l1: { hash, number: 3 },
    l2: { hash, number: 0 },
    l2_time: 1000,
    system_config: {
      batcherAddr: address,
      overhead: `0x${"00".repeat(32)}`,
      scalar: `0x01${"00".repeat(31)}`,
      gasLimit: 30_000_000,
      eip1559Params: "0x000000fa00000006",
      operatorFeeParams: `0x${"00".repeat(20)}0000000300000000000000ff`,
      minBaseFee: 5,
      daFootprintGasScalar: 400,
    },
  },
  block_time: 2,
  max_sequencer_drift: 600,
  seq_window_size: 3600,
  channel_timeout: 300,
  l1_chain_id: 900,
  l2_chain_id: 901,
  regolith_time: 0,
  canyon_time: 0,
  delta_time: 0,
  ecotone_time: 7,
  batch_inbox_address: address,
  deposit_contract_address: address,
  l1_system_config_address: address,
  chain_op_config: { eip1559Elasticity: 6, eip1559Denominator: 50, eip1559DenominatorCanyon: 250 },
};

describe("rollup.json", () => {
  it("is read and written without a change", () => {
    const config = parseRollupConfig(json);
    expect(config.genesis.systemConfig).toMatchObject({
      eip1559Denominator: 250,
      eip1559Elasticity: 6,
      operatorFeeScalar: 3,
      operatorFeeConstant: 255n,
    });
    expect(config.forkTimes).toEqual({ regolith: 0n, canyon: 0n, delta: 0n, ecotone: 7n });
    expect(rollupConfigToJson(config)).toEqual(json);
  });

  it.each([
    ["an unknown field", { ...json, jovain_time: 0 }, /jovain_time/],
    ["a missing field", { ...json, block_time: undefined }, /block_time/],
    ["a fork that this node lacks", { ...json, karst_time: 5 }, /karst_time/],
    [
      "a fork before its predecessor",
      { ...json, ecotone_time: undefined, fjord_time: 9 },
      /fjord at 9, but ecotone never/,
    ],
    [
      "a short hash",
      { ...json, genesis: { ...json.genesis, l1: { hash: "0x12", number: 0 } } },
      /genesis\.l1\.hash/,
    ],
    ["no object", "rollup", /rollup\.json is not valid/],
  ])("with %s is refused by name", (_, value, message) => {
    expect(() => parseRollupConfig(value)).toThrow(message);
  });
});

describe("other configs", () => {
  it("read the blob schedule in time order and demand one with Cancun", () => {
    const blobSchedule = {
      prague: { target: 6, max: 9, baseFeeUpdateFraction: 5007716 },
      cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3338477 },
      osaka: { target: 6, max: 9, baseFeeUpdateFraction: 5007716 },
    };
    expect(
      parseL1ChainConfig({ config: { chainId: 900, cancunTime: 1, pragueTime: 5, blobSchedule } }),
    ).toEqual({
      chainId: 900n,
      blobSchedule: [
        { time: 1n, baseFeeUpdateFraction: 3338477n },
        { time: 5n, baseFeeUpdateFraction: 5007716n },
      ],
    });
    expect(() => parseL1ChainConfig({ chainId: 900, cancunTime: 0 })).toThrow(/no blobSchedule/);
  });

  it("follow L1's forks of blob parameters alone (EIP-7892), as Ethereum scheduled them", () => {
    const fork = (target: number, max: number, baseFeeUpdateFraction: number) => ({
      ...{ target, max, baseFeeUpdateFraction },
    });
    const blobSchedule = {
      cancun: fork(3, 6, 3_338_477),
      prague: fork(6, 9, 5_007_716),
      osaka: fork(6, 9, 5_007_716),
      bpo1: fork(10, 15, 8_346_193),
      bpo2: fork(14, 21, 11_684_671),
      bpo3: fork(32, 48, 20_609_697),
    };
    const times = { cancunTime: 1, pragueTime: 2, osakaTime: 3, bpo1Time: 4, bpo2Time: 5 };
    const l1 = parseL1ChainConfig({ chainId: 1, ...times, blobSchedule });
    expect(l1.osakaTime).toBe(3n);
    const feeAt = (timestamp: bigint) =>
      l1BlobBaseFee({ timestamp, excessBlobGas: 100_000_000n }, l1, testRollup());
    // e^(10^8 / fraction), the fraction being that of the block's time; bpo3 is not scheduled.
    const expected = [3_338_477, 5_007_716, 5_007_716, 8_346_193, 11_684_671, 11_684_671].map((fraction) =>
      Math.exp(1e8 / fraction),
    );
    for (const [i, fee] of expected.entries()) {
      expect(Math.abs(Number(feeAt(BigInt(i + 1))) / fee - 1)).toBeLessThan(1e-3);
    }
  });

  it("read openledger.json", () => {
    expect(parseOpenLedgerConfig({})).toEqual({ attributionTime: undefined });
    expect(parseOpenLedgerConfig({ attributionTime: 0 })).toEqual({ attributionTime: 0n });
    expect(() => parseOpenLedgerConfig({ attributionTime: -1 })).toThrow(/openledger\.json/);
    const both = { attributionTime: 4, spanVerifierTime: 5 };
    expect(parseOpenLedgerConfig(both)).toEqual({ attributionTime: 4n, spanVerifierTime: 5n });
    for (const bad of [{ spanVerifierTime: 5 }, { attributionTime: 6, spanVerifierTime: 5 }]) {
      expect(() => parseOpenLedgerConfig(bad)).toThrow(/spanVerifierTime/);
    }
  });

  it("refuse a genesis that names an account twice", () => {
    const genesis = {
      config: { chainId: 1 },
      timestamp: "0x0",
      gasLimit: "0x1",
      alloc: { "0x01": { balance: "0x1" }, "0x0001": { balance: "0x2" } },
    };
    expect(() => parseGenesis(genesis)).toThrow(/twice/);
  });
});
