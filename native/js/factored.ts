/**
 * Sketches whose cost and memory grow with rows and parameters alone: each LoRA factor's gradient is projected on the leading
 * eigenvectors of its longer side and turned by all of its rank side, whitened in that small space by its own Fisher, made
 * fixed point, and all of them are folded by seeded signs.
 *
 * Source: Grosse et al. 2023 (EK-FAC, eq. 20-24) for factors and whitening; Choe et al. 2024 (LoGra) for the projection on
 * the factors' leading eigenvectors; Charikar et al. 2002 (count sketch) for the fold.
 */
import { loadAddon } from "./addon.ts";
import { NativeError } from "./error.ts";
import type { Adapter, Model, Session } from "./index.ts";
import { type Job, startJob } from "./job.ts";
import { packExamples } from "./pack.ts";
import type { Example } from "./types.ts";

/**
 * The committed projection: of each of the adapter's tensors, in order, with longer side l, rank r and a = min(axes, l), the
 * eigenvectors [a, l] of the longer side, those [r, r] of the rank side, and the whitening [r, a], one exponent a row.
 */
export interface FactoredBasis {
  /** Eigenvectors of a tensor's longer side, at most. */
  axes: number;
  exponents: Int8Array;
  /** Within ±32767. */
  mantissas: Int16Array;
}

/** How a row's coordinates become k: coordinate i goes to i mod k, with a sign from SplitMix64. */
export interface Fold {
  /** k; a multiple of 64. */
  dimension: number;
  /** Of the signs; u32. */
  seed: number;
  /** Whether every row has the same length before it is folded. */
  unit: boolean;
}

/** How many numbers a basis has for an adapter, and how many coordinates a gradient has in it before it is folded. */
export function factoredSizes(
  tensors: readonly { count: number }[],
  rank: number,
  most: number,
): { mantissas: number; exponents: number; coordinates: number } {
  const sizes = { mantissas: 0, exponents: 0, coordinates: 0 };
  for (const { count } of tensors) {
    const longer = count / rank;
    const axes = Math.min(most, longer);
    sizes.mantissas += axes * longer + rank * rank + rank * axes;
    sizes.exponents += axes + 2 * rank;
    sizes.coordinates += rank * axes;
  }
  return sizes;
}

interface Subject {
  model: Model;
  adapter: Adapter;
  /** Canonical rows, in snapshot order. */
  examples: readonly Example[];
}

export interface FitFactoredRequest extends Subject {
  /** Damping as a multiple of the mean eigenvalue of each tensor. */
  damping: number;
  axes: number;
  /** The examples' own sketches, where they are wanted too. */
  fold?: Fold;
  /** Bytes of gradients kept from one pass over the examples for the next, at most: no result depends on it. */
  mostKept?: number;
}

/** What is kept of gradients unless a request says otherwise: those of two thousand rows of a small model. */
export const KEPT_GRADIENTS = 2 ** 30;

export interface FittedFactored {
  basis: FactoredBasis;
  /** Where a fold was given: what `sketchFactored` gives of the examples, [n, k]. */
  coordinates?: Float32Array;
}

/**
 * Fits the projection with the true labels, in two passes over the examples. Deterministic: same bytes on every machine.
 * @throws NativeError NATIVE_CONFIG, NATIVE_ARGUMENT, NATIVE_NUMERIC.
 */
export function fitFactored(session: Session, request: FitFactoredRequest): Job<FittedFactored> {
  const { model, adapter, examples, damping, axes, fold, mostKept = KEPT_GRADIENTS } = request;
  if (!Number.isInteger(axes)) throw new NativeError("NATIVE_CONFIG", `${axes} axes are no whole number`);
  const { ids, targets, offsets } = packExamples(examples);
  const handle = loadAddon().startFitFactored(
    session.handle,
    model.handle,
    adapter.handle,
    ids,
    targets,
    offsets,
    damping,
    axes,
    mostKept,
    ...(fold === undefined ? ([] as const) : foldArgs(fold)),
  );
  return startJob(handle, (out) => ({
    basis: {
      axes,
      exponents: out.exponents as Int8Array,
      mantissas: out.mantissas as Int16Array,
    },
    ...(fold && { coordinates: out.coordinates as Float32Array }),
  }));
}

/** @throws NativeError NATIVE_CONFIG. */
function foldArgs({ dimension, seed, unit }: Fold): [dimension: number, seed: number, unit: boolean] {
  if (!Number.isInteger(dimension) || dimension <= 0 || dimension % 64 !== 0) {
    throw new NativeError("NATIVE_CONFIG", `dimension ${dimension} is not a positive multiple of 64`);
  }
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new NativeError("NATIVE_CONFIG", `seed ${seed} is not within 32 bits`);
  }
  return [dimension, seed, unit];
}

/**
 * Sketch coordinates of each example's gradient: [n, k] fp32, row-major, whole numbers times a power of two.
 * @throws NativeError NATIVE_CONFIG, NATIVE_ARGUMENT, NATIVE_NUMERIC.
 */
export function sketchFactored(
  session: Session,
  request: Subject & { basis: FactoredBasis; fold: Fold },
): Job<Float32Array> {
  const { model, adapter, examples, basis, fold } = request;
  const { ids, targets, offsets } = packExamples(examples);
  const handle = loadAddon().startSketchFactored(
    session.handle,
    model.handle,
    adapter.handle,
    ids,
    targets,
    offsets,
    basis.exponents,
    basis.mantissas,
    basis.axes,
    ...foldArgs(fold),
  );
  return startJob(handle, (out) => out.coordinates as Float32Array);
}
