import { z } from "zod";
import { ApiError, invalidValue, unsupported } from "./api-error.ts";

/** Fields of OpenAI's API that nothing here does; where their value asks for nothing, they are taken. */
const NEUTRAL: Readonly<Record<string, (value: unknown) => boolean>> = {
  audio: isUnset,
  best_of: (value) => value === 1,
  echo: (value) => value === false,
  frequency_penalty: (value) => value === 0,
  function_call: isUnset,
  functions: isUnset,
  logit_bias: isEmpty,
  metadata: isEmpty,
  modalities: (value) => JSON.stringify(value) === '["text"]',
  parallel_tool_calls: () => true,
  prediction: isUnset,
  reasoning_effort: isUnset,
  response_format: (value) => JSON.stringify(value) === '{"type":"text"}',
  service_tier: (value) => value === "auto" || value === "default",
  store: (value) => value === false,
  suffix: (value) => value === "",
  tool_choice: (value) => value === "none",
  tools: isEmpty,
  verbosity: isUnset,
  web_search_options: isUnset,
  dimensions: isUnset,
};

function isUnset(_value: unknown): boolean {
  return false;
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

/** Text, or parts of it: images and sound are refused by name. */
const content = z.union([z.string(), z.array(z.looseObject({ type: z.string() })).max(1_000)]).nullish();

const message = z.looseObject({ role: z.string().min(1).max(64), content });
const stop = z.union([z.string().max(256), z.array(z.string().max(256)).max(4)]).nullish();
const flag = z.boolean().nullish();
const streamOptions = z.strictObject({ include_usage: flag, include_obfuscation: flag }).nullish();

/** What chat and plain completions share. */
const generation = {
  model: z.string().min(1).max(256),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  n: z.number().int().min(1).max(16).nullish(),
  stream: flag,
  stream_options: streamOptions,
  stop,
  seed: z.number().int().min(-Number.MAX_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  max_tokens: z.number().int().min(1).max(1_048_576).nullish(),
  user: z.string().max(512).nullish(),
  /** Ours: the rows that made the answer come with it. */
  attribution: flag,
  /** Ours, under their usual names. */
  top_k: z.number().int().min(0).max(1_048_576).nullish(),
  repetition_penalty: z.number().gt(0).max(100).nullish(),
};

export const chatSchema = z.object({
  ...generation,
  messages: z.array(message).min(1).max(10_000),
  max_completion_tokens: z.number().int().min(1).max(1_048_576).nullish(),
  logprobs: flag,
  top_logprobs: z.number().int().min(0).max(20).nullish(),
});
export type ChatRequest = z.infer<typeof chatSchema>;

const ids = z.array(z.number().int().min(0)).min(1).max(1_048_576);
const texts = z.union([z.string(), z.array(z.string()).min(1).max(128), ids, z.array(ids).min(1).max(128)]);

export const completionSchema = z.object({
  ...generation,
  prompt: texts,
  logprobs: z.number().int().min(0).max(5).nullish(),
});
export type CompletionRequest = z.infer<typeof completionSchema>;

export const embeddingSchema = z.object({
  model: generation.model,
  input: texts,
  encoding_format: z.enum(["float", "base64"]).nullish(),
  user: generation.user,
});
export type EmbeddingRequest = z.infer<typeof embeddingSchema>;

/** One or several texts, or one or several lists of token ids. */
export type Texts = z.infer<typeof texts>;

/** Each text or list of ids for itself. */
export function listOf(given: Texts): (string | number[])[] {
  if (typeof given === "string") return [given];
  return typeof given[0] === "number" ? [given as number[]] : (given as (string | number[])[]);
}

/**
 * A request in the form of `schema`. Null is as good as absent; what is not supported is refused by its name.
 * @throws ApiError 400.
 */
export function parseFields<S extends z.ZodObject>(schema: S, body: unknown): z.output<S> {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new ApiError(400, "We could not parse the JSON body of your request: it must be an object.");
  for (const [name, value] of Object.entries(body)) {
    if (Object.hasOwn(schema.shape, name) || value === null || value === undefined) continue;
    if (!Object.hasOwn(NEUTRAL, name)) {
      const param = name.slice(0, 100);
      throw new ApiError(400, `Unrecognized request argument supplied: ${param}`, { param });
    }
    if (!NEUTRAL[name]!(value)) throw unsupported(name);
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const param = issue.path.join(".");
  const root = String(issue.path[0] ?? "");
  if (root !== "" && (body as Record<string, unknown>)[root] === undefined)
    throw new ApiError(400, `Missing required parameter: '${root}'.`, {
      param: root,
      code: "missing_required_parameter",
    });
  throw invalidValue(param, issue.message);
}
