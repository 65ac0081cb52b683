import { join } from "node:path";
import type { ModelConfig, Schedule } from "../../native/js/types.ts";
import { packageRoot } from "../../node/base/paths.ts";

/** Seed of the training text. Another seed is another model. */
export const TRAINING_SEED = 20261128;

/** Seed of the first weights. */
export const WEIGHTS_SEED = 1n;

/** Longest sequence, in tokens. */
export const CONTEXT = 256;

/** Begins and ends every text; also the padding token. */
export const END_OF_TEXT = "<|endoftext|>";
export const END_OF_TEXT_ID = 0;

/** Least tokens of one training step; the last document goes over it. */
export const BATCH_TOKENS = 4096;

export const TRAINING_STEPS = 3000;

/** The shipped model's shape: 2,164,416 parameters. */
export const BASE_MODEL: ModelConfig = {
  vocabSize: 2048,
  hiddenSize: 192,
  layers: 4,
  heads: 6,
  kvHeads: 6,
  headDim: 32,
  intermediateSize: 512,
  maxPositions: CONTEXT,
  rmsEps: 1e-5,
  ropeTheta: 10_000,
  tied: true,
};

export const ADAMW = { beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0.1 } as const;

const COSINE = { kind: "cosine", lr: 3e-3, minLr: 1e-4, warmupSteps: 100 } as const;

/** From this step on the learning rate falls faster: along the cosine of a run of TRAINING_STEPS. */
export const FASTER_FROM = 970;

/** Learning rate of the steps before FASTER_FROM, which follow a longer run's cosine, and of those from there on. */
export function scheduleAt(step: number): Schedule {
  return { ...COSINE, totalSteps: step < FASTER_FROM ? 3400 : TRAINING_STEPS };
}

/** Gradients with a larger norm are scaled down to it. */
export const CLIP_NORM = 1;

/** The folder of the shipped model, in Hugging Face form. */
export function baseModelFolder(): string {
  return join(packageRoot(), "node", "ai", "base-model", "model");
}
