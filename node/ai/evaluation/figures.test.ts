import { expect, test } from "vitest";
import { ceilingOf, meanOver } from "./figures.ts";

/** By seed, by half, one answer. */
const truth = (...seeds: number[][]) => seeds.map((halves) => halves.map((value) => [value]));

test("the ceiling is 1 where all seeds agree, 0 where they don't, and grows with the seeds in between", () => {
  expect(ceilingOf(truth([1, 2, 3, 4], [1, 2, 3, 4])).mean).toBeCloseTo(1, 12);
  expect(ceilingOf(truth([1, 2, 3, 4], [4, 3, 2, 1])).mean).toBe(0);
  // Ranks 1 2 3 4 and 1 2 4 3 correlate by 0.8: two seeds together by 2 * 0.8 / 1.8.
  expect(ceilingOf(truth([1, 2, 3, 4], [1, 2, 4, 3])).mean).toBeCloseTo(1.6 / 1.8, 12);
});

test("means are taken place by place", () => {
  expect(
    meanOver([
      [1, 2],
      [3, 6],
    ]),
  ).toEqual([2, 4]);
});
