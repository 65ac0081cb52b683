import { aiError } from "../errors.ts";
import type { ModelTokenizer } from "../model/tokenizer.ts";
import type { ChatTemplate } from "./chat-template.ts";
import type { LocalTime } from "./module.ts";
import { traceContent } from "./provenance.ts";
import { sharedRenderer, type TemplateRenderer } from "./renderer.ts";

/** One message of a conversation; further keys (`name`, `tool_calls`) are the template's to read. */
export interface ChatMessage {
  role: string;
  content?: string | null | readonly Readonly<Record<string, unknown>>[];
  [key: string]: unknown;
}

/** A conversation, and what else a template may ask for. */
export interface Conversation {
  messages: readonly ChatMessage[];
  /** True where the model is to answer, false where the conversation is complete. */
  addGenerationPrompt: boolean;
  tools?: readonly unknown[];
  documents?: readonly unknown[];
  /** Further variables of this template, such as `enable_thinking`. */
  variables?: Readonly<Record<string, unknown>>;
  /** What `strftime_now` shows. Without it no template can see the time, so that everybody comes to the same text. */
  clock?: LocalTime;
}

/** Messages of one conversation. */
const MAX_MESSAGES = 10_000;
/** Levels of lists and maps inside each other in a message. */
const MAX_DEPTH = 50;

/**
 * A conversation as the model's template writes it.
 * @throws CodedError `CHAT_INVALID` (no messages, too many, or too deep), and those of {@link TemplateRenderer.render}.
 */
export async function renderChat(
  template: ChatTemplate,
  conversation: Conversation,
  renderer: TemplateRenderer = sharedRenderer,
): Promise<string> {
  return await renderContent(template, conversation, contentOf(conversation), renderer);
}

/**
 * Token ids of a conversation: the template's special tokens are special tokens, those that stand in messages, tools or
 * documents are text like any other. Nothing is added that the template does not write.
 * @throws CodedError `CHAT_TOKENS_UNCLEAR` where the template treats special tokens in messages so that the two can't be
 * told apart, and those of {@link renderChat}.
 */
export async function encodeChat(
  template: ChatTemplate,
  tokenizer: ModelTokenizer,
  conversation: Conversation,
  renderer: TemplateRenderer = sharedRenderer,
): Promise<number[]> {
  const { text, isFromContent } = await traceChat(template, tokenizer, conversation, renderer);
  return await tokenizer.encodeMarkup(text, false, isFromContent);
}

/** The text of a conversation and which of its special tokens were written by others than the template. */
export async function traceChat(
  template: ChatTemplate,
  tokenizer: ModelTokenizer,
  conversation: Conversation,
  renderer: TemplateRenderer = sharedRenderer,
) {
  const content = contentOf(conversation);
  const render = (masked: Readonly<Record<string, unknown>>) =>
    renderContent(template, conversation, masked, renderer);
  const text = await render(content);
  const traced = await traceContent(text, [...tokenizer.specialTokens.values()], content, render);
  if (traced !== undefined) return traced;
  throw aiError("CHAT_TOKENS_UNCLEAR", {
    message:
      "the conversation holds parts of the model's special tokens where its chat template looks for them",
    fix: "leave the special tokens out of the messages",
  });
}

/** What strangers wrote: all that a template may read and did not bring itself. */
function contentOf({
  messages,
  tools,
  documents,
  variables,
}: Conversation): Readonly<Record<string, unknown>> {
  if (messages.length === 0) {
    throw aiError("CHAT_INVALID", {
      message: "the conversation has no messages",
      fix: "send at least one message",
    });
  }
  if (messages.length > MAX_MESSAGES) {
    throw aiError("CHAT_INVALID", {
      message: `the conversation has ${messages.length} messages; at most ${MAX_MESSAGES} are taken`,
      fix: "leave the oldest messages out",
      facts: { messages: messages.length, limit: MAX_MESSAGES },
    });
  }
  const content = {
    messages: messages.map((message) =>
      Object.fromEntries(
        Object.entries(message).filter(([, value]) => value !== null && value !== undefined),
      ),
    ),
    tools: tools ?? null,
    documents: documents ?? null,
    ...variables,
  };
  if (isDeeper(content, MAX_DEPTH)) {
    throw aiError("CHAT_INVALID", {
      message: `the conversation has lists and maps inside each other on more than ${MAX_DEPTH} levels`,
      fix: "send flatter messages",
      facts: { limit: MAX_DEPTH },
    });
  }
  return content;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeeper(item, levels - 1));
}

function renderContent(
  { source, bosToken, eosToken }: ChatTemplate,
  { addGenerationPrompt, clock }: Conversation,
  content: Readonly<Record<string, unknown>>,
  renderer: TemplateRenderer,
): Promise<string> {
  const variables = {
    ...content,
    add_generation_prompt: addGenerationPrompt,
    ...(bosToken === undefined ? {} : { bos_token: bosToken }),
    ...(eosToken === undefined ? {} : { eos_token: eosToken }),
  };
  return renderer.render({ template: source, variables, clock });
}
