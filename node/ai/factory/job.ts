import { z } from "zod";
import { BUILD_STAGES } from "../train/model-build.ts";
import { orderSchema } from "./order.ts";

const hash = z.string().regex(/^0x[0-9a-f]{64}$/);
const digits = z.string().regex(/^-?\d{1,78}$/);
const milliseconds = z.number();

export const JOB_STATES = ["waiting", "running", "done", "failed", "cancelled"] as const;
/** Of the model's build, and the measuring at its end. */
export const JOB_STAGES = [...BUILD_STAGES, "evaluate"] as const;
export type JobStage = (typeof JOB_STAGES)[number];

/** Mean loss a target token of one set of rows; null where the set is empty. */
const measuredSchema = z.strictObject({
  rows: z.number().int(),
  base: z.number().nullable(),
  tuned: z.number().nullable(),
});

const evaluationSchema = z.strictObject({
  /** In the words in which they were contributed. */
  trained: measuredSchema,
  /** The same rows, asked in forms that training did not use. */
  reworded: measuredSchema,
  /** The order's own. */
  heldOut: measuredSchema,
});

/** Every step of a run, or means over equal parts of it where it has more. */
const curveSchema = z.strictObject({
  /** The last step of each part, from 1. */
  steps: z.array(z.number()),
  losses: z.array(z.number()),
  norms: z.array(z.number()),
  learningRates: z.array(z.number()),
});

const resultSchema = z.strictObject({
  hashes: z.strictObject({
    ...{ baseHash: hash, adapterHash: hash, tokenizerHash: hash },
    ...{ methodHash: hash, manifestHash: hash },
  }),
  index: z.strictObject({
    root: hash,
    rows: z.number().int(),
    dimension: z.number().int(),
    e0: z.number().int(),
    floor: digits,
    topK: z.number().int(),
    spans: hash,
  }),
  rows: z.number().int(),
  repeats: z.number().int(),
  skipped: z.number().int(),
  tokens: z.number().int(),
  curve: curveSchema,
  evaluation: evaluationSchema,
});

/** One training job: what lies on disk is the only source of every view of it. */
export const jobSchema = z.strictObject({
  format: z.literal("openledger/job/1"),
  jobId: z.string().regex(/^[0-9a-f]{16}$/),
  /** Who asked for it. */
  owner: z.string().regex(/^0x[0-9a-f]{40}$/),
  order: orderSchema,
  /** What the order's settings make of the default method: with it the run can be done again anywhere. */
  method: z.record(z.string(), z.unknown()),
  state: z.enum(JOB_STATES),
  /** Since 1970. */
  createdAt: milliseconds,
  startedAt: milliseconds.nullable(),
  endedAt: milliseconds.nullable(),
  /** How often it began: more than once after a crash, a cancellation or a failure. */
  starts: z.number().int(),
  result: resultSchema.nullable(),
  failure: z.strictObject({ code: z.string(), message: z.string(), fix: z.string().optional() }).nullable(),
});

export type Job = z.infer<typeof jobSchema>;
export type JobState = Job["state"];
export type JobResult = z.infer<typeof resultSchema>;
export type JobCurve = z.infer<typeof curveSchema>;
export type Evaluation = z.infer<typeof evaluationSchema>;
export type Measured = z.infer<typeof measuredSchema>;

/** Something that happened in a job, in the order of `at`. */
export const eventSchema = z.discriminatedUnion("kind", [
  /** A line for people. */
  z.strictObject({ kind: z.literal("log"), at: milliseconds, text: z.string() }),
  /** How far a stage is; `done` of `total` of its own units. */
  z.strictObject({
    kind: z.literal("stage"),
    at: milliseconds,
    stage: z.enum(JOB_STAGES),
    done: z.number(),
    total: z.number(),
  }),
  /** A step of the fine-tuning. */
  z.strictObject({
    kind: z.literal("step"),
    at: milliseconds,
    step: z.number(),
    steps: z.number(),
    loss: z.number(),
    learningRate: z.number(),
    /** Tokens that all steps up to here visited, about. */
    tokens: z.number(),
  }),
]);

export type JobEvent = z.infer<typeof eventSchema>;

type WithoutTime<T> = T extends unknown ? Omit<T, "at"> : never;
/** An event before its time is put to it. */
export type Told = WithoutTime<JobEvent>;
