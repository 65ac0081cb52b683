import { z } from "zod";
import { LORA_TARGETS } from "../../../native/js/index.ts";
import { canonicalBytes, type Json, parseCanonical } from "../codec/canonical-json.ts";
import { aiError } from "../errors.ts";

const count = z.number().int().positive();
const percent = z.number().int().min(0).max(100);
const seed = z.number().int().min(0).max(0xffffffff);

const methodSchema = z.strictObject({
  format: z.literal("openledger/method/1"),
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
  /** How prompts differ from epoch to epoch. Attribution always uses the canonical row. */
  variation: z.strictObject({
    /** Percent of visits at which the prompt of a prose row is varied. */
    proseChance: percent,
    /** The same for rows with prompts of their own. */
    pairChance: percent,
    /** Percent of the words that are dropped: one of these, all equally likely. */
    dropWords: z.array(percent.max(90)).min(1),
    /** Percent of varied prompts whose words are shuffled. */
    shuffleChance: percent,
    /** Prose rows only: how a sentence becomes something like a question about a part of it. */
    asked: z.strictObject({
      /** Percent of varied prompts. */
      chance: percent,
      /** One of these begins the prompt. */
      openings: z.array(z.string().min(1).max(40)).min(1),
      dropWords: z.array(percent.max(90)).min(1),
      shuffleChance: percent,
    }),
    seed,
  }),
  attribution: z.strictObject({
    /** EK-FAC with true labels, half-whitened, uncentred PCA over the whole adapter. */
    kind: z.literal("ekfac-pca"),
    labels: z.literal("true"),
    /** Of each module's mean eigenvalue. */
    damping: z.number().positive(),
    /** k is the number of rows rounded up to this, and at most `maxDimension`. */
    dimensionStep: z.literal(64),
    maxDimension: count.max(4096).multipleOf(64),
    /** Above this many rows the directions come from as many rows, chosen by a seeded hash. */
    maxDirectionRows: count,
    seed,
    /** Of the contributors' weights: max(0, score - floor). Decimal digits. */
    floor: z.string().regex(/^\d{1,19}$/),
    topK: count.max(16),
  }),
  generation: z.strictObject({
    decoding: z.literal("greedy"),
    maxTokens: count.max(65_536),
  }),
});

/** Everything that decides how an adapter is trained and how its answers are attributed; committed before any query. */
export type Method = z.infer<typeof methodSchema>;

/** Defaults that teach 40 to 100 rows to the shipped base model in less than two minutes on two cores. */
export const DEFAULT_METHOD: Method = {
  format: "openledger/method/1",
  template: "Question: {prompt}\nAnswer: {completion}{end}",
  lora: { rank: 8, alpha: 16, targets: [...LORA_TARGETS], seed: 1 },
  training: {
    epochs: 100,
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
  variation: {
    proseChance: 80,
    pairChance: 50,
    dropWords: [0, 10, 25, 40],
    shuffleChance: 40,
    asked: {
      chance: 60,
      openings: [
        ...["What", "What is", "Which", "Who", "Who is", "How much", "How many", "When", "Where", "Where is"],
        ...[
          "How long",
          "What does",
          "How much does",
          "By whom",
          "In which",
          "What colour",
          "When was",
          "Who was",
        ],
      ],
      dropWords: [0, 10, 30],
      shuffleChance: 30,
    },
    seed: 3,
  },
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
  generation: { decoding: "greedy", maxTokens: 64 },
};

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

/** k for that many rows. */
export function sketchDimension(
  rows: number,
  { dimensionStep, maxDimension }: Method["attribution"],
): number {
  return Math.min(Math.ceil(rows / dimensionStep) * dimensionStep, maxDimension);
}
