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

const FACTORED = {
  ...{ kind: "ekfac-factored" as const, tensors: [3, 2, 4], mantissas: 12 },
  terms: { dimension: 64, unit: true },
};

describe("a factored basis from a stranger", () => {
  const basis = {
    terms: FACTORED.terms,
    counts: Int32Array.of(1, 0, 2),
    exponents: Int8Array.of(-1, 2, -3),
    mantissas: Int16Array.of(1, -2, 3, -4, 5, -6, 7, -8, 9, -10, 32_767),
  };
  const refusal = (change: Partial<typeof basis>, expected = FACTORED) => {
    try {
      return decodeBasis(encodeBasis({ ...basis, ...change }), expected);
    } catch (error) {
      return isCodedError(error) ? error.code : error;
    }
  };

  test("comes back as it was, with the method's terms", () => {
    expect(decodeBasis(encodeBasis(basis), FACTORED)).toEqual(basis);
  });

  test("has the sizes that method and adapter give it", () => {
    expect(refusal({ mantissas: basis.mantissas.subarray(1) })).toBe("BASIS_INVALID");
    expect(refusal({ exponents: new Int8Array(5) })).toBe("BASIS_INVALID");
    expect(refusal({ counts: Int32Array.of(1, 2) })).toBe("BASIS_INVALID");
    // As many mantissas, but of other tensors.
    expect(refusal({ counts: Int32Array.of(1, 2, 1) })).toBe("BASIS_INVALID");
    expect(refusal({ counts: Int32Array.of(1, -1, 3) })).toBe("BASIS_INVALID");
    expect(refusal({}, { ...FACTORED, tensors: [3, 2, 5] })).toBe("BASIS_INVALID");
    expect(refusal({}, { ...FACTORED, mantissas: 10 })).toBe("BASIS_INVALID");
    expect(refusal({}, { ...FACTORED, terms: { dimension: 2, unit: true } })).toBe("BASIS_INVALID");
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
