import { isCodedError, unlessTemporary } from "../../base/errors.ts";
import { aiError } from "../errors.ts";
import type { ModelTokenizer } from "../model/tokenizer.ts";
import { type ChatMessage, traceChat } from "../template/chat.ts";
import type { ChatTemplate } from "../template/chat-template.ts";
import type { TracedText } from "../template/provenance.ts";
import { isProse, type Row, type RowMessage } from "./rows.ts";

/** A row in tokens. */
export interface TokenizedRow {
  ids: number[];
  /** Index of the first token of the answer. */
  completionStart: number;
}

/** What is asked, and what was said before. */
export type Question = Pick<Row, "prompt" | "before">;

/** A question to a model without a chat template, in training and in serving; the answer follows after one space. */
export function promptText({ prompt, before = [] }: Question): string {
  return `Question: ${[...before.map(({ content }) => content), prompt].join("\n")}\nAnswer:`;
}

/**
 * Token ids of a question as the model sees it: by its chat template, else as {@link promptText} with the tokenizer's own
 * first tokens. Special tokens in the question are text.
 * @throws CodedError `TEMPLATE_LIMIT`, `TEMPLATE_INVALID` where the model's template itself is at fault, `TEMPLATE_CUT_OFF`.
 */
export async function promptIds(question: Question, tokenizer: ModelTokenizer): Promise<number[]> {
  return [...(await writeQuestion(question, tokenizer)).ids];
}

/** A row as it stands before a question of a model without a chat template: with its answer; prose as it is. */
function shownText(row: Row): string {
  return isProse(row) ? row.completion : `${promptText(row)} ${row.completion}`;
}

/** A question as a model is asked it. */
export interface WrittenQuestion {
  /** Of the question alone: those of {@link promptIds}. */
  ids: readonly number[];
  /** Behind rows that are shown with it, in their order; undefined where the chat template writes the question, but not behind these rows. */
  behind(shown: readonly Row[]): Promise<readonly number[] | undefined>;
}

/**
 * Writes a question once, for prompts that show rows with it: by the chat template each row is a turn of the user and its answer, behind what
 * a system says; else rows and question are parted by empty lines. Special tokens in rows are text, as in the question.
 * @throws CodedError those of {@link promptIds}, also of `behind`.
 */
export async function writeQuestion(question: Question, tokenizer: ModelTokenizer): Promise<WrittenQuestion> {
  const chat = await writeChat(question, tokenizer);
  if (chat === undefined) {
    const encoded = (shown: readonly Row[]) =>
      tokenizer.encodeText([...shown.map(shownText), promptText(question)].join("\n\n"), true);
    return { ids: await encoded([]), behind: encoded };
  }
  const { template, messages, prompt } = chat;
  const ids = await tokenizer.encodeMarkup(prompt.text, false, prompt.isFromContent);
  const opening = messages.findIndex(({ role }) => !SYSTEM.has(role));
  return {
    ids,
    async behind(shown) {
      if (shown.length === 0) return ids;
      const turns = shown.flatMap(turnsOf);
      const all = [...messages.slice(0, opening), ...turns, ...messages.slice(opening)];
      const text = await writtenChat(template, tokenizer, all);
      return text && (await tokenizer.encodeMarkup(text.text, false, text.isFromContent));
    },
  };
}

function turnsOf({ prompt, completion, before = [] }: Row): ChatMessage[] {
  const asked = [...before.map(({ content }) => content), prompt].join("\n\n");
  return [
    { role: "user", content: asked },
    { role: "assistant", content: completion },
  ];
}

/** Roles that open a conversation. */
const SYSTEM: ReadonlySet<string> = new Set(["system", "developer"]);

/**
 * Ids of question, answer and end token; question and answer are tokenised apart, as in serving. By a chat template the
 * answer is what the template writes after its generation prompt, up to the token that ends the turn.
 * @throws CodedError `TOKENIZER_NO_END` when the model names no end token, and those of {@link promptIds}.
 */
export async function tokenizeRow(row: Row, tokenizer: ModelTokenizer): Promise<TokenizedRow> {
  const [end] = tokenizer.eosTokenIds;
  if (end === undefined) {
    throw aiError("TOKENIZER_NO_END", {
      message: "the model names no end-of-sequence token, so an answer could not be taught to end",
      fix: "add eos_token_id to the model's config.json or generation_config.json",
    });
  }
  const chat = await writeChat(row, tokenizer);
  if (chat === undefined) {
    const prompt = await tokenizer.encodeText(promptText(row), true);
    const completion = await tokenizer.encodeText(` ${row.completion}`, false);
    return { ids: [...prompt, ...completion, end], completionStart: prompt.length };
  }
  const prompt = await tokenizer.encodeMarkup(chat.prompt.text, false, chat.prompt.isFromContent);
  const answer = await answerIds(row, chat, tokenizer, end);
  return { ids: [...prompt, ...answer], completionStart: prompt.length };
}

/** A question that the template wrote, and the messages that it wrote it of. */
interface WrittenChat {
  template: ChatTemplate;
  messages: readonly ChatMessage[];
  prompt: TracedText;
}

/**
 * Asks the template for the conversation; where it refuses the roles, for one question that holds all that was said. A
 * question that it can't write, or not safely, is written without it: no single row makes a snapshot untrainable.
 */
async function writeChat(
  { prompt, before = [] }: Question,
  tokenizer: ModelTokenizer,
): Promise<WrittenChat | undefined> {
  const template = tokenizer.chatTemplate;
  if (template === undefined) return undefined;
  const asked = { role: "user", content: prompt };
  const joined = [...before.map(({ content }: RowMessage) => content), prompt].join("\n\n");
  const ways: (readonly ChatMessage[])[] = [
    [...before.map(({ role, content }) => ({ role, content })), asked],
    [{ role: "user", content: joined }],
  ];
  for (const messages of ways) {
    const text = await writtenChat(template, tokenizer, messages);
    if (text !== undefined) return { template, messages, prompt: text };
  }
  return undefined;
}

/** A conversation as the template opens its answer; undefined where it refuses it, or can't write it safely. */
async function writtenChat(
  template: ChatTemplate,
  tokenizer: ModelTokenizer,
  messages: readonly ChatMessage[],
): Promise<TracedText | undefined> {
  try {
    return await traceChat(template, tokenizer, { messages, addGenerationPrompt: true });
  } catch (error) {
    const isRefused = ["TEMPLATE_RAISED", "TEMPLATE_FAILED", "CHAT_TOKENS_UNCLEAR"].some((code) =>
      isCodedError(error, code),
    );
    if (isRefused) return undefined;
    throw error;
  }
}

async function answerIds(
  { completion }: Row,
  { template, messages, prompt }: WrittenChat,
  tokenizer: ModelTokenizer,
  end: number,
): Promise<number[]> {
  const answered = [...messages, { role: "assistant", content: completion }];
  // What only this machine had no time for decides nothing: everybody has the same tokens.
  const conversation = { messages: answered, addGenerationPrompt: false };
  const whole = await traceChat(template, tokenizer, conversation).catch(unlessTemporary);
  // Some templates write an answered turn in another way than they open one.
  if (whole === undefined || !whole.text.startsWith(prompt.text)) {
    return [...(await tokenizer.encodeText(completion, false)), end];
  }
  const skipped = prompt.text.length;
  const ids = await tokenizer.encodeMarkup(whole.text.slice(skipped), false, (from, to) =>
    whole.isFromContent(from + skipped, to + skipped),
  );
  // The turn ends with the model's own end token; where the template has another, serving would not stop at it.
  const endsAt = ids.findIndex((id) => tokenizer.eosTokenIds.includes(id));
  if (endsAt >= 0) return ids.slice(0, endsAt + 1);
  const turnEnd = ids.findLastIndex((id) => tokenizer.specialTokens.has(id));
  return [...(turnEnd < 0 ? ids : ids.slice(0, turnEnd)), end];
}

/**
 * Checks that every row of a file fits the model's context: nothing could be trained on a row that does not.
 * @throws CodedError `ROW_TOO_LONG` with the row's number (from 1), its tokens and the limit.
 */
export async function checkRowLengths(
  name: string,
  rows: readonly Row[],
  tokenizer: ModelTokenizer,
  contextLength: number,
): Promise<void> {
  for (const [index, row] of rows.entries()) {
    const { ids } = await tokenizeRow(row, tokenizer);
    if (ids.length <= contextLength) continue;
    throw aiError("ROW_TOO_LONG", {
      message: `${name}: row ${index + 1} has ${ids.length} tokens, but the model's context holds ${contextLength}: "${row.completion.slice(0, 60)}…"`,
      fix: "split it into shorter sentences or rows, or name a base model of a longer context",
      facts: { name, row: index + 1, tokens: ids.length, limit: contextLength },
    });
  }
}
