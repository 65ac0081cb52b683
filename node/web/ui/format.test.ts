import { describe, expect, test } from "vitest";
import { formatExact, formatGwei, formatOpen, formatRelative, formatShare, shorten } from "./format.ts";

const OPEN = 10n ** 18n;

describe("amounts", () => {
  test.each([
    [0n, "0"],
    [1n, "0.000000000000000001"],
    [OPEN, "1"],
    [OPEN + OPEN / 3n, "1.3333"],
    [1234n * OPEN, "1\u202f234"],
    [-OPEN / 2n, "−0.5"],
    [123456789n, "0.0000000001234"],
    [2n * OPEN - 1n, "1.9999"],
  ])("%s wei", (wei, text) => {
    expect(formatOpen(wei)).toBe(text);
  });
});

describe("prices of gas", () => {
  test.each([
    [0n, "0"],
    [1n, "< 0.0001"],
    [1_500_000n, "0.0015"],
    [1_000_000_000n, "1"],
    [1_234_560_000_000n, "1\u202f234.56"],
  ])("%s wei", (wei, text) => {
    expect(formatGwei(wei)).toBe(text);
  });
});

describe("shares", () => {
  test.each([
    [1n, 3n, "33.3 %"],
    [1n, 1n, "100 %"],
    [1n, 10_000_000n, "< 0.1 %"],
    [0n, 5n, "0 %"],
    [1n, 0n, "0 %"],
  ])("%s of %s", (part, whole, text) => {
    expect(formatShare(part, whole)).toBe(text);
  });
});

describe("times", () => {
  test.each([
    [100, 100, "now"],
    [100, 112, "12 s ago"],
    [400, 100, "in 5 min"],
    [0, 90_000, "1 d ago"],
  ])("%s at %s", (seconds, now, text) => {
    expect(formatRelative(seconds, now)).toBe(text);
  });

  test("exactly", () => {
    expect(formatExact(1_700_000_000)).toBe("2023-11-14 22:13:20 UTC");
  });
});

test("addresses keep both ends", () => {
  expect(shorten(`0x${"ab".repeat(20)}`)).toBe("0xabab…abab");
});
