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
import { devnetPlan } from "../../node/ai/client/deploy.ts";
import { packageRoot } from "../../node/base/paths.ts";
import { protocolParametersAbi, seedsAbi } from "../../node/chain/generated/abi.ts";
import { type CirclePart, planCircle } from "../../node/circle/deploy.ts";
import { type CirclePlan, DEVNET_CIRCLE, LIVE_CIRCLE } from "../../node/circle/plan.ts";
import {
  addressOfNext,
  CALLER,
  call,
  compiled,
  createTestEvm,
  deploy,
} from "../../precompiles/testing/evm.ts";
import { reads, tableOfPage } from "../harness/parameter-page.ts";

const TEST = "test/circle/page.test.ts";
const PAGE = join(packageRoot(), "contracts", "circle.md");
const { seconds, open, bps, number, dollars } = reads;
const bounds = (value: unknown) => (value as readonly bigint[]).map(dollars).join(" to ");

type Row = readonly [CirclePart["name"], string, readonly unknown[], string, (value: unknown) => string];

/** Contract, getter with its arguments, what it is, how it reads. */
const ROWS: readonly Row[] = [
  ["fund", "FUND_USD", [], "dollars of all budgets at most", dollars],
  ["fund", "QUARTER", [], "a quarter", seconds],
  ["fund", "PRICE_STEP_BPS", [], "largest step of the price", bps],
  ["fund", "PRICE_PERIOD", [], "between two steps, at least", seconds],
  ["fund", "PRICE_AGE_MAX", [], "a price is good for", seconds],
  ["circle", "boundsOf", [0], "a grant for exploration", bounds],
  ["circle", "boundsOf", [1], "for building", bounds],
  ["circle", "boundsOf", [2], "for expansion, which also needs a proposal", bounds],
  ["circle", "DEPOSIT", [], "an application's deposit", open],
  ["circle", "REVIEW_FEE", [], "a panel's pay for each seat", open],
  ["circle", "SEATS", [], "seats of a panel", number],
  ["circle", "SEATS_LARGEST", [], "for expansion", number],
  ["circle", "CONFLICT_PERIOD", [], "for declaring conflicts", seconds],
  ["panels", "DRAW_PERIOD", [], "a panel has to be drawn within", seconds],
  ["panels", "COMMIT_PERIOD", [], "scores are committed within", seconds],
  ["panels", "REVEAL_PERIOD", [], "and revealed within", seconds],
  ["panels", "PASS_SCORE", [], "score that passes, of 100", number],
  ["panels", "MAX_REASON", [], "bytes of a reason at most", number],
  ["panels", "SILENCE", [], "what silence costs a reviewer", open],
  ["reviewers", "BOND", [], "a reviewer's bond", open],
  ["reviewers", "TERM", [], "a reviewer's term", seconds],
  ["reviewers", "EXIT_DELAY", [], "until a bond is free", seconds],
  ["reviewers", "MAX_SEATS", [], "reviewers at most", number],
  ["circle", "MILESTONES_MIN", [], "milestones at least", number],
  ["circle", "MILESTONES_MAX", [], "and at most", number],
  ["circle", "FIRST_BPS_MAX", [], "the first one at most", bps],
  ["circle", "DUE_MAX", [], "the last one due within", seconds],
  ["circle", "APPROVAL_PERIOD", [], "an approval is possible for", seconds],
  ["circle", "GRACE", [], "a milestone may be overdue by", seconds],
];

/** Deploys the plan's contracts in an EVM, above the devnet's parameters and a seed delay of one L1 block, and asks them. */
async function answersOf(plan: CirclePlan): Promise<string[]> {
  const evm = await createTestEvm();
  const make = (contract: string, abi: Abi, args: readonly unknown[]) => {
    const made = abi.find((item) => item.type === "constructor");
    return deploy(evm, contract, encodeAbiParameters(made?.inputs ?? [], args as never));
  };
  const { settings, splitBounds, indexBounds, leastWindow } = devnetPlan(CALLER);
  const initial = [CALLER, leastWindow, settings, splitBounds, indexBounds];
  const parameters = await make("ProtocolParameters", protocolParametersAbi, initial);
  const seeds = await make("Seeds", seedsAbi, [1n]);
  const balances = await deploy(evm, "RewardBalances", "0x");
  const next = (await addressOfNext(evm, 0)).toLowerCase();
  const nonces = Array.from({ length: 16 }, (_, i) => BigInt(i));
  const nonce = nonces.find(
    (one) => getContractAddress({ from: CALLER, nonce: one }).toLowerCase() === next,
  )!;
  const protocol = { parameters, seeds, balances };
  // Services register with the predeploys, which this EVM lacks, and have no parameters.
  const parts = planCircle({ plan, price: 1n, founder: CALLER, nonce, protocol }).filter(
    ({ name }) => name !== "services",
  );
  for (const { contract, abi, args, address } of parts) expect(await make(contract, abi, args)).toBe(address);
  const answer = async ([name, functionName, args, , format]: Row) => {
    const { address, abi } = parts.find((part) => part.name === name)!;
    const data = encodeFunctionData({ abi, functionName, args });
    const { execResult } = await call(evm, address, data);
    return format(decodeFunctionResult({ abi, functionName, data: bytesToHex(execResult.returnValue) }));
  };
  const answers: string[] = [];
  for (const row of ROWS) answers.push(await answer(row));
  return answers;
}

describe.skipIf(compiled("OpenCircle") === undefined)("the page about OpenCircle", () => {
  let made: string;
  beforeAll(async () => {
    const [live, devnet] = [await answersOf(LIVE_CIRCLE), await answersOf(DEVNET_CIRCLE)];
    const lines = ROWS.map(
      ([name, getter, args, what], i) =>
        `| ${what} | ${live[i]} | ${devnet[i]} | \`${name}.${getter}(${args.join(", ")})\` |`,
    );
    made = ["| what | live | devnet | asked of |", "| --- | --- | --- | --- |", ...lines, ""].join("\n");
  });

  it("has the parameters that the contracts answer: OPENLEDGER_WRITE=1 writes them anew", () => {
    expect(tableOfPage(PAGE, TEST, made)).toBe(made);
  });

  it("refuses plans that make no sense", async () => {
    await expect(answersOf({ ...DEVNET_CIRCLE, seats: 4 })).rejects.toThrow(/OpenCircle/);
    await expect(answersOf({ ...DEVNET_CIRCLE, exitDelay: 479 })).rejects.toThrow(/CirclePanels/);
    await expect(answersOf({ ...DEVNET_CIRCLE, priceAgeMax: 1 })).rejects.toThrow(/CircleFund/);
  });
});
