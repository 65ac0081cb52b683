import { describe, expect, it } from "vitest";
import type { Pay } from "../../node/ai/evaluation/pay.ts";
import { bootstrap, mcnemar, wilson } from "../../node/ai/evaluation/statistics.ts";
import { makeCompletions } from "../../node/ai/fusion/completions.ts";
import { compareRules, comparisonLines, type JudgedAnswer } from "./comparison.ts";
import { type Evidence, payByRules, type Rule } from "./pay.ts";

describe("statistics", () => {
  it("are those of the books", () => {
    // Wilson's interval of 81 in 263 (Newcombe 1998, table I).
    const [low, high] = wilson(81, 263);
    expect([low.toFixed(4), high.toFixed(4)]).toEqual(["0.2553", "0.3662"]);
    expect(wilson(0, 0)).toEqual([0, 1]);
    expect(mcnemar(0, 5)).toBeCloseTo(2 / 32, 12);
    expect(mcnemar(3, 7)).toBeCloseTo((2 * (1 + 10 + 45 + 120)) / 1024, 12);
    expect([mcnemar(0, 0), mcnemar(4, 4)]).toEqual([1, 1]);
  });

  it("bootstrap a mean, the same each time", () => {
    const values = Array.from({ length: 100 }, (_, i) => (i % 4 === 0 ? 1 : 0));
    const { mean, interval, notAbove } = bootstrap(values);
    expect(mean).toBe(0.25);
    // A quarter of 100: two standard errors are 0.085.
    expect(interval[0]).toBeGreaterThan(0.15);
    expect(interval[0]).toBeLessThan(0.19);
    expect(interval[1]).toBeGreaterThan(0.31);
    expect(interval[1]).toBeLessThan(0.36);
    expect(notAbove).toBe(0);
    expect(bootstrap(values)).toEqual(bootstrap(values));
    expect(bootstrap([-1, 1]).notAbove).toBeCloseTo(0.75, 1);
  });
});

describe("rules", () => {
  // Row 0 (ann) holds the answer, row 1 (bob) has most influence, row 2 (cem) the question's words.
  const evidence: Evidence = {
    terms: { floor: 0n, topK: 8, rows: 3 },
    owners: ["ann", "bob", "cem"],
    scores: [10n, 40n, -1n].map((score, rowId) => ({ rowId, score })),
    completions: makeCompletions(
      [[1, 2, 3], [4, 5], [6]].map((tokens, rowId) => ({ rowId, tokens })),
      8,
    ),
    answerTokens: Uint32Array.of(1, 2, 3),
    texts: ["colour blue grey teal", "sea gull", "what colour has the gull"],
    question: "what colour has the gull",
    answer: "blue grey teal",
  };
  const firsts = (of: Partial<Evidence>) =>
    Object.fromEntries([...payByRules({ ...evidence, ...of })].map(([rule, { first }]) => [rule, first]));

  it("pay whom they say", () => {
    expect(firsts({})).toEqual({
      fused: "ann",
      influence: "bob",
      spans: "ann",
      bm25Question: "cem",
      bm25Answer: expect.any(String),
      spansBm25: "ann",
      wholeRest: "ann",
      noRest: "ann",
    });
  });

  it("differ where nothing stands word for word", () => {
    const found = firsts({ answerTokens: Uint32Array.of(7, 7) });
    expect(found).toMatchObject({ fused: "bob", spans: undefined, wholeRest: "bob", noRest: undefined });
  });

  it("are counted against the causal contributor, answer by answer against BM25", () => {
    const pay = (name: string | undefined): Pay => ({
      first: name,
      shares: new Map(name === undefined ? [] : [[name, 0.75]]),
    });
    const answer = (fused: string | undefined, rival: string, causal: string | undefined): JudgedAnswer => ({
      causal,
      byRule: new Map<Rule, Pay>([
        ["fused", pay(fused)],
        ["bm25Answer", pay(rival)],
      ]),
    });
    const answers = [
      answer("ann", "ann", "ann"),
      answer("ann", "bob", "ann"),
      answer(undefined, "ann", "ann"),
      answer("bob", "bob", undefined),
    ];
    const figures = compareRules(answers).get("fused")!;
    expect(figures).toMatchObject({ of: 3, causalFirst: 2, causalShare: 0.5, firstAgainstBm25: 1 });
    const better = Array.from({ length: 10 }, (_, i) => answer("ann", i < 6 ? "bob" : "ann", "ann"));
    const found = compareRules(better).get("fused")!;
    expect(found.firstAgainstBm25).toBeCloseTo(2 / 2 ** 6, 12);
    expect(found.shareAgainstBm25).toBeLessThan(0.01);
    expect(comparisonLines("x", answers)).toHaveLength(10);
    expect(comparisonLines("x", [])).toEqual([]);
  });
});
