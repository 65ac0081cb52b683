import { type FactoredBasis, type SketchTerms, sketchFactored } from "../../../native/js/factored.ts";
import type { Adapter, Example, Model, Session } from "../../../native/js/index.ts";
import { type Basis, sketch } from "../../../native/js/influence.ts";
import type { Job } from "../../../native/js/job.ts";
import type { ModelConfig } from "../model/config.ts";
import { adapterParameters, adapterTensorSizes, factoredBasisSize } from "../model/estimate.ts";
import type { Method } from "../train/method.ts";

/** A factored basis, and what its sketches are like. */
export interface FactoredModelBasis extends FactoredBasis {
  terms: SketchTerms;
}

/** What a model's rows and answers are sketched by, as its method says. */
export type ModelBasis = Basis | FactoredModelBasis;

export function isFactored(basis: ModelBasis): basis is FactoredModelBasis {
  return "terms" in basis;
}

/** k. */
export function dimensionOf(basis: ModelBasis): number {
  return isFactored(basis) ? basis.terms.dimension : basis.dimension;
}

/** What a method with factored sketches says of them. */
export type FactoredMethod = Extract<Method["attribution"], { kind: "ekfac-factored" }>;

/** Sketch coordinates of each example's gradient: [n, k] fp32. @throws NativeError. */
export function sketchBy(
  session: Session,
  request: { model: Model; adapter: Adapter; basis: ModelBasis; examples: readonly Example[] },
): Job<Float32Array> {
  const { basis, ...subject } = request;
  return isFactored(basis)
    ? sketchFactored(session, { ...subject, basis, terms: basis.terms })
    : sketch(session, { ...subject, basis });
}

/** What a model's method, adapter and commitment say of its basis, before its file is read. */
export type BasisSizes =
  | { kind: "ekfac-pca"; dimension: number; parameters: number }
  /** `tensors`: sizes of the adapter's, in order; `mantissas`: at most. */
  | { kind: "ekfac-factored"; terms: SketchTerms; tensors: readonly number[]; mantissas: number };

/** @param dimension k of the index commitment. */
export function basisSizes(
  { attribution }: Pick<Method, "attribution">,
  config: ModelConfig,
  { shape }: Pick<Adapter, "shape">,
  dimension: number,
): BasisSizes {
  if (attribution.kind === "ekfac-pca") {
    return { kind: "ekfac-pca", dimension, parameters: adapterParameters(config, shape) };
  }
  const tensors = adapterTensorSizes(config, shape);
  const { mantissas } = factoredBasisSize(config, shape, dimension);
  return { kind: "ekfac-factored", terms: { dimension, unit: attribution.unit }, tensors, mantissas };
}

/** Bytes of a basis's numbers, in memory as in its file; at most. */
export function basisBytes(sizes: BasisSizes): number {
  return sizes.kind === "ekfac-pca"
    ? 2 * sizes.dimension * sizes.parameters
    : 2 * sizes.mantissas + sizes.terms.dimension;
}
