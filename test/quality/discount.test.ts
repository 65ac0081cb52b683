import { expect, it } from "vitest";
import { type EarnedAnswer, earnedCell } from "./discount.ts";

const answer = (earnedBps: number, base: number, model: number): EarnedAnswer => ({
  ...{ question: "q", answer: "a", earnedBps },
  base: base * 2 ** 20,
  model: model * 2 ** 20,
});

it("gives means, the least and the most", () => {
  expect(earnedCell([answer(10_000, 30, 1), answer(2_500, 2, 1.5)])).toEqual({
    ...{ of: 2, earned: 0.625, least: 0.25, most: 1, base: 16, model: 1.25 },
  });
});
