/**
 * Sketches whose cost and memory grow with rows and parameters alone: each LoRA factor's gradient is whitened by its own Fisher and
 * projected on the directions that the gradients of some rows span in that factor.
 *
 * Source: Grosse et al. 2023 (EK-FAC, eq. 20-24) for factors and whitening; Choe et al. 2024 (LoGra) for a projection of each factor by
 * itself; Fine and Scheinberg 2001 (pivoted Cholesky) for the rows that give the directions, chosen by probes: Charikar et al. 2002.
 */
import { loadAddon } from "./addon.ts";
import { NativeError } from "./error.ts";
import type { Adapter, Model, Session } from "./index.ts";
import { type Job, startJob } from "./job.ts";
import { packExamples } from "./pack.ts";
import type { Example } from "./types.ts";

/** The committed projection: a matrix with one block for each of the adapter's tensors, in order. */
export interface FactoredBasis {
  /** Directions of each tensor. */
  counts: Int32Array;
  /** One a direction; not below -126. */
  exponents: Int8Array;
  /** Of each direction as many as its tensor has values; within ±32767. */
  mantissas: Int16Array;
}

/** What a sketch is like. */
export interface SketchTerms {
  /** k, a multiple of 64: directions, at most. Coordinates that no direction gives are 0. */
  dimension: number;
  /** Whether every sketch has the same length. */
  unit: boolean;
}

/** What a basis is fitted by. */
export interface FactoredTerms extends SketchTerms {
  /** Damping as a multiple of the mean eigenvalue of each tensor. */
  damping: number;
  /** Eigenvectors of a tensor's longer side that are whitened one by one, at most; what they leave out is whitened as one. */
  axes: number;
}

/**
 * How large a basis may become: one tensor has at most twice its even part of the directions.
 * @param tensors sizes of the adapter's.
 * @param dimension k.
 */
export function factoredSizes(
  tensors: readonly { count: number }[],
  dimension: number,
): { mantissas: number; exponents: number } {
  const most = 2 * Math.ceil(dimension / tensors.length);
  // The largest tensors may be those that have most.
  const counts = tensors.map(({ count }) => count).sort((a, b) => b - a);
  let [left, mantissas] = [dimension, 0];
  for (const count of counts) {
    const directions = Math.min(most, left);
    mantissas += directions * count;
    left -= directions;
  }
  return { mantissas, exponents: dimension - left };
}

interface Subject {
  model: Model;
  adapter: Adapter;
  /** Canonical rows, in snapshot order. */
  examples: readonly Example[];
}

export interface FitFactoredRequest extends Subject, FactoredTerms {
  /** Whether the examples' own sketches are wanted too. */
  sketches?: boolean;
  /** Bytes of gradients kept on the session's device from one pass over the examples for the next, at most: no result depends on it. */
  mostKept?: number;
}

/** What is kept of gradients unless a request says otherwise: those of two thousand rows of a small model. */
export const KEPT_GRADIENTS = 2 ** 30;

export interface FittedFactored {
  basis: FactoredBasis;
  /** Where they were wanted: what `sketchFactored` gives of the examples, [n, k]. */
  coordinates?: Float32Array;
}

/**
 * Fits the projection with the true labels, in four passes over the examples. Deterministic: same bytes on every machine.
 * @throws NativeError NATIVE_CONFIG, NATIVE_ARGUMENT, NATIVE_NUMERIC.
 */
export function fitFactored(session: Session, request: FitFactoredRequest): Job<FittedFactored> {
  const { model, adapter, examples, damping, axes } = request;
  const { sketches = false, mostKept = KEPT_GRADIENTS } = request;
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
    ...sketchArgs(request),
    sketches,
    mostKept,
  );
  return startJob(handle, (out) => ({
    basis: {
      counts: out.counts as Int32Array,
      exponents: out.exponents as Int8Array,
      mantissas: out.mantissas as Int16Array,
    },
    ...(sketches && { coordinates: out.coordinates as Float32Array }),
  }));
}

/** @throws NativeError NATIVE_CONFIG. */
function sketchArgs({ dimension, unit }: SketchTerms): [dimension: number, unit: boolean] {
  if (!Number.isInteger(dimension) || dimension <= 0 || dimension % 64 !== 0) {
    throw new NativeError("NATIVE_CONFIG", `dimension ${dimension} is not a positive multiple of 64`);
  }
  return [dimension, unit];
}

/** Bases as products take them: made once, for as long as somebody holds the basis. */
const ready = new WeakMap<FactoredBasis, object>();

function prepared(basis: FactoredBasis, adapter: Adapter): object {
  const known = ready.get(basis);
  if (known) return known;
  const { counts, exponents, mantissas } = basis;
  const made = loadAddon().openFactored(adapter.handle, counts, exponents, mantissas);
  ready.set(basis, made);
  return made;
}

/**
 * Sketch coordinates of each example's gradient: [n, k] fp32, row-major, whole numbers times a power of two. A basis that was sketched with
 * must not be changed: it is kept as products take it, four bytes a mantissa, until nobody holds it any more, and by a session of CUDA
 * in the device's memory too.
 * @throws NativeError NATIVE_CONFIG, NATIVE_ARGUMENT, NATIVE_NUMERIC.
 */
export function sketchFactored(
  session: Session,
  request: Subject & { basis: FactoredBasis; terms: SketchTerms },
): Job<Float32Array> {
  const { model, adapter, examples, basis, terms } = request;
  const { ids, targets, offsets } = packExamples(examples);
  const handle = loadAddon().startSketchFactored(
    session.handle,
    model.handle,
    adapter.handle,
    ids,
    targets,
    offsets,
    prepared(basis, adapter),
    ...sketchArgs(terms),
  );
  return startJob(handle, (out) => out.coordinates as Float32Array);
}
