import { z } from "zod";
import type { CodedError } from "../../base/errors.ts";
import { aiError } from "../errors.ts";
import { MAX_MESSAGES, ROW_ROLES, type Row, type RowMessage } from "./rows.ts";
import { CONTROL, withoutInvisible } from "./text.ts";

const text = z.union([
  z.string(),
  z
    .array(z.object({ type: z.literal("text"), text: z.string() }))
    .transform((parts) => parts.map((p) => p.text).join("")),
]);
const pairSchema = z.object({ prompt: z.string(), completion: z.string() });
const chatSchema = z.object({
  messages: z
    .array(z.object({ role: z.enum(ROW_ROLES), content: text }))
    .min(2)
    .max(MAX_MESSAGES),
});

/**
 * Rows of a .jsonl file. A `prompt`/`completion` line is one row. A `messages` line gives one row for each answer of
 * the assistant: the user's message before it is the prompt, and what was said before that is kept with its roles. Blank
 * lines are skipped.
 * @throws CodedError `JSONL_LINE_INVALID` with the line's number, counted from 1.
 */
export function rowsOfJsonl(content: string, file: string): Row[] {
  const rows: Row[] = [];
  for (const [index, line] of content.split("\n").entries()) {
    if (line.trim() === "") continue;
    const number = index + 1;
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch (cause) {
      throw badLine(file, number, "it is not JSON", cause);
    }
    for (const row of rowsOfLine(json, file, number)) {
      const prompt = textOf(row.prompt, file, number);
      const completion = textOf(row.completion, file, number);
      if (prompt === "") throw badLine(file, number, "its prompt is empty");
      if (completion === "") throw badLine(file, number, "its completion is empty");
      const before = messagesOf(row.before ?? [], file, number);
      rows.push(before.length === 0 ? { prompt, completion } : { prompt, completion, before });
    }
  }
  return rows;
}

function rowsOfLine(json: unknown, file: string, number: number): Row[] {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw badLine(file, number, "it is not a JSON object");
  }
  if ("messages" in json) {
    const chat = chatSchema.safeParse(json);
    if (!chat.success) throw badLine(file, number, whatIsWrong(chat.error));
    const { messages } = chat.data;
    const rows = messages.flatMap((message, at) => {
      if (message.role !== "assistant") return [];
      const asked = messages[at - 1];
      if (asked?.role !== "user")
        throw badLine(file, number, "an answer in it does not follow a user's message");
      return [{ prompt: asked.content, completion: message.content, before: messages.slice(0, at - 1) }];
    });
    if (rows.length === 0) throw badLine(file, number, "its messages hold no answer of the assistant");
    return rows;
  }
  const pair = pairSchema.safeParse(json);
  if (!pair.success) throw badLine(file, number, whatIsWrong(pair.error));
  return [pair.data];
}

/** Messages that say nothing are left out. */
function messagesOf(messages: readonly RowMessage[], file: string, line: number): RowMessage[] {
  return messages
    .map(({ role, content }) => ({ role, content: textOf(content, file, line) }))
    .filter(({ content }) => content !== "");
}

/** Escapes of JSON can hold what no text file can. */
function textOf(value: string, file: string, line: number): string {
  const text = withoutInvisible(value.replace(/\r\n?/g, "\n")).trim();
  if (CONTROL.test(text)) throw badLine(file, line, "it holds a control character");
  if (/\p{Surrogate}/u.test(text)) throw badLine(file, line, "it holds half a character (a lone surrogate)");
  return text;
}

function whatIsWrong(error: z.ZodError): string {
  const issue = error.issues[0]!;
  return `${issue.path.join(".") || "it"}: ${issue.message}`;
}

function badLine(file: string, line: number, what: string, cause?: unknown): CodedError {
  return aiError("JSONL_LINE_INVALID", {
    message: `${file}, line ${line}: ${what}`,
    fix: 'write each line as {"prompt": "…", "completion": "…"} or {"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}',
    facts: { file, line },
    cause,
  });
}
