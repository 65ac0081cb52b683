import type { EVM } from "@ethereumjs/evm";
import {
  bytesToHex,
  decodeErrorResult,
  encodeAbiParameters,
  encodeFunctionData,
  type Hex,
  keccak256,
} from "viem";
import { beforeEach, describe, expect, it } from "vitest";
import {
  datanetRegistryAbi,
  iInfluenceVerifierAbi,
  inferenceMarketAbi,
  modelRegistryAbi,
  protocolParametersAbi,
  rewardBalancesAbi,
} from "../node/chain/generated/abi.ts";
import type { Address } from "../node/chain/types/primitives.ts";
import {
  balanceOf,
  CALLER,
  type CallOptions,
  call,
  compiled,
  createTestEvm,
  deploy,
  setBalance,
} from "./testing/evm.ts";
import { type ClaimArgument, evidenceOf, type IndexFixture, makeIndex } from "./testing/fixture.ts";

const HOST: Address = "0x0000000000000000000000000000000000000057";
const WATCHER: Address = "0x0000000000000000000000000000000000000077";
const TREASURY: Address = "0x0000000000000000000000000000000000000099";
const ZERO_HASH: Hex = `0x${"0".repeat(64)}`;
const BOND = 10n ** 18n;
const ESCROW = 5n * 10n ** 18n;
const WINDOW = 20n;

interface Protocol {
  evm: EVM;
  market: Address;
  balances: Address;
  fixture: IndexFixture;
  now: bigint;
}

/** Calls that must succeed, each in a later block; returns its gas with the transaction's own. */
async function must(p: Protocol, to: Address, data: Hex, options: CallOptions = {}): Promise<bigint> {
  p.now += 2n;
  const { execResult } = await call(p.evm, to, data, { ...options, timestamp: p.now });
  expect(execResult.exceptionError).toBeUndefined();
  return transactionGas(data, execResult.executionGasUsed);
}

/** EIP-2028 intrinsic gas, and the floor of EIP-7623. */
function transactionGas(data: Hex, executionGas: bigint): bigint {
  const zeros = BigInt((data.slice(2).match(/../g) ?? []).filter((byte) => byte === "00").length);
  const tokens = zeros + 4n * (BigInt(data.length / 2 - 1) - zeros);
  const used = 21_000n + 4n * tokens + executionGas;
  const floor = 21_000n + 10n * tokens;
  return used > floor ? used : floor;
}

const addresses = (...list: Address[]) =>
  encodeAbiParameters(
    list.map(() => ({ type: "address" })),
    list,
  );

async function deployProtocol(fixture: IndexFixture): Promise<Protocol> {
  const evm = await createTestEvm();
  const [initial, bounds] = protocolParametersAbi[0].inputs.slice(1);
  const parameters = await deploy(
    evm,
    "ProtocolParameters",
    encodeAbiParameters(
      [{ type: "address" }, initial!, bounds!] as const,
      [
        CALLER,
        {
          treasury: TREASURY,
          platformBps: 1000,
          claimBond: BOND,
          challengeWindow: Number(WINDOW),
          claimTimeout: 600,
          reviewPeriod: 600,
          stakePeriod: 600,
          unstakeDelay: 600,
        },
        { contributorsMin: 3000, ownerMax: 4000, hostMax: 4000, stakersMax: 3000 },
      ] as never,
    ),
  );
  const balances = await deploy(evm, "RewardBalances", "0x");
  const datanets = await deploy(evm, "DatanetRegistry", addresses(parameters, balances));
  const models = await deploy(evm, "ModelRegistry", addresses(parameters, datanets));
  const staking = await deploy(evm, "ModelStaking", addresses(parameters, models, balances));
  const market = await deploy(evm, "InferenceMarket", addresses(parameters, models, staking, balances));
  const protocol = { evm, market, balances, fixture, now: 2_000n };
  await setBalance(evm, HOST, 100n * BOND);
  await snapshotOf(protocol, datanets);
  const register = encodeFunctionData({
    abi: modelRegistryAbi,
    functionName: "register",
    args: [
      {
        name: "model",
        baseHash: keccak256("0x01"),
        adapterHash: keccak256("0x02"),
        tokenizerHash: keccak256("0x03"),
        methodHash: keccak256("0x04"),
        manifestHash: keccak256("0x05"),
        snapshots: [{ datanetId: 1n, number: 1 }],
        index: fixture.index,
      },
      {
        rateIn: 10n ** 18n,
        rateOut: 3n * 10n ** 18n,
        split: { contributors: 5000, owner: 2000, host: 2000, stakers: 1000 },
      },
      [HOST],
    ],
  });
  await must(protocol, models, register);
  return protocol;
}

/** One datanet with one accepted contribution and one snapshot. */
async function snapshotOf(p: Protocol, datanets: Address): Promise<void> {
  const data = (functionName: string, args: readonly unknown[]) =>
    encodeFunctionData({ abi: datanetRegistryAbi, functionName, args } as never);
  await must(p, datanets, data("create", ["notes", "MIT", "", 0n, [HOST], 1]));
  const opened = [keccak256("0x06"), keccak256("0x07"), 8, ZERO_HASH] as const;
  const commitment = keccak256(
    encodeAbiParameters(
      ["uint256", "address", "bytes32", "bytes32", "uint32", "bytes32"].map((type) => ({ type })),
      [1n, CALLER, ...opened],
    ),
  );
  await must(p, datanets, data("commit", [1n, commitment]));
  await must(p, datanets, data("reveal", [1n, ...opened]));
  await must(p, datanets, data("review", [1n, true]), { from: HOST });
  await must(p, datanets, data("freeze", [1n]));
}

const marketCall = (functionName: string, args: readonly unknown[]) =>
  encodeFunctionData({ abi: inferenceMarketAbi, functionName, args } as never);

const claimWith = (influence: ClaimArgument) => ({
  outputHash: keccak256("0x08"),
  tokensIn: 40,
  tokensOut: 20,
  influence,
});

async function request(p: Protocol): Promise<void> {
  await must(p, p.market, marketCall("request", [1n, HOST, ZERO_HASH, 100, 50]), { value: ESCROW });
}

async function drawable(p: Protocol, account: Address): Promise<bigint> {
  const data = encodeFunctionData({ abi: rewardBalancesAbi, functionName: "balanceOf", args: [account] });
  const { execResult } = await call(p.evm, p.balances, data);
  return BigInt(bytesToHex(execResult.returnValue));
}

describe.skipIf(compiled("InferenceMarket") === undefined)("protocol contracts over the precompiles", () => {
  let p: Protocol;
  beforeEach(async () => {
    p = await deployProtocol(
      makeIndex({ rows: 2000, dimension: 512, topK: 16, floor: 0n, contributors: 5, seed: 3 }),
    );
  });

  it("settles a proved claim: contributors are credited, every wei of the escrow is accounted for", async () => {
    const { claim } = p.fixture;
    const { records, paths } = evidenceOf(p.fixture);
    await request(p);
    const payerBefore = await balanceOf(p.evm, CALLER);
    const proved = marketCall("claimProved", [1n, claimWith(claim), records, paths]);
    const claimGas = await must(p, p.market, proved, { from: HOST, value: BOND });
    p.now += WINDOW;
    const settleGas = await must(p, p.market, marketCall("settle", [1n, claimWith(claim)]));
    const net = (40n * 10n ** 18n + 20n * 3n * 10n ** 18n) / 1000n;
    const platform = net / 9n;
    const share = net / 2n;
    const total = claim.weights.reduce((sum, weight) => sum + weight, 0n);
    let paid = 0n;
    for (const [i, contributor] of claim.contributors.entries()) {
      const amount = await balanceOf(p.evm, contributor);
      const exact = (share * claim.weights[i]!) / total;
      expect(amount === exact || amount === exact + 1n).toBe(true);
      paid += amount;
    }
    expect(paid).toBe(share);
    expect(await balanceOf(p.evm, TREASURY)).toBe(platform);
    expect(await balanceOf(p.evm, HOST)).toBe(99n * BOND + net / 5n);
    // The caller is payer and owner, and nobody stakes.
    expect((await balanceOf(p.evm, CALLER)) - payerBefore).toBe(ESCROW - net - platform + (net * 3n) / 10n);
    expect(await balanceOf(p.evm, p.market)).toBe(0n);
    expect(await drawable(p, HOST)).toBe(BOND);
    // 16 records of 512 values: the calldata's floor decides, as for any transaction of its size.
    expect(claimGas).toBeLessThan(800_000n);
    expect(settleGas).toBeLessThan(500_000n);
  });

  it("moves the bond to who shows a wrong score, in a claim of any query", async () => {
    const { claim } = p.fixture;
    const { records, paths } = evidenceOf(p.fixture);
    const scores = claim.scores.map((score, i) => (i === 3 ? score + 1n : score));
    const lie = claimWith({ ...claim, scores });
    await request(p);
    await must(p, p.market, marketCall("claim", [1n, lie]), { from: HOST, value: BOND });
    const data = marketCall("challengeScore", [1n, lie, 3n, records[3], paths[3]]);
    await setBalance(p.evm, WATCHER, 1n);
    await must(p, p.market, data, { from: WATCHER });
    expect(await drawable(p, WATCHER)).toBe(BOND);
    expect(await balanceOf(p.evm, p.market)).toBe(0n);
  });

  it("passes the verifier's reason on when a proof is wrong", async () => {
    const { claim } = p.fixture;
    const { records, paths } = evidenceOf(p.fixture);
    await request(p);
    const wrong = claimWith({ ...claim, weights: claim.weights.map((weight) => weight + 1n) });
    const data = marketCall("claimProved", [1n, wrong, records, paths]);
    const { execResult } = await call(p.evm, p.market, data, { from: HOST, value: BOND, timestamp: p.now });
    const reason = decodeErrorResult({
      abi: iInfluenceVerifierAbi,
      data: bytesToHex(execResult.returnValue),
    });
    expect(reason).toMatchObject({ errorName: "WeightMismatch", args: [0n] });
  });
});
