import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PrecompileRevert } from "../revert.ts";
import { MAX_PARTS, split } from "./split.ts";

const amount = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), fc.bigInt({ min: 0n, max: 1000n }));
const weight = fc.oneof(fc.bigInt({ min: 0n, max: 4n }), fc.bigInt({ min: 0n, max: 2n ** 240n }));
const weights = fc.array(weight, { minLength: 1, maxLength: 40 }).filter((list) => list.some((w) => w > 0n));
const sum = (list: readonly bigint[]) => list.reduce((total, item) => total + item, 0n);

describe("split", () => {
  it("never loses or makes a wei", () => {
    fc.assert(
      fc.property(amount, weights, (a, list) => {
        expect(sum(split(a, list))).toBe(a);
      }),
    );
  });

  it("gives each part its exact share, rounded down or up by less than one", () => {
    fc.assert(
      fc.property(amount, weights, (a, list) => {
        const total = sum(list);
        split(a, list).forEach((part, i) => {
          const difference = part * total - a * list[i]!;
          expect(difference < total && difference > -total).toBe(true);
        });
      }),
    );
  });

  it("gives the odd wei to larger remainders first, ties to the lower index", () => {
    fc.assert(
      fc.property(amount, weights, (a, list) => {
        const total = sum(list);
        const parts = split(a, list);
        const rest = list.map((w) => (a * w) % total);
        const raised = list.map((w, i) => parts[i]! > (a * w) / total);
        for (let i = 0; i < list.length; i++) {
          for (let j = 0; j < list.length; j++) {
            if (!raised[i] || raised[j]) continue;
            expect(rest[i]! > rest[j]! || (rest[i] === rest[j] && i < j)).toBe(true);
          }
        }
      }),
    );
  });

  it("pays nothing for weight 0, and amounts as weights come out as they are", () => {
    fc.assert(
      fc.property(weights, (list) => {
        expect(split(sum(list), list)).toEqual(list);
        expect(split(7n, [0n, ...list])[0]).toBe(0n);
      }),
    );
  });

  it.each([
    ["no weights", [], "ListLength(uint256,uint256)"],
    ["too many weights", new Array(MAX_PARTS + 1).fill(1n), "ListLength(uint256,uint256)"],
    ["only zeros", [0n, 0n], "ZeroTotal()"],
    ["a sum of 2^256", [2n ** 255n, 2n ** 255n], "TotalOverflow()"],
  ])("refuses %s", (_, list: bigint[], name) => {
    expect(() => split(1n, list)).toThrow(PrecompileRevert);
    expect(() => split(1n, list)).toThrow(name);
  });

  it.each([
    [100n, [1n, 1n, 1n], [34n, 33n, 33n]],
    [10n, [1n, 2n, 3n], [2n, 3n, 5n]],
    [1n, [1n, 2n], [0n, 1n]],
    [0n, [5n], [0n]],
  ])("divides %s by %s into %s", (a, list, parts) => {
    expect(split(a, list)).toEqual(parts);
  });
});
