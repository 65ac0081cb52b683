import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { keccak256 } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import { account, TEST_ANCHOR, TEST_ROLES } from "../../test/harness/deployment.ts";
import { bytesToHex } from "../base/bytes.ts";
import { packageRoot } from "../base/paths.ts";
import { type Genesis, type GenesisAccount, parseGenesis } from "../chain/config/genesis.ts";
import { parseRollupConfig, rollupConfigToJson } from "../chain/config/rollup-config.ts";
import { GAS_PRICE_ORACLE, L2_TO_L1_MESSAGE_PASSER, OPEN_MINTER } from "../chain/constants.ts";
import type { Address } from "../chain/types/primitives.ts";
import { makeGenesis } from "../execution/state/genesis-state.ts";
import { LIQUIDITY_CONTROLLER, MULTICALL3, NATIVE_ASSET_LIQUIDITY, OPEN_SUPPLY } from "./addresses.ts";
import { genesisToJson, makeL2Genesis } from "./l2.ts";
import { implementationAddress } from "./l2-alloc.ts";
import { type ChainPlanInput, genesisCirculation, parseChainPlan } from "./plan.ts";

const input: ChainPlanInput = {
  attributionTime: 0,
  roles: TEST_ROLES,
  prefunds: [
    { address: account("7"), balance: "1000000000000000000000" },
    { address: account("8"), balance: 5 },
  ],
};

const vectors = process.env.OPENLEDGER_VECTORS ?? join(packageRoot(), "../shared/vectors");
const devnet2 = join(vectors, "superchain/sepolia-devnet-2.genesis.json.gz");

describe("L2 genesis", async () => {
  const plan = parseChainPlan(input);
  const made = await makeL2Genesis(plan, TEST_ANCHOR);
  const byAddress = new Map(made.genesis.alloc.map((item) => [item.address, item]));
  const at = (address: string): GenesisAccount => byAddress.get(address as `0x${string}`)!;
  const slot = (address: string, key: bigint) =>
    BigInt(at(address).storage.find(([name]) => BigInt(name) === key)?.[1] ?? 0n);

  it("holds exactly the supply, what is not given out in NativeAssetLiquidity", () => {
    const sum = made.genesis.alloc.reduce((total, item) => total + item.balance, 0n);
    expect(sum).toBe(OPEN_SUPPLY);
    expect(at(NATIVE_ASSET_LIQUIDITY).balance).toBe(OPEN_SUPPLY - genesisCirculation(plan));
    expect(genesisCirculation(plan)).toBe(1000n * 10n ** 18n + 5n + 256n);
  });

  it("comes out the same from its own file, and again from the plan", async () => {
    const json = JSON.parse(JSON.stringify(genesisToJson(made.genesis)));
    expect(makeGenesis(parseGenesis(json)).block.hash).toBe(made.hash);
    expect((await makeL2Genesis(parseChainPlan(input), TEST_ANCHOR)).hash).toBe(made.hash);
    const rollup = JSON.parse(JSON.stringify(rollupConfigToJson(made.rollup)));
    expect(parseRollupConfig(rollup)).toEqual(made.rollup);
  });

  it("changes its hash with the contracts on L1", async () => {
    const other = await makeL2Genesis(plan, { ...TEST_ANCHOR, openBridge: account("9") });
    expect(other.hash).not.toBe(made.hash);
  });

  it("has the stubs of the precompiles only when the fork is active at genesis", async () => {
    const stubs = [`0x${"a01".padStart(40, "0")}`, `0x${"a03".padStart(40, "0")}`];
    for (const address of stubs) {
      expect([bytesToHex(at(address).code), at(address).nonce]).toEqual(["0xfe", 1n]);
    }
    const later = await makeL2Genesis(parseChainPlan({ ...input, attributionTime: 5 }), TEST_ANCHOR);
    expect(later.genesis.alloc.filter((item) => stubs.includes(item.address))).toEqual([]);
    expect(later.hash).not.toBe(made.hash);
  });

  it("has the SpanVerifier's stub only when a plan brings it at genesis, and no other difference", async () => {
    const address: Address = `0x${"a02".padStart(40, "0")}`;
    const withSpans = (spanVerifierTime: number) => parseChainPlan({ ...input, spanVerifierTime });
    expect(byAddress.get(address)).toBeUndefined();
    const later = await makeL2Genesis(withSpans(5), TEST_ANCHOR);
    expect(later.hash).toBe(made.hash);
    const { genesis } = await makeL2Genesis(withSpans(0), TEST_ANCHOR);
    const [more, ...others] = genesis.alloc.filter((item) => !byAddress.has(item.address));
    expect([more?.address, bytesToHex(more!.code), more!.nonce, others]).toEqual([address, "0xfe", 1n, []]);
  });

  it("initialises the predeploys", () => {
    expect(slot(GAS_PRICE_ORACLE, 0n)).toBe(0x01010101n);
    const messenger = at("0x4200000000000000000000000000000000000007").storage;
    expect(messenger.map(([, value]) => BigInt(value))).toContain(BigInt(TEST_ANCHOR.l1CrossDomainMessenger));
    expect(slot(OPEN_MINTER, 0n)).toBe(BigInt(TEST_ANCHOR.openBridge));
    expect(slot(LIQUIDITY_CONTROLLER, 0n)).toBe(BigInt(account("1")));
    const vaultCode = bytesToHex(
      at(implementationAddress("0x4200000000000000000000000000000000000011")).code,
    );
    expect(vaultCode).toContain("6".repeat(40));
    expect(at(L2_TO_L1_MESSAGE_PASSER).storage).toHaveLength(2);
  });

  it("refuses a plan with an account twice, with too much OPEN, a gas limit below the deposits' share, a wrong address, delays that only a devnet may have", () => {
    const twice = [...input.prefunds!, { address: account("7"), balance: 1 }];
    for (const bad of [
      { prefunds: twice },
      { gasLimit: 20_000_000 },
      { roles: { ...input.roles, owner: "0x1" } },
      // Nobody could object in time.
      { oracle: { finalizationPeriod: 12 } },
      { upgradeDelay: 12 },
      { attributionTime: 5, spanVerifierTime: 4 },
      { attributionTime: undefined, spanVerifierTime: 5 },
    ]) {
      expect(() => parseChainPlan({ ...input, ...bad })).toThrowError(
        expect.objectContaining({ code: "CHAIN_PLAN_INVALID" }),
      );
    }
    const quick = { devnet: true, oracle: { finalizationPeriod: 12 }, upgradeDelay: 12 };
    expect(parseChainPlan({ ...input, ...quick }).oracle.finalizationPeriod).toBe(12n);
  });

  it("refuses to give OPEN to an account of the layout", async () => {
    const prefunds = [{ address: GAS_PRICE_ORACLE, balance: 1 }];
    await expect(makeL2Genesis(parseChainPlan({ ...input, prefunds }), TEST_ANCHOR)).rejects.toMatchObject({
      code: "CHAIN_PLAN_INVALID",
      facts: { address: GAS_PRICE_ORACLE },
    });
  });

  describe.skipIf(!existsSync(devnet2))("beside sepolia-devnet-2", () => {
    let official: Genesis;

    beforeAll(() => {
      official = parseGenesis(JSON.parse(gunzipSync(readFileSync(devnet2)).toString("utf8")));
    });

    it("has the same layout: proxies, precompiles, preinstalls, implementations", () => {
      /** Newer than contracts-bedrock 0.17.3 or Karst's, so not there. */
      const newer = [
        "0xba5ed099633d3b313e4d5f7bdc1305d3c28ba5ed",
        "0x0000000071727de22e5e9d8baf0edac6f37da032",
      ]
        .concat("0xefc2c1444ebcc4db75e7613d20c6a62ff67a167c")
        .concat(["2c", "2d"].map((low) => implementationAddress(`0x42${low.padStart(38, "0")}`)));
      const missing = official.alloc
        .filter((item) => item.code.length > 0 || item.balance === 1n || item.nonce > 0n)
        .map((item) => item.address)
        .filter((address) => !byAddress.has(address));
      expect(missing.sort()).toEqual([...newer, "0xb6d9389acc41e019254579f8102d2809296076ae"].sort());
    });

    it("has the official code of every preinstall that does not depend on the chain", () => {
      const ours = new Map(made.genesis.alloc.map((item) => [item.address, bytesToHex(item.code)]));
      const preinstalls = official.alloc.filter((item) => item.nonce === 1n && item.code.length > 0);
      const compared = preinstalls.filter((item) => ours.has(item.address));
      const different = compared.filter((item) => ours.get(item.address) !== bytesToHex(item.code));
      expect(compared.length).toBe(13);
      expect(different.map((item) => item.address)).toEqual(["0x000000000022d473030f116ddee9f6b43ac78ba3"]);
      expect(keccak256(at(MULTICALL3).code)).toBe(
        "0xd5c15df687b16f2ff992fc8d767b4216323184a2bbc6ee2f9c398c318e770891",
      );
    });
  });
});
