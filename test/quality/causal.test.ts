import { describe, expect, it } from "vitest";
import { overlapWith, shapleyValues } from "./causal.ts";

describe("Shapley values", () => {
  it("give each player its own part where parts only add up", () => {
    const parts = [1, 2, 4];
    const sum = (members: number) => parts.reduce((all, part, i) => all + ((members >> i) & 1) * part, 0);
    for (const [i, value] of shapleyValues(3, sum).entries()) expect(value).toBeCloseTo(parts[i]!, 12);
  });

  it("are the books' for gloves: one left, two right, a pair is worth 1", () => {
    const worth = (members: number) => Math.min(members & 1, ((members >> 1) & 1) + ((members >> 2) & 1));
    const [left, right, other] = shapleyValues(3, worth);
    expect(left).toBeCloseTo(2 / 3, 12);
    expect(right).toBeCloseTo(1 / 6, 12);
    expect(other).toBeCloseTo(1 / 6, 12);
  });

  it("overlap with pay as far as both go the same way", () => {
    const shapley = new Map([
      ["ann", 3],
      ["bob", 1],
      ["cem", -2],
    ]);
    const overlap = (...shares: [string, number][]) => overlapWith(shapley, new Map(shares));
    expect(overlap(["ann", 0.75], ["bob", 0.25])).toBe(1);
    expect(overlap(["ann", 1])).toBe(0.75);
    expect(overlap(["cem", 1])).toBe(0);
    expect(overlap()).toBe(0);
    expect(overlapWith(new Map([["ann", -1]]), new Map([["ann", 1]]))).toBe(0);
  });
});
