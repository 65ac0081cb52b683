import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quantise } from "./influence.ts";

describe("quantise", () => {
  it("uses the finest power of two that fits, ties to even", () => {
    const { exponents, values } = quantise(Float32Array.of(127, -2.5, 3.5, 0), 4, 8);
    expect([...exponents]).toEqual([0]);
    expect([...values]).toEqual([127, -2, 4, 0]);
  });

  it("takes the next exponent when rounding would pass the limit", () => {
    const { exponents, values } = quantise(Float32Array.of(127.6), 1, 8);
    expect([exponents[0], values[0]]).toEqual([1, 64]);
  });

  it("keeps exponents in the range: small rows get coarser, large ones are capped", () => {
    const { exponents, values } = quantise(Float32Array.of(1, 1024), 1, 8, { min: -2, max: 2 });
    expect([...exponents]).toEqual([-2, 2]);
    expect([...values]).toEqual([4, 64]);
  });

  it("gives an all-zero row the least exponent", () => {
    expect([...quantise(new Float32Array(3), 3, 16, { min: -9, max: 3 }).exponents]).toEqual([-9]);
  });

  it("refuses what is not finite", () => {
    expect(() => quantise(Float32Array.of(Number.NaN), 1, 8)).toThrow("finite");
  });

  it("is within half a step of the input and uses at least half of the range", () => {
    const rows = fc.array(fc.float({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(rows, (row) => {
        const input = Float32Array.from(row);
        const { exponents, values } = quantise(input, input.length, 16);
        const largest = Math.max(...input.map(Math.abs));
        fc.pre(largest > 1e-30);
        const step = 2 ** exponents[0]!;
        expect(Math.max(...values.map(Math.abs))).toBeGreaterThanOrEqual(16383);
        values.forEach((value, i) => expect(Math.abs(value * step - input[i]!)).toBeLessThanOrEqual(step / 2));
      }),
    );
  });
});
