import { expect, it } from "vitest";
import { millionths } from "./millionths.ts";

it.each([
  // Go 1.26: new(big.Float).Quo(new(big.Float).SetInt(value), big.NewFloat(1e6)).String()
  [0n, "0"],
  [684_000n, "0.684"],
  [1_000_000n, "1"],
  [1n, "1e-06"],
  [99n, "9.9e-05"],
  [100n, "0.0001"],
  [12_345_678_901_234n, "12345678.9"],
  [12_000_000n, "12"],
  [10_000_000n, "10"],
  [1_234_567_890_123_456_789n, "1.23456789e+12"],
  [9_999_999_999_999_999n, "1e+10"],
  [9_999_999_999_000_000n, "9999999999"],
  [9_000_000_000_000_000n, "9000000000"],
  [10_000_000_000_000_000n, "1e+10"],
  [1n << 248n, "4.523128486e+68"],
])("%s millionths are written as op-geth does: %s", (value, text) => {
  expect(millionths(value)).toBe(text);
});
