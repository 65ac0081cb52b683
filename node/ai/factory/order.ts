import { z } from "zod";
import { DEFAULT_METHOD, defaultMethod, factoredSketches, type Method } from "../train/method.ts";

const count = (most: number) => z.number().int().min(1).max(most);
const id = z.string().regex(/^\d{1,18}$/, "must be a whole number");

/** Characters of one text of a row that is held out. */
const MAX_TEXT = 2_000;
/** Rows that are held out. */
export const MAX_HELD_OUT = 200;

/** What a form may change of the method; the rest is the default's. */
export const settingsSchema = z.strictObject({
  epochs: count(2_000),
  rank: count(64),
  learningRate: z.number().gt(0).max(0.1),
  batch: count(256),
  warmupSteps: z.number().int().min(0).max(10_000),
  weightDecay: z.number().min(0).max(1),
  clipNorm: z.number().min(0).max(100),
  seed: z.number().int().min(0).max(0xffffffff),
  topK: count(16),
  maxTokens: count(4_096),
  /** How rows and answers are sketched: a method's `attribution.kind`. */
  sketches: z.enum(["ekfac-pca", "ekfac-factored"]).default("ekfac-pca"),
});

/** What is to be trained: the whole request of a job. */
export const orderSchema = z.strictObject({
  name: z.string().trim().min(1, "must not be empty").max(64),
  /** Of {@link BaseModel}. */
  base: z.string().regex(/^[\w.-]{1,96}(?:\/[\w.-]{1,96})?$/, "must be the id of a base model"),
  snapshots: z
    .array(z.strictObject({ datanetId: id, number: count(0xffffffff) }))
    .min(1, "choose at least one snapshot")
    .max(16),
  settings: settingsSchema,
  /** Rows that are never trained on: base and tuned are measured on them. */
  heldOut: z
    .array(
      z.strictObject({
        prompt: z.string().min(1).max(MAX_TEXT),
        completion: z.string().min(1).max(MAX_TEXT),
      }),
    )
    .max(MAX_HELD_OUT)
    .default([]),
});

export type JobSettings = z.infer<typeof settingsSchema>;
export type JobOrder = z.infer<typeof orderSchema>;

/** Where a form begins for a base model of that many parameters and so many rows. */
export function defaultSettings(parameters: number, rows = 0): JobSettings {
  const { lora, training, attribution, generation } = defaultMethod(parameters, rows);
  return {
    epochs: training.epochs,
    rank: lora.rank,
    learningRate: training.learningRate,
    batch: training.batch,
    warmupSteps: training.warmupSteps,
    weightDecay: training.weightDecay,
    clipNorm: training.clipNorm,
    seed: training.seed,
    topK: attribution.topK,
    maxTokens: generation.maxTokens,
    sketches: attribution.kind,
  };
}

/**
 * The method with an order's settings: what is trained by, and committed. What no setting says is the default method's.
 * @param parameters of the base model. @param rows of the order's snapshots.
 */
export function methodOf(settings: JobSettings, parameters: number, rows: number): Method {
  const usual = defaultMethod(parameters, rows);
  const { epochs, rank, learningRate, batch, warmupSteps, weightDecay, clipNorm, seed, topK, maxTokens } =
    settings;
  return {
    ...usual,
    lora: { ...usual.lora, rank, alpha: (usual.lora.alpha / usual.lora.rank) * rank },
    training: {
      ...usual.training,
      ...{ epochs, batch, learningRate, warmupSteps, weightDecay, clipNorm, seed },
      // As it is written in decimal digits.
      minLearningRate: Number((learningRate / 10).toPrecision(15)),
    },
    attribution: { ...sketchesOf(settings, parameters), topK },
    generation: { ...usual.generation, maxTokens },
  };
}

function sketchesOf({ sketches }: JobSettings, parameters: number): Method["attribution"] {
  return sketches === "ekfac-pca" ? DEFAULT_METHOD.attribution : factoredSketches(parameters);
}
