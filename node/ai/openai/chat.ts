import { promptText } from "../datanet/row-tokens.ts";
import { ROW_ROLES, type RowMessage } from "../datanet/rows.ts";
import type { HeldModel } from "../engine/catalogue.ts";
import { type ChatMessage, encodeChat } from "../template/chat.ts";
import type { Form, Order } from "./answers.ts";
import { invalidValue, unsupported } from "./api-error.ts";
import type { ChatRequest } from "./fields.ts";
import { samplingOf } from "./generate.ts";
import type { Holder } from "./keys.ts";
import { chatLogprobs } from "./shapes.ts";

/** What `/v1/chat/completions` is to answer. @throws ApiError 400, CodedError of the chat template. */
export async function chatOrder(request: ChatRequest, model: HeldModel, holder: Holder): Promise<Order> {
  const { top_logprobs, logprobs, stop } = request;
  if (typeof top_logprobs === "number" && logprobs !== true)
    throw invalidValue("top_logprobs", "logprobs must be true where it is given");
  const maxTokens = request.max_completion_tokens ?? request.max_tokens ?? undefined;
  const wish = {
    ...(model.compose
      ? await model.compose(questionOf(request.messages), maxTokens)
      : { promptIds: await chatIds(request.messages, model) }),
    maxTokens,
    stops: typeof stop === "string" ? [stop] : (stop ?? []),
    logprobs: logprobs === true ? (top_logprobs ?? 0) : undefined,
    sampling: samplingOf(request),
    holder,
  };
  return {
    ...{ model, wishes: [wish], choices: request.n ?? 1, where: "messages" },
    form: chatForm(model, wish.logprobs !== undefined),
    attribution: request.attribution === true,
  };
}

async function chatIds(messages: ChatRequest["messages"], { base }: HeldModel): Promise<number[]> {
  const plain = messages.map(({ content, ...rest }, at) => ({ ...rest, content: textOf(content, at) }));
  const { chatTemplate, tokenizer } = {
    chatTemplate: base.tokenizer.chatTemplate,
    tokenizer: base.tokenizer,
  };
  if (chatTemplate)
    return encodeChat(chatTemplate, tokenizer, {
      messages: plain as ChatMessage[],
      addGenerationPrompt: true,
    });
  const [last, ...earlier] = [...plain].reverse();
  const before = earlier.reverse().map(({ role, content }) => ({ role, content }));
  return tokenizer.encodeText(promptText({ prompt: last!.content, before } as never), true);
}

/** @throws ApiError 400 for what is no text. */
export function textOf(content: ChatRequest["messages"][number]["content"], at: number): string {
  if (typeof content === "string") return content;
  if (content === null || content === undefined) return "";
  return content
    .map((part) => {
      if (part.type === "text" && typeof part.text === "string") return part.text;
      throw unsupported(`messages.${at}.content.${part.type.slice(0, 40)}`);
    })
    .join("");
}

/** The last message is the question, the others are the conversation before it. @throws ApiError 400. */
export function questionOf(messages: ChatRequest["messages"]): { prompt: string; before: RowMessage[] } {
  const plain = messages.map(({ role, content }, at) => ({ role, content: textOf(content, at) }));
  const wrong = plain.findIndex(({ role }) => !ROW_ROLES.some((known) => known === role));
  if (wrong >= 0) throw unsupported(`messages.${wrong}.role`);
  const last = plain.pop();
  if (last?.role !== "user") throw invalidValue("messages", "the last one must be the user's");
  return { prompt: last.content, before: plain as RowMessage[] };
}

function chatForm({ base }: HeldModel, withLogprobs: boolean): Form {
  const logprobsOf = async (tokens: Parameters<typeof chatLogprobs>[1]) =>
    withLogprobs ? await chatLogprobs(base.tokenizer, tokens) : null;
  return {
    object: "chat.completion",
    chunkObject: "chat.completion.chunk",
    idPrefix: "chatcmpl-",
    choice: async (text, { tokens }, index, finish) => ({
      index,
      message: { role: "assistant", content: text, refusal: null },
      logprobs: await logprobsOf(tokens),
      finish_reason: finish,
    }),
    opening: (index) => ({
      index,
      delta: { role: "assistant", content: "", refusal: null },
      logprobs: null,
      finish_reason: null,
    }),
    part: async ({ text, tokens }, index) => ({
      index,
      delta: { content: text },
      logprobs: await logprobsOf(tokens),
      finish_reason: null,
    }),
    closing: (index, finish) => ({ index, delta: {}, logprobs: null, finish_reason: finish }),
  };
}
