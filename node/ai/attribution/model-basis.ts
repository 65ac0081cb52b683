import { type FactoredBasis, type Fold, sketchFactored } from "../../../native/js/factored.ts";
import type { Adapter, Example, Model, Session } from "../../../native/js/index.ts";
import { type Basis, sketch } from "../../../native/js/influence.ts";
import type { Job } from "../../../native/js/job.ts";
import type { ModelConfig } from "../model/config.ts";
import { adapterParameters, foldedSizes } from "../model/estimate.ts";
import type { Method } from "../train/method.ts";

/** A factored basis, and how what it gives becomes k coordinates. */
export interface FoldedBasis extends FactoredBasis {
  fold: Fold;
}

/** What a model's rows and answers are sketched by, as its method says. */
export type ModelBasis = Basis | FoldedBasis;

export function isFolded(basis: ModelBasis): basis is FoldedBasis {
  return "fold" in basis;
}

/** k. */
export function dimensionOf(basis: ModelBasis): number {
  return isFolded(basis) ? basis.fold.dimension : basis.dimension;
}

/** What a method with factored sketches says of them. */
export type FoldedMethod = Extract<Method["attribution"], { kind: "ekfac-fold" }>;

/** The fold that a method commits to. */
export function foldOf({ dimension, seed, unit }: FoldedMethod): Fold {
  return { dimension, seed, unit };
}

/** Sketch coordinates of each example's gradient: [n, k] fp32. @throws NativeError. */
export function sketchBy(
  session: Session,
  request: { model: Model; adapter: Adapter; basis: ModelBasis; examples: readonly Example[] },
): Job<Float32Array> {
  const { basis, ...subject } = request;
  return isFolded(basis)
    ? sketchFactored(session, { ...subject, basis, fold: basis.fold })
    : sketch(session, { ...subject, basis });
}

/** What a model's method, adapter and commitment say of its basis, before its file is read. */
export type BasisSizes =
  | { kind: "ekfac-pca"; dimension: number; parameters: number }
  | { kind: "ekfac-fold"; axes: number; fold: Fold; mantissas: number; exponents: number };

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
  const { axes } = attribution;
  const { mantissas, exponents } = foldedSizes(config, shape, axes);
  return { kind: "ekfac-fold", axes, fold: { ...foldOf(attribution), dimension }, mantissas, exponents };
}

/** Bytes of a basis's numbers, in memory as in its file. */
export function basisBytes(sizes: BasisSizes): number {
  return sizes.kind === "ekfac-pca"
    ? 2 * sizes.dimension * sizes.parameters
    : 2 * sizes.mantissas + sizes.exponents;
}
