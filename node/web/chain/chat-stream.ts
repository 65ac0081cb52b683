import { z } from "zod";
import { CodedError } from "../../base/errors.ts";
import { webError } from "../errors.ts";

/** One message of a conversation, as OpenAI's API takes them. */
export interface ChatMessage {
  role: "user" | "assistant";
  content: string;
}

/** An answer that is asked for. */
export interface ChatOrder {
  /** Of the node's JSON-RPC, which serves `/v1` too. */
  rpcUrl: string;
  key: string;
  model: string;
  messages: readonly ChatMessage[];
  /** The rows that made the answer come with it. */
  attribution: boolean;
  signal: AbortSignal;
}

const count = z.number().int().nonnegative();
const digits = z.string().regex(/^-?\d{1,78}$/);

const attributionSchema = z.object({
  rows: z.array(z.object({ row_id: count, contribution_id: digits, score: digits, weight: digits })).max(64),
  spans: z
    .array(
      z.object({
        start: count.optional(),
        end: count.optional(),
        information: count,
        row_ids: z.array(count).max(64),
      }),
    )
    .max(64)
    .optional(),
});

/** What made a streamed answer: rows, best first, and words of it that stand in rows. */
export type ChatAttribution = z.output<typeof attributionSchema>;

const eventSchema = z.object({
  choices: z
    .array(
      z.object({
        delta: z.object({ content: z.string().nullish() }).optional(),
        finish_reason: z.string().nullish(),
      }),
    )
    .max(16)
    .optional(),
  usage: z.object({ prompt_tokens: count, completion_tokens: count }).nullish(),
  attribution: attributionSchema.optional(),
  error: z.object({ message: z.string(), code: z.string().nullish() }).optional(),
});

/** How an answer ended. */
export interface ChatEnd {
  /** `length`: the model's context, or the limit, was full before it had ended. */
  finish: "stop" | "length";
  tokensIn: number | undefined;
  tokensOut: number | undefined;
  attribution: ChatAttribution | undefined;
}

/** UTF-16 units of one answer, and of what is not a whole event yet: a stranger's node sends them. */
const MOST_TEXT = 1 << 20;
const MOST_HELD = 1 << 18;
/** Without a word of the node's, in ms: a model that nobody asked for yet is loaded first. */
const SILENCE_MS = 120_000;

/**
 * Asks for an answer and hands its text over as it comes.
 * @param onText each part, in order.
 * @throws CodedError the node's refusal by its own code, `NODE_OFFLINE`, `CHAT_BROKEN_OFF` for a stream that ends before the answer
 * does, `CHAT_INVALID` for one that is none; what the signal aborts with.
 */
export async function streamChat(order: ChatOrder, onText: (part: string) => void): Promise<ChatEnd> {
  const silence = new AbortController();
  const signal = AbortSignal.any([order.signal, silence.signal]);
  const watch = () => setTimeout(() => silence.abort(), SILENCE_MS);
  let timer = watch();
  const heard = () => {
    clearTimeout(timer);
    timer = watch();
  };
  try {
    const response = await post(order, signal);
    return await readAnswer(eventsOf(response, heard), onText);
  } catch (error) {
    if (order.signal.aborted) throw order.signal.reason;
    if (error instanceof CodedError) throw error;
    throw brokenOff(error);
  } finally {
    clearTimeout(timer);
  }
}

async function post({ rpcUrl, key, model, messages, attribution }: ChatOrder, signal: AbortSignal) {
  const body = {
    ...{ model, messages, temperature: 0, stream: true, stream_options: { include_usage: true } },
    ...(attribution && { attribution }),
  };
  const response = await fetch(`${rpcUrl}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
    signal,
  }).catch((cause: unknown) => {
    if (signal.aborted) throw cause;
    throw webError("NODE_OFFLINE", {
      message: "The node does not answer.",
      fix: "Your question is kept: ask it again when the node is back.",
      cause,
    });
  });
  if (response.ok) return response;
  throw refusalOf(response.status, await response.json().catch(() => undefined));
}

/** A refusal by the node's own code, in capitals as all codes here. */
export function refusalOf(status: number, body: unknown): CodedError {
  const told = z
    .object({ error: z.object({ message: z.string(), code: z.string().nullish() }) })
    .safeParse(body).data?.error;
  const code = (told?.code ?? `HTTP_${status}`).toUpperCase().slice(0, 64);
  const isTemporary = status >= 500 || status === 429;
  return new CodedError(code, isTemporary ? "temporary" : "input", {
    message: (told?.message ?? `The node refuses: status ${status}.`).slice(0, 1_000),
    fix: FIXES[code],
  });
}

const FIXES: Readonly<Record<string, string>> = {
  CONTEXT_LENGTH_EXCEEDED:
    "Nothing was cut: ask a shorter question, ask it by itself, or begin a new thread.",
  INVALID_API_KEY: "Give a key of this node: the page API keys makes some.",
  MODEL_NOT_FOUND: "Choose another model: it was closed, or this node does not serve it.",
};

/** The stream's events, each as its text. @throws CodedError `CHAT_INVALID`, `CHAT_BROKEN_OFF` where it ends before it says so. */
async function* eventsOf({ body }: Response, heard: () => void): AsyncGenerator<string> {
  if (body === null) throw brokenOff(undefined);
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let held = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) throw brokenOff(undefined);
      heard();
      held += decoder.decode(value, { stream: true });
      const lines = held.split(/\r?\n/);
      held = lines.pop()!;
      if (held.length > MOST_HELD) throw invalid("an event of its is too long");
      for (const line of lines) {
        if (!line.startsWith("data:")) continue;
        const text = line.slice("data:".length).trim();
        if (text === "[DONE]") return;
        yield text;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function readAnswer(events: AsyncGenerator<string>, onText: (part: string) => void): Promise<ChatEnd> {
  const end: ChatEnd = {
    ...{ finish: "stop", tokensIn: undefined, tokensOut: undefined, attribution: undefined },
  };
  let length = 0;
  for await (const text of events) {
    const { choices = [], usage, attribution, error } = eventOf(text);
    if (error !== undefined) throw refusalOf(503, { error });
    const [choice] = choices;
    const part = choice?.delta?.content ?? "";
    length += part.length;
    if (length > MOST_TEXT) throw invalid("the answer is too long for a page");
    if (part !== "") onText(part);
    if (choice?.finish_reason === "length") end.finish = "length";
    if (attribution !== undefined) end.attribution = attribution;
    if (usage) Object.assign(end, { tokensIn: usage.prompt_tokens, tokensOut: usage.completion_tokens });
  }
  return end;
}

function eventOf(text: string): z.output<typeof eventSchema> {
  try {
    return eventSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw invalid("an event of its is none of a chat", cause);
  }
}

function invalid(what: string, cause?: unknown) {
  return webError("CHAT_INVALID", {
    message: `The node's stream can't be read: ${what}.`,
    fix: "What came is kept. Ask again, or ask another node.",
    cause,
  });
}

function brokenOff(cause: unknown) {
  return webError("CHAT_BROKEN_OFF", {
    message: "The node broke off in the middle of its answer.",
    fix: "What came is kept: ask again when the node is back.",
    cause,
  });
}
