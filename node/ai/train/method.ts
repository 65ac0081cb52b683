import { z } from "zod";
import { ARITHMETICS, type Arithmetic, LORA_TARGETS } from "../../../native/js/index.ts";
import { canonicalBytes, type Json, parseCanonical } from "../codec/canonical-json.ts";
import { CONTEXT_RULE, MAX_CONTEXT_ROWS } from "../context/rule.ts";
import { aiError } from "../errors.ts";
import { DISCOUNT_RULE } from "../fusion/discount.ts";
import { COPY_RULES } from "./copies.ts";
import {
  DEFAULT_SENTENCE_VARIATION,
  reaskVariationSchema,
  sentenceVariationSchema,
  wordVariationSchema,
} from "./variation.ts";

const count = z.number().int().positive();
const seed = z.number().int().min(0).max(0xffffffff);

const attributionShape = {
  labels: z.literal("true"),
  /** Of each module's mean eigenvalue. */
  damping: z.number().positive(),
  /** Above this many sketches the directions come from as many, of rows chosen by a seeded hash. */
  maxDirectionRows: count,
  /**
   * A row's sketch is the mean over so many of the prompts that training visits it with, spread evenly over the epochs; absent: it is by
   * the row's own prompt alone.
   */
  prompts: count.max(64).optional(),
  seed,
  /** Of the contributors' weights: max(0, score - floor). Decimal digits. */
  floor: z.string().regex(/^\d{1,19}$/),
  topK: count.max(16),
};

const methodShape = {
  /** How a row looks to the model; `datanet/rows.ts` is this template. */
  template: z.literal("Question: {prompt}\nAnswer: {completion}{end}"),
  lora: z.strictObject({
    rank: count.max(256),
    alpha: z.number().positive(),
    targets: z.array(z.enum(LORA_TARGETS)).min(1),
    seed,
  }),
  training: z.strictObject({
    epochs: count.max(100_000),
    /** Examples of one step. */
    batch: count.max(4096),
    learningRate: z.number().positive(),
    /** The cosine's end. */
    minLearningRate: z.number().min(0),
    warmupSteps: z.number().int().min(0),
    weightDecay: z.number().min(0),
    beta1: z.number().min(0).lt(1),
    beta2: z.number().min(0).lt(1),
    epsilon: z.number().positive(),
    /** Largest gradient norm of a step; 0: not clipped. */
    clipNorm: z.number().min(0),
    /** Of the examples' order. */
    seed,
  }),
  attribution: z.discriminatedUnion("kind", [
    /** EK-FAC with true labels, half-whitened, uncentred PCA over the whole adapter. */
    z.strictObject({
      kind: z.literal("ekfac-pca"),
      ...attributionShape,
      /** k is the number of rows, times their prompts, rounded up to this, and at most `maxDimension`. */
      dimensionStep: z.literal(64),
      maxDimension: count.max(4096).multipleOf(64),
    }),
    /** The same factors, each on the directions that some rows span in it: its cost is linear in the rows. */
    z.strictObject({
      kind: z.literal("ekfac-factored"),
      ...attributionShape,
      /** Eigenvectors of the longer side of each of the adapter's tensors that are whitened one by one, at most. */
      axes: count.max(4096),
      /** k: directions of all tensors, at most. */
      dimension: count.max(4096).multipleOf(64),
      /** Whether every row has the same length, so that none counts for more by its norm alone. */
      unit: z.boolean(),
    }),
  ]),
  /** By which rule a row counts as a copy of an earlier one and takes no part; `plain` unless given. */
  copies: z.enum(COPY_RULES).optional(),
  /** Rows stand before each question (`context/spec.md`), so many at most; absent: none does. Training never sees them there. */
  context: z.strictObject({ rule: z.literal(CONTEXT_RULE), rows: count.max(MAX_CONTEXT_ROWS) }).optional(),
  /** By which rule what the base model answers by itself is not earned; absent: all is. */
  discount: z.literal(DISCOUNT_RULE).optional(),
  generation: z.strictObject({
    decoding: z.literal("greedy"),
    maxTokens: count.max(65_536),
    /** Of answers; absent: f32. Training and attribution always compute by f32. */
    arithmetic: z.enum(ARITHMETICS).optional(),
  }),
};

/**
 * A format decides how prompts differ from epoch to epoch; attribution always uses the canonical row. Models of formats 1
 * and 2 go on being trained again and checked as they were.
 */
const methodSchema = z.discriminatedUnion("format", [
  z.strictObject({
    format: z.literal("openledger/method/1"),
    ...methodShape,
    variation: wordVariationSchema,
  }),
  z.strictObject({
    format: z.literal("openledger/method/2"),
    ...methodShape,
    variation: reaskVariationSchema,
  }),
  z.strictObject({
    format: z.literal("openledger/method/3"),
    ...methodShape,
    variation: sentenceVariationSchema,
  }),
]);

/** Everything that decides how an adapter is trained and how its answers are attributed; committed before any query. */
export type Method = z.infer<typeof methodSchema>;

/** Defaults that teach 40 to 100 rows to the shipped base model in less than two minutes on two cores. */
export const DEFAULT_METHOD: Method & { format: "openledger/method/3" } = {
  format: "openledger/method/3",
  template: "Question: {prompt}\nAnswer: {completion}{end}",
  lora: { rank: 8, alpha: 16, targets: [...LORA_TARGETS], seed: 1 },
  training: {
    epochs: 150,
    batch: 8,
    learningRate: 0.005,
    minLearningRate: 0.0005,
    warmupSteps: 10,
    weightDecay: 0.1,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    clipNorm: 1,
    seed: 2,
  },
  variation: DEFAULT_SENTENCE_VARIATION,
  attribution: {
    kind: "ekfac-pca",
    labels: "true",
    damping: 0.1,
    dimensionStep: 64,
    maxDimension: 512,
    maxDirectionRows: 2048,
    seed: 4,
    floor: "0",
    topK: 8,
  },
  copies: "tellers/2",
  generation: { decoding: "greedy", maxTokens: 64 },
};

/** Parameters of a base model up to which the default method's numbers and its dense basis serve. */
const SMALL = 20_000_000;

/** Sketches whose basis has a size of its own, whatever the rows are many. */
export const FACTORED_SKETCHES: Extract<Method["attribution"], { kind: "ekfac-factored" }> = {
  kind: "ekfac-factored",
  labels: "true",
  damping: 0.1,
  maxDirectionRows: 2048,
  seed: 4,
  floor: "0",
  topK: 8,
  axes: 64,
  dimension: 4096,
  unit: true,
};

/**
 * How larger models learn as many rows: they need fewer rounds at a lower rate, and a basis whose size does not grow with the rows. One of
 * SmolLM2-135M's for 64 dense directions would be larger than a content may be. They know things that no row has to tell them: what they
 * answer by themselves is not earned.
 */
const LARGE_METHOD: Method = {
  ...DEFAULT_METHOD,
  training: { ...DEFAULT_METHOD.training, epochs: 20, learningRate: 0.002, minLearningRate: 0.0002 },
  attribution: FACTORED_SKETCHES,
  discount: DISCOUNT_RULE,
};

/** Above so many parameters fewer directions serve, or the basis would be no content that nodes take. */
const FEWER = [
  { above: 4e9, dimension: 1024 },
  { above: 6e8, dimension: 2048 },
];

/** The default factored sketches for a base model of that many parameters. */
export function factoredSketches(parameters: number): Method["attribution"] {
  const { dimension } = FEWER.find(({ above }) => parameters > above) ?? FACTORED_SKETCHES;
  return { ...FACTORED_SKETCHES, dimension };
}

/** Most rows that the default method for few rows is for. */
export const FEW_ROWS = 500;

/**
 * How a small model learns thousands of rows: by more numbers at a lower rate, in larger batches. At the rate for few rows the loss
 * stays above 1 from a thousand rows on. Of 2,000 made facts all 200 that are asked for are answered.
 */
const MANY_ROWS_METHOD: Method = {
  ...DEFAULT_METHOD,
  lora: { ...DEFAULT_METHOD.lora, rank: 32, alpha: 32 },
  training: {
    ...DEFAULT_METHOD.training,
    ...{ epochs: 60, batch: 32, learningRate: 0.0015, minLearningRate: 0.00015, beta2: 0.99 },
  },
  attribution: FACTORED_SKETCHES,
};

/** The method for a base model of that many parameters and so many rows, unless its builder gives another. */
export function defaultMethod(parameters: number, rows = 0): Method {
  if (parameters <= SMALL) return rows <= FEW_ROWS ? DEFAULT_METHOD : MANY_ROWS_METHOD;
  return { ...LARGE_METHOD, attribution: factoredSketches(parameters) };
}

/** Canonical bytes of a method; their SHA-256 is its hash. */
export function encodeMethod(method: Method): Uint8Array {
  return canonicalBytes(checkMethod(method) as Json);
}

/** Reads a method. @throws CodedError `JSON_NOT_CANONICAL`, `METHOD_INVALID`. */
export function decodeMethod(bytes: Uint8Array): Method {
  return checkMethod(parseCanonical(bytes, "the method"));
}

/** @throws CodedError `METHOD_INVALID`. */
export function checkMethod(value: unknown): Method {
  const parsed = methodSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw aiError("METHOD_INVALID", {
    message: `the method is not valid: ${issue.path.join(".") || "the whole"}: ${issue.message}`,
    fix: "start from the default method and change single values",
  });
}

/** How a model of that method answers. */
export function servedArithmetic({ generation }: Method): Arithmetic {
  return generation.arithmetic ?? "f32";
}

/** k for that many rows: as many directions as their sketches have, up to the method's limit. */
export function sketchDimension(rows: number, attribution: Method["attribution"]): number {
  if (attribution.kind === "ekfac-factored") return attribution.dimension;
  const { dimensionStep, maxDimension, prompts = 1 } = attribution;
  return Math.min(Math.ceil((rows * prompts) / dimensionStep) * dimensionStep, maxDimension);
}
