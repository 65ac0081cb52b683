import { describe, expect, test } from "vitest";
import { clockOf, paceOf, paidSoFar } from "./overview.ts";

describe("what was paid so far", () => {
  const clock = clockOf({ number: 0n, timestamp: 100n }, { number: 50n, timestamp: 200n });

  test("payments add up in the order of their blocks, those of one block in one point", () => {
    const payments = [
      { block: 9n, amount: 5n },
      { block: 3n, amount: 2n },
      { block: 9n, amount: 1n },
    ];
    expect(paidSoFar(payments, clock)).toEqual([
      { block: 3n, seconds: 106, total: 2n },
      { block: 9n, seconds: 118, total: 8n },
    ]);
  });

  test("a chain that has only its first block has one time", () => {
    const still = clockOf({ number: 0n, timestamp: 7n }, { number: 0n, timestamp: 7n });
    expect(still(0n)).toBe(7);
    expect(paidSoFar([], still)).toEqual([]);
  });
});

describe("the pace", () => {
  test("is blocks a second, and how full they are", () => {
    const fees = { gasUsedRatio: [0.5, 0.25], baseFeePerGas: ["0x1", "0x2", "0x3"] as const };
    expect(paceOf(60, 120, fees)).toEqual({
      blocks: 60,
      blocksPerSecond: 0.5,
      fullness: 0.375,
      baseFee: 3n,
    });
  });

  test("of a chain without a second block is none", () => {
    expect(paceOf(0, 0, { gasUsedRatio: [], baseFeePerGas: [] }).blocksPerSecond).toBe(0);
  });
});
