import { expect, it } from "vitest";
import { type EarnedAnswer, earnedCell } from "./discount.ts";

const answer = (earnedBps: number, isExact: boolean): EarnedAnswer => ({
  ...{ question: "q", answer: "a", own: "b", isExact, earnedBps },
});

it("counts what training earned", () => {
  expect(earnedCell([answer(10_000, true), answer(2_500, false), answer(0, true)])).toEqual({
    ...{ of: 3, exact: 2, earned: 12_500 / 30_000, nothing: 1, all: 1 },
  });
  expect(earnedCell([]).earned).toBe(0);
});
