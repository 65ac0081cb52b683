import { encodeFunctionData, parseEther } from "viem";
import { describe, expect, it } from "vitest";
import { swapPoolAbi } from "../../chain/generated/abi.ts";
import type { Address } from "../../chain/types/primitives.ts";
import type { SwapPolicy } from "../policy.ts";
import { type DeedMatterOfFact, type HeardAnswer, judgeSwap, QUOTE_BLOCKS, swapOf } from "./judge.ts";

const POOL: Address = "0x00000000000000000000000000000000000000aa";
const ACCOUNT: Address = "0x00000000000000000000000000000000000000ac";
const THIEF: Address = "0x00000000000000000000000000000000000000ff";
const FIVE = parseEther("5");
const policy: SwapPolicy = {
  ...{ pool: POOL, model: 1n, question: "Buy?", slippageBps: 100 },
  ...{ mostBuy: parseEther("10"), mostSell: parseEther("10") },
};
const buy = (to = ACCOUNT, value = FIVE, least = 990n, target = POOL) => ({
  ...{ target, value },
  data: encodeFunctionData({ abi: swapPoolAbi, functionName: "buy", args: [to, least] }),
});
const sell = (amount: bigint, least = 990n) => ({
  ...{ target: POOL, value: 0n },
  data: encodeFunctionData({ abi: swapPoolAbi, functionName: "sell", args: [ACCOUNT, amount, least] }),
});
const deed: DeedMatterOfFact = {
  ...{ account: ACCOUNT, because: [7n], isRepeated: false, call: buy(), blockNumber: 100n },
};
const answer: HeardAnswer = { model: 1n, question: "Buy?", text: "buy 5", quotedAt: 99n };
const judge = (
  changed: { deed?: Partial<DeedMatterOfFact>; answer?: Partial<HeardAnswer> } = {},
  price: bigint | undefined = 1_000n,
) => judgeSwap(policy, { ...deed, ...changed.deed }, { ...answer, ...changed.answer }, async () => price);

describe("a deed", () => {
  it("follows where it does what the answer says, at its price", async () => {
    expect(await judge()).toMatchObject({ followed: true });
    const sold = { deed: { call: sell(FIVE) }, answer: { text: "sell 5." } };
    expect(await judge(sold)).toMatchObject({ followed: true });
    expect(await judge({ answer: { quotedAt: 100n } })).toMatchObject({ followed: true });
  });

  it.each([
    ["two answers", { deed: { because: [7n, 8n] } }, /more than one answer/],
    ["an answer that was used", { deed: { isRepeated: true } }, /same answer/],
    ["another model", { answer: { model: 2n } }, /another model/],
    ["another question", { answer: { question: "Sell?" } }, /question/],
    ["a question that can't be opened", { answer: { question: undefined } }, /question/],
    ["tokens that nobody claimed", { answer: { text: undefined } }, /claimed/],
    ["an answer in another form", { answer: { text: "buy 5 please" } }, /neither/],
    ["an answer to hold", { answer: { text: "hold" } }, /neither/],
    ["more than the policy", { answer: { text: "buy 11" } }, /more than the policy/],
    ["another amount", { deed: { call: buy(ACCOUNT, FIVE + 1n) } }, /something else/],
    ["the other way", { answer: { text: "sell 5" } }, /something else/],
    ["another recipient", { deed: { call: buy(THIEF) } }, /somebody else/],
    ["another pool", { deed: { call: buy(ACCOUNT, FIVE, 990n, THIEF) } }, /no swap/],
    ["another function", { deed: { call: { ...buy(), data: "0xa9059cbb" } } }, /no swap/],
    ["bytes behind the call", { deed: { call: { ...buy(), data: `${buy().data}00` } } }, /no swap/],
    ["a price of long ago", { deed: { blockNumber: 100n + QUOTE_BLOCKS } }, /too old/],
    ["a price of later", { answer: { quotedAt: 101n } }, /too old/],
    ["a low price", { deed: { call: buy(ACCOUNT, FIVE, 989n) } }, /too low/],
  ] as const)("strays with %s", async (_, changed, why) => {
    const finding = await judge(changed as Parameters<typeof judge>[0]);
    expect(finding).toEqual({ followed: false, why: expect.stringMatching(why) });
  });

  it("strays where the pool gives no price", async () => {
    const none = judgeSwap(policy, deed, answer, async () => undefined);
    expect(await none).toMatchObject({ followed: false });
  });

  it("is no sale with coins", () => {
    expect(swapOf({ ...sell(FIVE), value: 1n })).toBeUndefined();
    expect(swapOf(sell(FIVE))).toMatchObject({ kind: "sell", amount: FIVE });
  });
});
