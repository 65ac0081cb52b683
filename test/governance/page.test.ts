import { join } from "node:path";
import type { EVM } from "@ethereumjs/evm";
import { type Abi, bytesToHex, decodeFunctionResult, encodeAbiParameters, encodeFunctionData } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import { devnetPlan } from "../../node/ai/client/deploy.ts";
import { packageRoot } from "../../node/base/paths.ts";
import { protocolParametersAbi, seedsAbi } from "../../node/chain/generated/abi.ts";
import type { Address } from "../../node/chain/types/primitives.ts";
import { type GovernancePart, planContracts } from "../../node/governance/deploy.ts";
import { DEVNET_GOVERNANCE, type GovernancePlan, LIVE_GOVERNANCE } from "../../node/governance/plan.ts";
import {
  addressOfNext,
  CALLER,
  call,
  compiled,
  createTestEvm,
  deploy,
} from "../../precompiles/testing/evm.ts";
import { reads, tableOfPage } from "../harness/parameter-page.ts";

const PAGE = join(packageRoot(), "contracts", "governance.md");
const COUNCIL: Address = "0x00000000000000000000000000000000000c0c01";
const TEST = "test/governance/page.test.ts";
const { seconds, open, percent, bps, times } = reads;

/** Contract, getter with its arguments, what it is, how it reads. */
const ROWS: readonly (readonly [
  GovernancePart["name"],
  string,
  readonly unknown[],
  string,
  (value: unknown) => string,
])[] = [
  ["governor", "proposalThreshold", [], "votes that a proposer has", open],
  ["governor", "votingDelay", [], "between proposal and vote", seconds],
  ["governor", "votingPeriod", [], "a vote takes", seconds],
  ["governor", "lateQuorumVoteExtension", [], "that voters have after a late quorum, at least", seconds],
  ["governor", "quorumNumerator", [], "part of all votes that a quorum is", percent],
  ["governor", "QUORUM_LEAST", [], "votes that a quorum has at least", open],
  ["timelock", "getMinDelay", [], "what was passed waits", seconds],
  ["timelock", "DELAY_LEAST", [], "and never shorter than the protocol's least window", seconds],
  ["upgrades", "getMinDelay", [], "code waits besides", seconds],
  ["upgrades", "longestOpen", [], "and longer than anything can be open", seconds],
  ["staked", "multiplierOf", [0n], "votes of OPEN without a lock", times],
  ["staked", "multiplierOf", [182n * 86_400n], "locked for half a year", times],
  ["staked", "multiplierOf", [365n * 86_400n], "for a year", times],
  ["staked", "multiplierOf", [4n * 365n * 86_400n], "for four years", times],
  ["staked", "LOCK_MAX", [], "longest lock", seconds],
  ["staked", "UNSTAKE_DELAY", [], "between `unstake` and `withdraw`", seconds],
  ["staked", "REWARD_PERIOD", [], "stakers' part of fees is streamed over", seconds],
  ["treasury", "stakersBps", [], "stakers' part of the platform's fees", bps],
];

/** Deploys the plan's contracts in an EVM, above the devnet's protocol, and asks them. */
async function answersOf(plan: GovernancePlan): Promise<string[]> {
  const evm = await createTestEvm();
  const make = (contract: string, abi: Abi, args: readonly unknown[]) => {
    const made = abi.find((item) => item.type === "constructor");
    return deploy(evm, contract, encodeAbiParameters(made?.inputs ?? [], args as never));
  };
  const { settings, splitBounds, indexBounds, leastWindow, verification } = devnetPlan(CALLER);
  const initial = [CALLER, leastWindow, settings, splitBounds, indexBounds];
  const parameters = await make("ProtocolParameters", protocolParametersAbi, initial);
  const seeds = await make("Seeds", seedsAbi, [verification.seedDelay]);
  const balances = await deploy(evm, "RewardBalances", "0x");
  const nonce = await nonceOfNext(evm);
  const protocol = { parameters, seeds, balances };
  const parts = planContracts({ plan, founder: CALLER, nonce, council: COUNCIL, now: 1_000n, protocol });
  for (const { contract, abi, args, address } of parts) expect(await make(contract, abi, args)).toBe(address);
  return Promise.all(ROWS.map((row) => answer(evm, parts, row)));
}

/** The nonce of CALLER, by where its next contract will be. */
async function nonceOfNext(evm: EVM): Promise<bigint> {
  const next = await addressOfNext(evm, 0);
  for (let nonce = 0n; nonce < 16n; nonce++) {
    const [first] = planContracts({
      ...{ plan: LIVE_GOVERNANCE, founder: CALLER, nonce, council: COUNCIL, now: 0n },
      protocol: { parameters: CALLER, seeds: CALLER, balances: CALLER },
    });
    if (first?.address === next.toLowerCase()) return nonce;
  }
  throw new Error("the deployer has used more nonces");
}

async function answer(
  evm: EVM,
  parts: readonly GovernancePart[],
  [name, functionName, args, , format]: (typeof ROWS)[number],
): Promise<string> {
  const { address, abi } = parts.find((part) => part.name === name)!;
  const data = encodeFunctionData({ abi, functionName, args });
  const { execResult } = await call(evm, address, data);
  const value = decodeFunctionResult({ abi, functionName, data: bytesToHex(execResult.returnValue) });
  return format(value);
}

async function table(): Promise<string> {
  const [live, devnet] = [await answersOf(LIVE_GOVERNANCE), await answersOf(DEVNET_GOVERNANCE)];
  const lines = ROWS.map(([name, getter, args, what], i) => {
    const asked = `\`${name}.${getter}(${args.join(", ")})\``;
    // Depends on the protocol's windows, which are the devnet's here.
    const ofLive = ["DELAY_LEAST", "longestOpen"].includes(getter) ? "by the protocol's windows" : live[i];
    return `| ${what} | ${ofLive} | ${devnet[i]} | ${asked} |`;
  });
  return ["| what | live | devnet | asked of |", "| --- | --- | --- | --- |", ...lines, ""].join("\n");
}

describe.skipIf(compiled("OpenGovernor") === undefined)("the page about governance", () => {
  let made: string;
  beforeAll(async () => {
    made = await table();
  });

  it("has the parameters that the contracts answer: OPENLEDGER_WRITE=1 writes them anew", () => {
    expect(tableOfPage(PAGE, TEST, made)).toBe(made);
  });

  it("refuses plans below the floors", async () => {
    await expect(answersOf({ ...DEVNET_GOVERNANCE, parametersDelay: 7 })).rejects.toThrow(/Timelock/);
    await expect(answersOf({ ...DEVNET_GOVERNANCE, upgradesDelay: 944 })).rejects.toThrow(/UpgradeTimelock/);
  });
});
