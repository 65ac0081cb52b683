import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ALL_EARNED, earnedBpsOf } from "./discount.ts";
import { NAT_UNITS } from "./nats.ts";

const earnedAfter = (gained: number) => earnedBpsOf({ base: 50 * NAT_UNITS + gained, model: 50 * NAT_UNITS });

describe("what training earned of an answer", () => {
  it("is 1 - e^-x of it", () => {
    fc.assert(
      fc.property(fc.nat(11 * NAT_UNITS), (gained) => {
        const exact = ALL_EARNED * (1 - Math.exp(-gained / NAT_UNITS));
        expect(Math.abs(earnedAfter(gained) - exact)).toBeLessThan(1.000001);
        expect(earnedAfter(gained)).toBeGreaterThanOrEqual(exact - 1e-6);
        expect(earnedAfter(gained + 1)).toBeGreaterThanOrEqual(earnedAfter(gained));
      }),
    );
  });

  it("is nothing where the base model answers as likely, all where it never would", () => {
    expect([-5, 0].map(earnedAfter)).toEqual([0, 0]);
    expect(earnedAfter(1)).toBe(1);
    // ln 2, rounded up and down: at most a half is left to the base, and a bit more.
    expect([Math.ceil(Math.LN2 * NAT_UNITS), Math.floor(Math.LN2 * NAT_UNITS)].map(earnedAfter)).toEqual([
      5001, 5000,
    ]);
    expect([9 * NAT_UNITS, 10 * NAT_UNITS - 1, 10 * NAT_UNITS, 2 ** 45].map(earnedAfter)).toEqual([
      9999, 10_000, 10_000, 10_000,
    ]);
  });
});
