import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hexToBytes } from "../../base/bytes.ts";
import { FORKS, type Fork, type RollupConfig } from "../types/rollup.ts";
import { fakeExponential } from "./blob-fee.ts";
import { fastLzLength } from "./fastlz.ts";
import { daFootprint, daSizeEstimate, type FeeContext, l1Cost, operatorFee } from "./rollup-fees.ts";

/** The transaction of op-geth's rollup cost tests. */
const EMPTY_TX = hexToBytes("0xdd80808094095e7baea6a6c7c4c2dfeb977efac326af552d878080808080");
const SUBJECT = { raw: EMPTY_TX, daSize: daSizeEstimate(fastLzLength(EMPTY_TX)) };

const context: FeeContext = {
  baseFee: 1000n * 1_000_000n,
  blobBaseFee: 10n * 1_000_000n,
  baseFeeScalar: 2n,
  blobBaseFeeScalar: 3n,
  overhead: 50n,
  scalar: 7n * 1_000_000n,
  operatorFeeScalar: 1_439_103_868n,
  operatorFeeConstant: 1_256_417_826_609_331_460n,
};

function until(last: Fork | undefined): RollupConfig {
  const active = last === undefined ? [] : FORKS.slice(0, FORKS.indexOf(last) + 1);
  return { forkTimes: Object.fromEntries(active.map((fork) => [fork, 0n])) } as unknown as RollupConfig;
}

describe("L1 cost", () => {
  it.each([
    // op-geth core/types/rollup_cost_test.go: Bedrock 11326000000000, Regolith 3710000000000, Ecotone 960900, Fjord 3203000.
    [undefined, 11_326_000_000_000n],
    ["regolith", 3_710_000_000_000n],
    ["ecotone", 960_900n],
    ["fjord", 3_203_000n],
  ] as const)("of the empty transaction after %s", (fork, fee) => {
    expect(l1Cost(until(fork), 1n, context, SUBJECT).fee).toBe(fee);
  });

  it("uses the Bedrock formula while Ecotone's values are still empty", () => {
    const unset = { ...context, blobBaseFee: 0n, baseFeeScalar: 0n, blobBaseFeeScalar: 0n };
    for (const fork of ["ecotone", "fjord"] as const) {
      expect(l1Cost(until(fork), 1n, unset, SUBJECT).fee).toBe(3_710_000_000_000n);
    }
  });
});

describe("operator fee", () => {
  it("is absent, divided by 10^6, then multiplied by 100", () => {
    expect(operatorFee(until("holocene"), 1n, context, 21_000n)).toBe(0n);
    expect(operatorFee(until("isthmus"), 1n, context, 21_000n)).toBe(
      (21_000n * 1_439_103_868n) / 1_000_000n + 1_256_417_826_609_331_460n,
    );
    expect(operatorFee(until("jovian"), 1n, context, 21_000n)).toBe(
      21_000n * 1_439_103_868n * 100n + 1_256_417_826_609_331_460n,
    );
  });
});

describe("FastLZ", () => {
  it("gives the lengths of Solady's LibZip", () => {
    expect(fastLzLength(new Uint8Array(0))).toBe(0);
    expect(fastLzLength(Uint8Array.of(1))).toBe(2);
    // 1,000 zero bytes: one literal run, then matches.
    expect(fastLzLength(new Uint8Array(1000))).toBe(21);
    expect(fastLzLength(EMPTY_TX)).toBe(31);
  });

  it("gives the same length whatever was measured before", () => {
    const text = fc
      .array(fc.constantFrom(0, 1, 2), { minLength: 60, maxLength: 300, size: "max" })
      .map((bytes) => Uint8Array.from(bytes));
    fc.assert(
      fc.property(text, text, (data, other) => {
        const length = fastLzLength(data);
        for (const before of [other, data, other.slice(1)]) {
          fastLzLength(before);
          expect(fastLzLength(data)).toBe(length);
        }
      }),
    );
  });
});

describe("DA footprint", () => {
  it("counts at least 100 bytes", () => {
    expect(daFootprint(SUBJECT, 400n)).toBe(40_000n);
  });
});

describe("fake_exponential", () => {
  it("gives EIP-4844's values", () => {
    expect(fakeExponential(1n, 0n, 1n)).toBe(1n);
    expect(fakeExponential(38493n, 0n, 1000n)).toBe(38493n);
    expect(fakeExponential(1n, 2n, 1n)).toBe(6n);
    expect(fakeExponential(1n, 50_000_000n, 2_225_652n)).toBe(5_709_098_764n);
  });
});
