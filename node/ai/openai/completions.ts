import type { HeldModel } from "../engine/catalogue.ts";
import type { Form, Order } from "./answers.ts";
import { invalidValue } from "./api-error.ts";
import { type CompletionRequest, listOf } from "./fields.ts";
import { samplingOf } from "./generate.ts";
import type { Holder } from "./keys.ts";
import { completionLogprobs } from "./shapes.ts";

/** Tokens of an answer unless the request says otherwise, as in OpenAI's API. */
const DEFAULT_TOKENS = 16;

/** What `/v1/completions` is to answer: each prompt as it is, without a chat template. @throws ApiError 400. */
export async function completionOrder(
  request: CompletionRequest,
  model: HeldModel,
  holder: Holder,
): Promise<Order> {
  const { logprobs, stop } = request;
  const sampling = samplingOf(request);
  const wishes = [];
  for (const prompt of listOf(request.prompt))
    wishes.push({
      promptIds: await idsOf(prompt, model, "prompt"),
      maxTokens: request.max_tokens ?? DEFAULT_TOKENS,
      stops: typeof stop === "string" ? [stop] : (stop ?? []),
      logprobs: logprobs ?? undefined,
      ...{ sampling, holder },
    });
  return {
    ...{ model, wishes, choices: request.n ?? 1, where: "prompt" },
    form: completionForm(model, logprobs !== null && logprobs !== undefined),
    attribution: request.attribution === true,
  };
}

/** Ids of a text, or ids as they were given. @throws ApiError 400 for none, or ones that the model does not have. */
export async function idsOf(
  given: string | number[],
  { base }: HeldModel,
  param: string,
): Promise<readonly number[]> {
  const ids = typeof given === "string" ? await base.tokenizer.encodeText(given, true) : given;
  if (ids.length === 0) throw invalidValue(param, "it has no tokens");
  const wrong = ids.find((id) => id >= base.tokenizer.idLimit);
  if (wrong !== undefined) throw invalidValue(param, `the model has no token ${wrong}`);
  return ids;
}

function completionForm({ base }: HeldModel, withLogprobs: boolean): Form {
  const logprobsOf = async (tokens: Parameters<typeof completionLogprobs>[1], offset: number) =>
    withLogprobs ? await completionLogprobs(base.tokenizer, tokens, offset) : null;
  return {
    object: "text_completion",
    chunkObject: "text_completion",
    idPrefix: "cmpl-",
    choice: async (text, { tokens }, index, finish) => ({
      text,
      index,
      logprobs: await logprobsOf(tokens, 0),
      finish_reason: finish,
    }),
    part: async ({ text, tokens }, index, offset) => ({
      text,
      index,
      logprobs: await logprobsOf(tokens, offset),
      finish_reason: null,
    }),
    closing: (index, finish) => ({ text: "", index, logprobs: null, finish_reason: finish }),
  };
}
