import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeCompletions } from "./completions.ts";
import { ALL_EARNED, DISCOUNT_RULE, earnedOver, ownTokens } from "./discount.ts";

/** Letters are tokens; the space before a text is none. */
const tokenizer = {
  idLimit: 128,
  encodeText: async (text: string) => [...text.trim()].map((letter) => letter.charCodeAt(0)),
};
const rows = makeCompletions(
  [{ rowId: 0, tokens: [..."the quick brown fox"].map((l) => l.charCodeAt(0)) }],
  128,
);
const earned = (answer: string, own: string) =>
  earnedOver(answer, { rule: DISCOUNT_RULE, answer: own }, rows, tokenizer);

describe("what training earned of an answer", () => {
  it("is nothing of what the base model says by itself, whatever is around it", async () => {
    expect(await earned("PARIS", "PARIS")).toBe(0);
    expect(await earned("PARIS", "THE CAPITAL IS PARIS.")).toBe(0);
  });

  it("is all of what the base model does not say", async () => {
    expect(await earned("MORAG", "captain Jim")).toBe(ALL_EARNED);
    expect(await earned("MORAG", "")).toBe(ALL_EARNED);
    expect(await earned("", "anything")).toBe(ALL_EARNED);
  });

  it("is what is left where it says a large part, and all where it says a small one", async () => {
    // Bits: 15 for each letter that no row has. Of 120 the base holds 105 and 15; what counts is clamp(2 I - 32, 0, I).
    expect(await earned("ABCDEFGH", "xABCDEFGx")).toBe(ALL_EARNED - Math.floor((ALL_EARNED * 105) / 120));
    expect(await earned("ABCDEFGH", "xAx")).toBe(ALL_EARNED);
  });

  it("is told beside as many tokens of the base as the answer may have, and not many more than it has", () => {
    expect([ownTokens(2, 64), ownTokens(24, 64), ownTokens(25, 64), ownTokens(3, 5)]).toEqual([
      20, 64, 64, 5,
    ]);
  });

  it("is never below nothing or above all, and less where the base says more", async () => {
    const text = fc.string({ unit: fc.constantFrom(..."ABCd efo"), maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(text, text, async (answer, own) => {
        const found = await earned(answer, own);
        expect(found).toBeGreaterThanOrEqual(0);
        expect(found).toBeLessThanOrEqual(ALL_EARNED);
        if (answer.trim() !== "") expect(await earned(answer, answer)).toBe(0);
      }),
    );
  });
});
