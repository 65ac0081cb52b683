/**
 * Influence of training examples on an answer: EK-FAC-whitened LoRA gradients, cut to the directions that the training
 * set itself spans, as integer sketches with exact scores.
 *
 * Source: Grosse et al. 2023 (EK-FAC influence, eq. 20-24) for the factors; the half-whitened, uncentred-PCA
 * compression is that of eigenbasis-corrected gradient projection (2026), here over the whole adapter.
 */
import { loadAddon } from "./addon.ts";
import { NativeError } from "./error.ts";
import type { Adapter, Model, Session } from "./index.ts";
import { type Job, startJob } from "./job.ts";
import { packExamples } from "./pack.ts";
import type { Example } from "./types.ts";

/**
 * The linear map from a flat LoRA gradient (order of `adapterTensors`) to sketch coordinates, quantised so that it can
 * be committed: coordinate j = sum over blocks b of 2^exponents[j, b] * (sum over i in b of mantissas[j, i] * g[i]).
 * Block b is the adapter's tensor b.
 */
export interface Basis {
  /** k. Coordinates beyond the rank of the training set are zero rows. */
  dimension: number;
  /** p, the length of a flat gradient. */
  parameters: number;
  /** [k, blocks], row-major. */
  exponents: Int8Array;
  /** [k, p], row-major, within ±32767. */
  mantissas: Int16Array;
}

export interface FitBasisRequest {
  model: Model;
  adapter: Adapter;
  /** The training examples, canonical rows, in snapshot order. */
  examples: readonly Example[];
  /** Damping as a multiple of the mean eigenvalue of each module; the method's default is 0.1. */
  damping: number;
  /** k; a multiple of 64. */
  dimension: number;
  /** Whether the examples' own sketches are wanted too: their gradients are at hand. */
  sketches?: boolean;
}

export interface FitBasisResult {
  basis: Basis;
  /** Where wanted: what `sketch` gives of the examples, [n, k]. */
  coordinates?: Float32Array;
  /** Eigenvalues of the whitened Gram matrix, descending; min(n, k) entries. */
  spectrum: Float64Array;
}

/**
 * Fits the EK-FAC factors with the true labels and the PCA directions. Deterministic: same bytes on every machine. All rows' gradients must
 * fit the memory of the session's device, four bytes a parameter and row, twice over for the largest tensor.
 */
export function fitBasis(session: Session, request: FitBasisRequest): Job<FitBasisResult> {
  const { dimension, damping, sketches = false } = request;
  if (!Number.isInteger(dimension) || dimension <= 0 || dimension % 64 !== 0) {
    throw new NativeError("NATIVE_CONFIG", `dimension ${dimension} is not a positive multiple of 64`);
  }
  if (!(damping > 0)) throw new NativeError("NATIVE_CONFIG", `damping ${damping} is not above zero`);
  const packed = packExamples(request.examples);
  const handle = loadAddon().startFitBasis(
    session.handle,
    request.model.handle,
    request.adapter.handle,
    packed.ids,
    packed.targets,
    packed.offsets,
    damping,
    dimension,
    sketches,
  );
  return startJob(handle, (out) => {
    const mantissas = out.mantissas as Int16Array;
    return {
      ...(sketches && { coordinates: out.coordinates as Float32Array }),
      basis: {
        dimension,
        parameters: mantissas.length / dimension,
        exponents: out.exponents as Int8Array,
        mantissas,
      },
      spectrum: out.spectrum as Float64Array,
    };
  });
}

export interface SketchRequest {
  model: Model;
  adapter: Adapter;
  basis: Basis;
  examples: readonly Example[];
}

/** Sketch coordinates of each example's gradient: [n, k] fp32, row-major, before quantisation. */
export function sketch(session: Session, request: SketchRequest): Job<Float32Array> {
  const packed = packExamples(request.examples);
  const { basis } = request;
  const handle = loadAddon().startSketch(
    session.handle,
    request.model.handle,
    request.adapter.handle,
    packed.ids,
    packed.targets,
    packed.offsets,
    basis.exponents,
    basis.mantissas,
    basis.dimension,
  );
  return startJob(handle, (out) => out.coordinates as Float32Array);
}

/**
 * Exact dot products of one int16 query with n int8 rows: int64 each.
 * query: [k], rows: [n, k] row-major. Checks sizes; every value is allowed.
 */
export function scan(query: Int16Array, rows: Int8Array): BigInt64Array {
  if (query.length === 0 || rows.length % query.length !== 0) {
    throw new NativeError(
      "NATIVE_SIZE",
      `${rows.length} row values are no multiple of dimension ${query.length}`,
    );
  }
  return loadAddon().scan(query, rows);
}

export interface Quantised<T extends Int8Array | Int16Array> {
  /** One power-of-two exponent a row: value = mantissa * 2^exponent. */
  exponents: Int16Array;
  /** [n, k], within ±127 or ±32767. */
  values: T;
}

/**
 * Rounds rows of fp32 coordinates to integers with one power-of-two exponent each, to nearest, ties to even.
 * A row's natural exponent is the smallest that keeps it within the integers' range; it is raised to `range.min` (coarser)
 * or lowered to `range.max` with the integers left as they are (the norm is capped). An all-zero row gets `range.min`.
 */
export function quantise(
  coordinates: Float32Array,
  dimension: number,
  bits: 8,
  range?: { min: number; max: number },
): Quantised<Int8Array>;
export function quantise(
  coordinates: Float32Array,
  dimension: number,
  bits: 16,
  range?: { min: number; max: number },
): Quantised<Int16Array>;
export function quantise(
  coordinates: Float32Array,
  dimension: number,
  bits: 8 | 16,
  range = { min: -128, max: 127 },
): Quantised<Int8Array | Int16Array> {
  const limit = bits === 8 ? 127 : 32767;
  const values = bits === 8 ? new Int8Array(coordinates.length) : new Int16Array(coordinates.length);
  const exponents = new Int16Array(coordinates.length / dimension);
  for (let row = 0; row < exponents.length; row++) {
    const from = coordinates.subarray(row * dimension, (row + 1) * dimension);
    const natural = Math.max(naturalExponent(from, limit), range.min);
    const scale = 2 ** -natural;
    for (let i = 0; i < dimension; i++) values[row * dimension + i] = roundToEven(from[i]! * scale);
    exponents[row] = Math.min(natural, range.max);
  }
  return { exponents, values };
}

/** Smallest e with every |RNE(x * 2^-e)| <= limit; -Infinity for zeros. */
function naturalExponent(row: Float32Array, limit: number): number {
  let largest = 0;
  for (const value of row) {
    if (!Number.isFinite(value))
      throw new NativeError("NATIVE_NOT_FINITE", "a sketch coordinate is not finite");
    largest = Math.max(largest, Math.abs(value));
  }
  if (largest === 0) return Number.NEGATIVE_INFINITY;
  let exponent = Math.floor(Math.log2(largest / limit)) - 1;
  while (roundToEven(largest * 2 ** -exponent) > limit) exponent++;
  return exponent;
}

/** Nearest integer, ties to even, for |x| < 2^51: adding 1.5 * 2^52 leaves no room for a fraction. */
function roundToEven(x: number): number {
  const magic = 6755399441055744;
  return x + magic - magic;
}
