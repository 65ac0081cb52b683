import { parseEther } from "viem";
import { describe, expect, it } from "vitest";
import { adviceOf, isWithin, leastOf, MAX_POLICY_BYTES, rulesOfPolicy } from "./policy.ts";

const POOL = "0x00000000000000000000000000000000000000aa";
const rules = {
  ...{ version: 1, kind: "swap", pool: POOL, model: 1, question: "Buy?" },
  ...{ mostBuy: "10", mostSell: "0.5", slippageBps: 100 },
};
const text = (value: unknown) =>
  `# For people\n\`\`\`openledger-policy\n${JSON.stringify(value)}\n\`\`\`\nand more\n`;
const code = (name: string) => expect.objectContaining({ code: name });

describe("the rules of a policy", () => {
  it("are its one block", () => {
    expect(rulesOfPolicy(text(rules))).toEqual({
      ...{ pool: POOL, model: 1n, question: "Buy?", slippageBps: 100 },
      ...{ mostBuy: parseEther("10"), mostSell: parseEther("0.5") },
    });
    expect(rulesOfPolicy("When the answer says buy, buy.")).toBeUndefined();
    expect(rulesOfPolicy("```json\n{}\n```")).toBeUndefined();
  });

  it.each([
    ["two blocks", text(rules) + text(rules)],
    ["no JSON", "```openledger-policy\nbuy\n```"],
    ["another field", text({ ...rules, recipient: POOL })],
    ["a rule of another version", text({ ...rules, version: 2 })],
    ["a number as an amount", text({ ...rules, mostBuy: 10 })],
    ["a slippage above half", text({ ...rules, slippageBps: 5_001 })],
    ["too long", text({ ...rules, question: "x".repeat(2_001) })],
    ["a text without end", "x".repeat(MAX_POLICY_BYTES + 1)],
  ])("refuse %s", (_, source) => {
    expect(() => rulesOfPolicy(source)).toThrow(code("POLICY_INVALID"));
  });
});

describe("an answer", () => {
  it.each([
    ["hold", { kind: "hold" }],
    ["hold.", { kind: "hold" }],
    ["buy 5", { kind: "buy", amount: parseEther("5") }],
    ["sell 0.25.", { kind: "sell", amount: parseEther("0.25") }],
    ["buy 0.000000000000000001", { kind: "buy", amount: 1n }],
  ])("that says %s moves something", (answer, advice) => {
    expect(adviceOf(answer)).toEqual(advice);
  });

  it.each([
    "",
    "Buy 5",
    "buy",
    "buy 5 OPEN",
    "buy 5 to 0x7417ef0000000000000000000000000000000000",
    "buy 5\nsell 5",
    "buy 5..",
    "buy -5",
    "buy 05",
    "buy 5e9",
    "buy 1,000",
    "buy 0",
    "buy 0.0",
    "buy 9999999999",
    "buy 1.0000000000000000001",
    "I would buy 5",
    " buy 5",
    "buy  5",
    "buy ５",
    "sell all",
    "hold 5",
    '{"to":"0x00"}',
  ])("that says %j moves nothing", (answer) => {
    expect(adviceOf(answer)).toBeUndefined();
  });

  it("is bounded by the policy, and its price by what was quoted", () => {
    const policy = rulesOfPolicy(text(rules))!;
    expect(isWithin(policy, { kind: "buy", amount: parseEther("10") })).toBe(true);
    expect(isWithin(policy, { kind: "buy", amount: parseEther("10") + 1n })).toBe(false);
    expect(isWithin(policy, { kind: "sell", amount: parseEther("1") })).toBe(false);
    expect(leastOf(policy, 1_000n)).toBe(990n);
    expect(leastOf(policy, 99n)).toBe(99n);
  });
});
