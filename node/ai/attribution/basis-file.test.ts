import { describe, expect, test } from "vitest";
import { isCodedError } from "../../base/errors.ts";
import { writeSafetensors } from "../model/safetensors.ts";
import { decodeBasis, encodeBasis } from "./basis-file.ts";

const EXPECTED = { kind: "ekfac-pca" as const, dimension: 64, parameters: 8 };

/** A basis of one direction that says of itself what a stranger wants. */
function basisOf({ dimension = "64", parameters = 8, format = "openledger/basis/1" }): Uint8Array {
  return writeSafetensors(
    [
      { name: "exponents", shape: [1, 1], data: new Int8Array(1) },
      { name: "mantissas", shape: [1, parameters], data: new Int16Array(parameters).fill(3) },
    ],
    { dimension, format },
  );
}

const codeOf = (file: Uint8Array) => {
  try {
    decodeBasis(file, EXPECTED);
    return undefined;
  } catch (error) {
    return isCodedError(error) ? error.code : error;
  }
};

const FOLDED = {
  ...{ kind: "ekfac-fold" as const, axes: 2, mantissas: 9, exponents: 4 },
  fold: { dimension: 64, seed: 1, unit: true },
};

describe("a factored basis from a stranger", () => {
  const basis = {
    ...{ axes: 2, fold: FOLDED.fold },
    exponents: Int8Array.of(-1, 2, -3, 4),
    mantissas: Int16Array.of(1, -2, 3, -4, 5, -6, 7, -8, 32_767),
  };
  const refusal = (change: Partial<typeof basis>, expected = FOLDED) => {
    try {
      return decodeBasis(encodeBasis({ ...basis, ...change }), expected);
    } catch (error) {
      return isCodedError(error) ? error.code : error;
    }
  };

  test("comes back as it was, with the method's fold", () => {
    expect(decodeBasis(encodeBasis(basis), FOLDED)).toEqual(basis);
  });

  test("has the sizes that method and adapter give it", () => {
    expect(refusal({ mantissas: basis.mantissas.subarray(1) })).toBe("BASIS_INVALID");
    expect(refusal({ exponents: new Int8Array(5) })).toBe("BASIS_INVALID");
    expect(refusal({ axes: 3 })).toBe("BASIS_INVALID");
    expect(refusal({}, { ...FOLDED, mantissas: 10 })).toBe("BASIS_INVALID");
    // The other kind's file.
    expect(codeOf(encodeBasis(basis))).toBe("BASIS_INVALID");
  });
});

describe("a basis from a stranger", () => {
  test("comes back as it was", () => {
    const basis = decodeBasis(basisOf({}), EXPECTED);
    expect(basis.mantissas).toHaveLength(64 * 8);
    expect(decodeBasis(encodeBasis(basis), EXPECTED)).toEqual(basis);
  });

  test("a small file never asks for more room than the model's own sizes do", () => {
    // Would be 8 GiB of mantissas.
    expect(codeOf(basisOf({ dimension: "536870912" }))).toBe("BASIS_INVALID");
    expect(codeOf(basisOf({ dimension: "4096" }))).toBe("BASIS_INVALID");
    expect(codeOf(basisOf({ parameters: 9 }))).toBe("BASIS_INVALID");
    expect(codeOf(basisOf({ format: "another" }))).toBe("BASIS_INVALID");
  });
});
