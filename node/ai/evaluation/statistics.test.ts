import { expect, it } from "vitest";
import { spearman } from "./statistics.ts";

it("correlates ranks, ties sharing theirs", () => {
  expect(spearman([1, 2, 3, 4], [10, 20, 30, 40])).toBeCloseTo(1, 12);
  expect(spearman([1, 2, 3, 4], [4, 3, 2, 1])).toBeCloseTo(-1, 12);
  // 1 - 6 sum(d^2) / (n (n^2 - 1)) without ties.
  expect(spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5])).toBeCloseTo(1 - (6 * 4) / (5 * 24), 12);
  // Ranks 0.5, 0.5, 2 and 0, 1, 2.
  expect(spearman([7, 7, 9], [1, 2, 3])).toBeCloseTo(1.5 / Math.sqrt(1.5 * 2), 12);
  expect(spearman([5, 5, 5], [1, 2, 3])).toBe(0);
});
