import { join } from "node:path";
import {
  type Abi,
  bytesToHex,
  decodeFunctionResult,
  encodeAbiParameters,
  encodeFunctionData,
  getContractAddress,
} from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import { type AgentPart, planAgents } from "../../node/agents/deploy.ts";
import { type AgentPlan, DEVNET_AGENTS, LIVE_AGENTS } from "../../node/agents/plan.ts";
import { leafOf, parseSession, rulesOf } from "../../node/agents/session.ts";
import { devnetPlan } from "../../node/ai/client/deploy.ts";
import { packageRoot } from "../../node/base/paths.ts";
import {
  disputesAbi,
  protocolParametersAbi,
  seedsAbi,
  verifierPoolAbi,
} from "../../node/chain/generated/abi.ts";
import type { Address } from "../../node/chain/types/primitives.ts";
import {
  addressOfNext,
  CALLER,
  call,
  compiled,
  createTestEvm,
  deploy,
} from "../../precompiles/testing/evm.ts";
import { reads, tableOfPage } from "../harness/parameter-page.ts";

const TEST = "test/agents/page.test.ts";
const PAGE = join(packageRoot(), "contracts", "agents.md");
const { seconds, open, bps, number } = reads;
/** A contract that is never asked. */
const ELSEWHERE: Address = "0x00000000000000000000000000000000000e15e0";

type Row = readonly [AgentPart["name"], string, string, (value: unknown) => string];

/** Contract, getter, what it is, how it reads. */
const ROWS: readonly Row[] = [
  ["stakes", "LEAST_STAKE", "an agent's stake, at least", open],
  ["stakes", "EXIT_DELAY", "until a stake is free", seconds],
  ["stakes", "MAX_MODELS", "models of an agent at most", number],
  ["account", "MAX_LIMITS", "tokens that a session has limits for, at most", number],
  ["deeds", "MAX_BECAUSE", "requests that a deed names, at most", number],
  ["deeds", "ANSWER_AGE_MAX", "a deed follows from an answer within", seconds],
  ["verdicts", "ACCUSE_PERIOD", "a deed can be accused within", seconds],
  ["verdicts", "PANEL_FEE", "a panel is paid", open],
  ["verdicts", "SLASH_BPS", "part of the stake that a verdict takes", bps],
];

/** The plan's contracts in an EVM, above the devnet's verifiers with an exit delay of a month. */
async function deployed(plan: AgentPlan) {
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
  const { leastStake, exitDelay } = verification;
  const next = await addressOfNext(evm, 1);
  const pool = await make("VerifierPool", verifierPoolAbi, [
    parameters,
    balances,
    next,
    leastStake,
    exitDelay,
  ]);
  const disputes = await make("Disputes", disputesAbi, [parameters, balances, pool, seeds]);
  const first = (await addressOfNext(evm, 0)).toLowerCase();
  const nonces = Array.from({ length: 16 }, (_, i) => BigInt(i));
  const nonce = nonces.find(
    (one) => getContractAddress({ from: CALLER, nonce: one }).toLowerCase() === first,
  )!;
  const elsewhere = { market: ELSEWHERE, models: ELSEWHERE, ledger: ELSEWHERE, pools: ELSEWHERE };
  const parts = planAgents(plan, CALLER, CALLER, nonce, { balances, disputes, ...elsewhere });
  for (const { contract, abi, args, address } of parts) expect(await make(contract, abi, args)).toBe(address);
  return async (name: AgentPart["name"], functionName: string, args: readonly unknown[]) => {
    const { address, abi } = parts.find((part) => part.name === name)!;
    const data = encodeFunctionData({ abi, functionName, args });
    const { execResult } = await call(evm, address, data);
    return decodeFunctionResult({ abi, functionName, data: bytesToHex(execResult.returnValue) });
  };
}

async function answersOf(plan: AgentPlan): Promise<string[]> {
  const ask = await deployed(plan);
  const answers: string[] = [];
  for (const [name, getter, , format] of ROWS) answers.push(format(await ask(name, getter, [])));
  return answers;
}

describe.skipIf(compiled("AgentRegistry") === undefined)("the page about agents", () => {
  let made: string;
  beforeAll(async () => {
    const [live, devnet] = [await answersOf(LIVE_AGENTS), await answersOf(DEVNET_AGENTS)];
    const lines = ROWS.map(
      ([name, getter, what], i) => `| ${what} | ${live[i]} | ${devnet[i]} | \`${name}.${getter}()\` |`,
    );
    made = ["| what | live | devnet | asked of |", "| --- | --- | --- | --- |", ...lines, ""].join("\n");
  });

  it("has the parameters that the contracts answer: OPENLEDGER_WRITE=1 writes them anew", () => {
    expect(tableOfPage(PAGE, TEST, made)).toBe(made);
  });

  it("refuses stakes that are free before a verdict", async () => {
    const { accusePeriod } = DEVNET_AGENTS;
    const exitDelay = accusePeriod + 3_600;
    await expect(answersOf({ ...DEVNET_AGENTS, exitDelay })).rejects.toThrow(/AgentVerdicts/);
  });

  it("has the leaves that the contract computes", async () => {
    const ask = await deployed(DEVNET_AGENTS);
    const target = ELSEWHERE;
    const calls = [
      { target, function: "function buy(address to, uint256 least)", maxValue: "8", fixed: { to: "self" } },
      { target, function: "function f(uint8 a, bytes32 b, bool c)", fixed: { c: "true", a: 7 } },
      { target, function: "function g()" },
    ];
    const file = parseSession(JSON.stringify({ hours: 1, limits: [], calls }));
    const rules = rulesOf(file, CALLER).map(({ rule }) => rule);
    expect(rules.map(({ fixedWords }) => fixedWords)).toEqual([1, 5, 0]);
    for (const rule of rules) expect(leafOf(rule)).toBe(await ask("account", "leafOf", [rule]));
    expect(new Set(rules.map(leafOf)).size).toBe(3);
  });
});
