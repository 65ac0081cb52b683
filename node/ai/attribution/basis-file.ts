import type { FactoredBasis } from "../../../native/js/factored.ts";
import type { Basis } from "../../../native/js/influence.ts";
import type { CodedError } from "../../base/errors.ts";
import { aiError } from "../errors.ts";
import { readSafetensors, writeSafetensors } from "../model/safetensors.ts";
import { type BasisSizes, type FactoredModelBasis, isFactored, type ModelBasis } from "./model-basis.ts";

const FORMAT = "openledger/basis/1";
const FACTORED_FORMAT = "openledger/basis/3";

/**
 * A basis as safetensors: `exponents` I8 [rank, blocks] and `mantissas` I16 [rank, parameters], where the zero rows between
 * rank and dimension are not stored; a factored one as it is: also `counts` I32 [tensors], and each in one dimension.
 */
export function encodeBasis(basis: ModelBasis): Uint8Array {
  if (!isFactored(basis)) return encodeDense(basis);
  const { counts, exponents, mantissas } = basis;
  return writeSafetensors(
    [
      { name: "counts", shape: [counts.length], data: counts },
      { name: "exponents", shape: [exponents.length], data: exponents },
      { name: "mantissas", shape: [mantissas.length], data: mantissas },
    ],
    { format: FACTORED_FORMAT },
  );
}

function encodeDense(basis: Basis): Uint8Array {
  const { dimension, parameters } = basis;
  const blocks = basis.exponents.length / dimension;
  let rank = dimension;
  while (rank > 1 && isZero(basis.mantissas.subarray((rank - 1) * parameters, rank * parameters))) rank--;
  return writeSafetensors(
    [
      { name: "exponents", shape: [rank, blocks], data: basis.exponents.subarray(0, rank * blocks) },
      { name: "mantissas", shape: [rank, parameters], data: basis.mantissas.subarray(0, rank * parameters) },
    ],
    { dimension: String(dimension), format: FORMAT },
  );
}

/**
 * Reads a basis of the model that it belongs to: a small file must not ask for more room than the model's own sizes do.
 * @throws CodedError `BASIS_INVALID`, or what safetensors.ts throws.
 */
export function decodeBasis(file: Uint8Array, expected: BasisSizes): ModelBasis {
  return expected.kind === "ekfac-pca" ? decodeDense(file, expected) : decodeFactored(file, expected);
}

function decodeFactored(
  file: Uint8Array,
  expected: BasisSizes & { kind: "ekfac-factored" },
): FactoredModelBasis {
  const { metadata, tensors } = readSafetensors(file, "the basis");
  const { terms, tensors: sizes } = expected;
  if (metadata.format !== FACTORED_FORMAT) throw bad("it is of another format");
  const numbers = (name: keyof FactoredBasis, dtype: string, wanted: number) => {
    const tensor = tensors.get(name);
    const [count] = tensor?.shape ?? [];
    if (tensor?.dtype !== dtype || tensor.shape.length !== 1 || count !== wanted) {
      throw bad(`it does not hold ${wanted} ${name} (${dtype})`);
    }
    return tensor.data.slice().buffer;
  };
  const counts = new Int32Array(numbers("counts", "I32", sizes.length));
  const directions = counts.reduce((sum, count) => sum + count, 0);
  if (counts.some((count) => count < 0) || directions > terms.dimension) {
    throw bad(`its directions are not ${terms.dimension} at most`);
  }
  const mantissas = counts.reduce((sum, count, i) => sum + count * sizes[i]!, 0);
  if (mantissas > expected.mantissas) throw bad(`it has more than ${expected.mantissas} mantissas`);
  return {
    ...{ terms, counts },
    exponents: new Int8Array(numbers("exponents", "I8", directions)),
    mantissas: new Int16Array(numbers("mantissas", "I16", mantissas)),
  };
}

function decodeDense(file: Uint8Array, expected: BasisSizes & { kind: "ekfac-pca" }): Basis {
  const { metadata, tensors } = readSafetensors(file, "the basis");
  const exponents = tensors.get("exponents");
  const mantissas = tensors.get("mantissas");
  const dimension = Number(metadata.dimension);
  if (metadata.format !== FORMAT) throw bad("it is of another format");
  if (dimension !== expected.dimension) {
    throw bad(`it has ${metadata.dimension} directions in place of the committed ${expected.dimension}`);
  }
  if (exponents?.dtype !== "I8" || mantissas?.dtype !== "I16" || tensors.size !== 2) {
    throw bad("it does not hold exponents (I8) and mantissas (I16)");
  }
  const [rank, blocks] = exponents.shape as [number, number];
  const [rows, parameters] = mantissas.shape as [number, number];
  const isMatrix = exponents.shape.length === 2 && mantissas.shape.length === 2;
  if (!isMatrix || rank !== rows || rank < 1 || rank > dimension || blocks < 1 || parameters < blocks) {
    throw bad(`shapes [${exponents.shape}] and [${mantissas.shape}] do not go together`);
  }
  if (parameters !== expected.parameters) {
    throw bad(`it is for ${parameters} parameters, but the adapter has ${expected.parameters}`);
  }
  const basis: Basis = {
    dimension,
    parameters,
    exponents: new Int8Array(dimension * blocks),
    mantissas: new Int16Array(dimension * parameters),
  };
  basis.exponents.set(new Int8Array(exponents.data.slice().buffer));
  basis.mantissas.set(new Int16Array(mantissas.data.slice().buffer));
  return basis;
}

function isZero(values: Int16Array): boolean {
  return values.every((value) => value === 0);
}

function bad(what: string): CodedError {
  return aiError("BASIS_INVALID", {
    message: `the model's basis is not valid: ${what}`,
    fix: "fetch it again; if it stays so, the model's owner published a broken one",
  });
}
