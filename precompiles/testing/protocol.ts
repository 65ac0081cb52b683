import type { EVM } from "@ethereumjs/evm";
import { createAddressFromString } from "@ethereumjs/util";
import {
  bytesToHex,
  encodeAbiParameters,
  encodeFunctionData,
  type Hex,
  hexToBytes,
  keccak256,
  numberToHex,
} from "viem";
import { NO_CONTEXT } from "../../node/ai/context/rule.ts";
import {
  datanetRegistryAbi,
  hostStakesAbi,
  inferenceMarketAbi,
  modelRegistryAbi,
  protocolParametersAbi,
  reviewersAbi,
  rewardBalancesAbi,
} from "../../node/chain/generated/abi.ts";
import type { Address } from "../../node/chain/types/primitives.ts";
import {
  addressOfNext,
  CALLER,
  type CallOptions,
  call,
  compiled,
  createTestEvm,
  deploy,
  setBalance,
  setCode,
} from "./evm.ts";
import type { IndexFixture, ListArgument } from "./fixture.ts";

/** The protocol's contracts over the precompiles, with a serving model of a fixture: for their test and the price of a claim. */

export const HOST: Address = "0x0000000000000000000000000000000000000057";
export const WATCHER: Address = "0x0000000000000000000000000000000000000077";
export const TREASURY: Address = "0x0000000000000000000000000000000000000099";
const NOBODY: Address = `0x${"00".repeat(20)}`;
const HASH: Hex = keccak256("0x06");
export const SALT: Hex = `0x${"5a".repeat(32)}`;
export const COIN = 10n ** 18n;
export const BOND = COIN;
export const ESCROW = 5n * COIN;
export const WINDOW = 20n;
export const CONTRIBUTORS = 5;
export const LEAST_STAKE = 10n * COIN;
export const PANEL_FEE = COIN + 5n;
export const SEED_DELAY = 3n;
const EXIT_DELAY = 10_000n;
const L1_BLOCK: Address = "0x4200000000000000000000000000000000000015";

const word = (value: bigint): Hex => numberToHex(value, { size: 32 });

export const contributor = (id: number): Address => `0x${(0xc0 + id).toString(16).padStart(40, "0")}`;

/** What decides what arithmetic can't. */
export interface Judges {
  seeds: Address;
  verifiers: Address;
  disputes: Address;
  audits: Address;
}

export interface Protocol {
  evm: EVM;
  market: Address;
  challenges: Address;
  balances: Address;
  at: {
    parameters: Address;
    models: Address;
    modelRegistry: Address;
    ledger: Address;
    datanets: Address;
    reviewers: Address;
    hosts: Address;
    staking: Address;
    pools: Address;
  };
  /** Panels and audits; undefined where claims are settled without. */
  judges: Judges | undefined;
  fixture: IndexFixture;
  /** Seconds, and the newest block's number. */
  now: bigint;
}

/** A call that must succeed, in a later block; returns its gas with the transaction's own. */
export async function must(p: Protocol, to: Address, data: Hex, options: CallOptions = {}): Promise<bigint> {
  p.now += 1n;
  const { execResult } = await call(p.evm, to, data, { ...options, timestamp: p.now });
  if (execResult.exceptionError !== undefined) {
    throw new Error(`${execResult.exceptionError.error} ${bytesToHex(execResult.returnValue).slice(0, 10)}`);
  }
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

export const addresses = (...list: Address[]) =>
  encodeAbiParameters(
    list.map(() => ({ type: "address" })),
    list,
  );

export const PARAMETERS = {
  treasury: TREASURY,
  platformBps: 1000,
  auditBps: 1000,
  claimBond: BOND,
  registrationBond: COIN,
  demandDeposit: COIN,
  challengeDeposit: COIN,
  challengeWindow: Number(WINDOW),
  claimTimeout: 600,
  demandWindow: Number(WINDOW),
  registrationWindow: Number(WINDOW),
  revealPeriod: 5,
  reviewPeriod: 600,
  stakePeriod: 600,
  unstakeDelay: 600,
  rewardPeriod: 600,
};

async function deployParameters(evm: EVM): Promise<Address> {
  return deploy(
    evm,
    "ProtocolParameters",
    encodeAbiParameters(protocolParametersAbi[0].inputs, [
      CALLER,
      1,
      PARAMETERS,
      { contributorsMin: 3000, ownerMax: 4000, hostMax: 4000, stakersMax: 3000 },
      { floorMax: 1n << 40n, e0Min: -64, e0Max: 64, dimensionMin: 1, topKMin: 1, rowsMax: 1 << 20 },
    ] as never),
  );
}

/** L1Block, whose block draws panels; verifiers, and who asks them. */
async function deployPanels(
  evm: EVM,
  parameters: Address,
  balances: Address,
): Promise<Omit<Judges, "audits">> {
  await setCode(evm, L1_BLOCK, compiled("L1Block")!.runtime);
  const seeds = await deploy(evm, "Seeds", word(SEED_DELAY));
  const pool = `${addresses(parameters, balances, await addressOfNext(evm, 1))}${word(LEAST_STAKE).slice(2)}${word(EXIT_DELAY).slice(2)}`;
  const verifiers = await deploy(evm, "VerifierPool", pool as Hex);
  const disputes = await deploy(evm, "Disputes", addresses(parameters, balances, verifiers, seeds));
  return { seeds, verifiers, disputes };
}

/** A registry behind its proxy, which CALLER owns. */
async function deployRegistry(evm: EVM, name: string, args: Hex): Promise<Address> {
  const code = await deploy(evm, name, args);
  return deploy(evm, "RegistryProxy", addresses(code, CALLER));
}

/** L2's origin becomes this L1 block. */
export async function setOrigin({ evm }: Pick<Protocol, "evm">, number: bigint, hash: Hex): Promise<void> {
  const at = createAddressFromString(L1_BLOCK);
  await evm.stateManager.putStorage(at, hexToBytes(word(0n)), hexToBytes(word(number)));
  await evm.stateManager.putStorage(at, hexToBytes(word(2n)), hexToBytes(hash));
}

/**
 * All contracts; the fixture's rows are those of {@link CONTRIBUTORS} contributions of the same size, and HOST serves its model.
 * @param hasVerifiers with panels and audits; without them claims are settled after their window.
 */
export async function deployProtocol(fixture: IndexFixture, hasVerifiers = false): Promise<Protocol> {
  const evm = await createTestEvm();
  const parameters = await deployParameters(evm);
  const balances = await deploy(evm, "RewardBalances", "0x");
  const panels = hasVerifiers ? await deployPanels(evm, parameters, balances) : undefined;
  // Contracts that name each other: the addresses of the next ones are known.
  const next = (steps: number) => addressOfNext(evm, steps);
  const ledger = await deploy(evm, "AttributionLedger", addresses(await next(4)));
  const stakes = await deploy(evm, "ContributionStakes", addresses(balances, NOBODY, await next(3), NOBODY));
  const reviewers = await deploy(evm, "Reviewers", addresses(parameters, balances, ledger, await next(2)));
  const datanets = await deployRegistry(
    evm,
    "DatanetRegistry",
    addresses(parameters, ledger, reviewers, stakes, NOBODY),
  );
  const curation = await deploy(evm, "Curation", addresses(datanets, reviewers, balances));
  const modelParts = [await next(2), await next(3), NOBODY, await next(5), await next(7)];
  const models = await deploy(evm, "ModelLedger", addresses(parameters, balances, ...modelParts));
  const modelRegistry = await deployRegistry(evm, "ModelRegistry", addresses(parameters, ledger, models));
  await deploy(evm, "ModelChallenges", addresses(parameters, balances, models, ledger));
  const pools = await deploy(evm, "SnapshotPools", addresses(ledger, balances, models));
  await deploy(evm, "DataAccess", addresses(parameters, ledger, pools, curation, models));
  const stakingArguments =
    `${addresses(parameters, models, balances, await addressOfNext(evm, 3))}${"0a".padStart(64, "0")}` as Hex;
  const staking = await deploy(evm, "ModelStaking", stakingArguments);
  await deploy(evm, "ModelRoyalties", addresses(models, pools, staking, balances));
  const at = await Promise.all([1, 2, 3, 4].map((steps) => addressOfNext(evm, steps)));
  const hosts = await deploy(evm, "HostStakes", addresses(parameters, balances, models, at[0]!));
  const asked = panels ? at[3]! : NOBODY;
  const parts = [parameters, models, ledger, staking, hosts, pools, balances, at[1]!, at[2]!, asked];
  const market = await deploy(evm, "InferenceMarket", addresses(...parts));
  const challenges = await deploy(evm, "ClaimChallenges", addresses(parameters, balances, models, market));
  await deploy(evm, "ClaimDemands", addresses(parameters, balances, models, market));
  let judges: Judges | undefined;
  if (panels) {
    const { disputes, seeds } = panels;
    const named = `${addresses(balances, market, hosts, disputes, seeds)}${word(PANEL_FEE).slice(2)}`;
    judges = { ...panels, audits: await deploy(evm, "Audits", named as Hex) };
  }
  const named = { parameters, models, modelRegistry, ledger, datanets, reviewers, hosts, staking, pools };
  const protocol = { evm, market, challenges, balances, at: named, judges, fixture, now: 2_000n };
  await setBalance(evm, HOST, 1000n * COIN);
  await setBalance(evm, WATCHER, COIN);
  await snapshotOf(protocol);
  await serveModel(protocol);
  return protocol;
}

/** The fixture's model, registered and taken by the host. */
async function serveModel(p: Protocol): Promise<void> {
  const { modelRegistry, hosts } = p.at;
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
        index: p.fixture.index,
      },
      {
        rateIn: COIN,
        rateOut: 3n * COIN,
        split: { contributors: 5000, owner: 2000, host: 2000, stakers: 1000 },
      },
    ],
  });
  await must(p, modelRegistry, register, { value: COIN });
  p.now += WINDOW;
  const hostCall = (functionName: string, args: readonly unknown[]) =>
    encodeFunctionData({ abi: hostStakesAbi, functionName, args } as never);
  await must(p, hosts, hostCall("stake", []), { from: HOST, value: 500n * COIN });
  await must(p, hosts, hostCall("setLimits", [COIN, 10]), { from: HOST });
  await must(p, hosts, hostCall("take", [1n, 0n, 1000, 1000]), { from: HOST });
}

/** HOST's approval as it commits to it. */
const voteHash = (id: bigint): Hex =>
  keccak256(
    encodeAbiParameters(
      ["uint64", "address", "bool", "bytes32", "bytes32"].map((type) => ({ type })),
      [id, HOST, true, HASH, SALT],
    ),
  );

/** One datanet with an accepted contribution of each contributor and one snapshot. */
async function snapshotOf(p: Protocol): Promise<void> {
  const { datanets, reviewers } = p.at;
  const data = (functionName: string, args: readonly unknown[]) =>
    encodeFunctionData({ abi: datanetRegistryAbi, functionName, args } as never);
  await must(p, datanets, data("create", ["notes", "MIT", "", 0n, [HOST], 1]));
  const bond = encodeFunctionData({ abi: reviewersAbi, functionName: "bondReviewer", args: [1n] });
  await must(p, reviewers, bond, { from: HOST });
  for (let id = 1; id <= CONTRIBUTORS; id++) {
    const from = contributor(id);
    const opened = [HASH, keccak256(`0x0${id}`), p.fixture.index.rows / CONTRIBUTORS, SALT] as const;
    const commitment = keccak256(
      encodeAbiParameters(
        ["uint256", "address", "bytes32", "bytes32", "uint32", "bytes32"].map((type) => ({ type })),
        [1n, from, ...opened],
      ),
    );
    await must(p, datanets, data("commit", [1n, commitment]), { from });
    await must(p, datanets, data("reveal", [BigInt(id), ...opened]), { from });
    p.now += 5n;
    await must(p, datanets, data("commitVote", [BigInt(id), voteHash(BigInt(id))]), { from: HOST });
    await must(p, datanets, data("revealVote", [BigInt(id), true, HASH, SALT]), { from: HOST });
  }
  await must(p, datanets, data("freeze", [1n]));
}

export const marketCall = (functionName: string, args: readonly unknown[]) =>
  encodeFunctionData({ abi: inferenceMarketAbi, functionName, args } as never);

export const claimWith = (p: Protocol, list: ListArgument) => ({
  requestId: 1n,
  modelId: 1n,
  requestHash: HASH,
  tokensIn: 40,
  tokensOut: 20,
  outputHash: keccak256("0x08"),
  queryHash: keccak256(p.fixture.query),
  earnedBps: 10_000,
  list,
  context: NO_CONTEXT,
});

/** Asks HOST's model 1 as CALLER. */
export async function request(p: Protocol): Promise<void> {
  await must(p, p.market, marketCall("request", [1n, HOST, HASH, 100, 50]), { value: ESCROW });
}

/** Wei that an account can draw from RewardBalances. */
export async function drawable(p: Protocol, account: Address): Promise<bigint> {
  const data = encodeFunctionData({ abi: rewardBalancesAbi, functionName: "balanceOf", args: [account] });
  const { execResult } = await call(p.evm, p.balances, data);
  return BigInt(bytesToHex(execResult.returnValue));
}
