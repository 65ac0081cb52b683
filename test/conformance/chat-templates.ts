import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readModelFolder, TEXT_FILES } from "../../node/ai/model/files.ts";
import { loadTokenizer, type ModelTokenizer } from "../../node/ai/model/tokenizer.ts";
import { type ChatMessage, type Conversation, encodeChat, renderChat } from "../../node/ai/template/chat.ts";
import { type ChatTemplate, chatTemplateOf } from "../../node/ai/template/chat-template.ts";
import type { LocalTime } from "../../node/ai/template/module.ts";
import { sharedRenderer } from "../../node/ai/template/renderer.ts";
import { isCodedError } from "../../node/base/errors.ts";
import { assertEqual, type GroupResult, GroupRun } from "./group.ts";

const caseSchema = z.object({
  name: z.string(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.custom<ChatMessage["content"]>() })),
  add_generation_prompt: z.boolean(),
  variables: z.record(z.string(), z.unknown()).optional(),
  now: z.string().optional(),
  rendered: z.string().optional(),
  ids: z.array(z.number()).optional(),
  ids_content_as_text: z.array(z.number()).optional(),
  raises: z.object({ kind: z.string(), message: z.string().optional() }).optional(),
});
const fileSchema = z.object({
  bos_token: z.string().nullable(),
  eos_token: z.string().nullable(),
  special_tokens: z.array(z.string()),
  template: z.string(),
  cases: z.array(caseSchema),
});
const hostileSchema = z.array(z.object({ name: z.string(), template: z.string(), refusal: z.string() }));

type Case = z.infer<typeof caseSchema>;

/** What a raise of the vectors is for us. */
const RAISES: Readonly<Record<string, string>> = {
  raise_exception: "TEMPLATE_RAISED",
  undefined: "TEMPLATE_FAILED",
  type: "TEMPLATE_FAILED",
};

/** Chat templates in the style of the model families, against transformers: texts, token ids, refusals. */
export async function runChatTemplates(folder: string): Promise<GroupResult> {
  const run = new GroupRun("chat-templates");
  for (const entry of (await readdir(folder, { withFileTypes: true })).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    if (entry.isDirectory()) await runFolder(run, entry.name, join(folder, entry.name));
  }
  const hostile = hostileSchema.parse(JSON.parse(await readFile(join(folder, "hostile.json"), "utf8")));
  for (const { name, template, refusal } of hostile) {
    await run.case(`hostile ${name}`, () => checkHostile(template, refusal));
  }
  await sharedRenderer.close();
  return run.result;
}

async function runFolder(run: GroupRun, name: string, path: string): Promise<void> {
  const file = fileSchema.parse(JSON.parse(await readFile(join(path, "cases.json"), "utf8")));
  const files = await readModelFolder(path, TEXT_FILES);
  const template = chatTemplateOf(files);
  const tokenizer = loadTokenizer(files);
  await run.case(`${name} template`, () => {
    assertEqual(template?.source, file.template, "template");
    assertEqual(template?.bosToken ?? null, file.bos_token, "begin token");
    assertEqual(template?.eosToken ?? null, file.eos_token, "end token");
    return undefined;
  });
  if (template === undefined) return;
  for (const item of file.cases) {
    const title = `${name} ${item.name} ${item.add_generation_prompt ? "with" : "without"} generation prompt`;
    await run.case(title, () => checkCase(template, tokenizer, file.special_tokens, item));
  }
}

async function checkCase(
  template: ChatTemplate,
  tokenizer: ModelTokenizer,
  special: readonly string[],
  item: Case,
): Promise<undefined> {
  const conversation = conversationOf(item);
  if (item.raises !== undefined) {
    const error = await renderChat(template, conversation).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!isCodedError(error)) throw new Error(`it must raise, but gave ${String(error)}`);
    assertEqual(error.code, RAISES[item.raises.kind], "code");
    if (item.raises.kind === "raise_exception")
      assertEqual(error.facts.reason, item.raises.message, "message");
    return undefined;
  }
  const text = await renderChat(template, conversation);
  assertEqual(text, item.rendered, "text");
  const ids = await tokenizer.encodeMarkup(text, false);
  assertEqual(JSON.stringify(ids), JSON.stringify(item.ids), "ids");
  const asText = await encodeChat(template, tokenizer, conversation);
  const written = JSON.stringify(item.messages);
  const holdsTokens = special.some((token) => written.includes(token));
  if (item.ids_content_as_text !== undefined || !holdsTokens) {
    const expected = item.ids_content_as_text ?? item.ids;
    assertEqual(JSON.stringify(asText), JSON.stringify(expected), "ids with content as text");
  }
  return undefined;
}

function conversationOf(item: Case): Conversation {
  return {
    messages: item.messages,
    addGenerationPrompt: item.add_generation_prompt,
    variables: item.variables,
    clock: item.now === undefined ? undefined : localTime(item.now),
  };
}

function localTime(text: string): LocalTime {
  const [year, month, day, hour, minute, second] = text.split(/[-T:]/).map(Number);
  return {
    year: year!,
    month: month!,
    day: day!,
    hour: hour!,
    minute: minute!,
    second: second ?? 0,
    microsecond: 0,
  };
}

/** An error of the kind; where nothing outside may be reached, an undefined value is right as well. */
async function checkHostile(source: string, kind: string): Promise<string | undefined> {
  const template = { source, bosToken: undefined, eosToken: undefined };
  const started = performance.now();
  const outcome = await renderChat(template, {
    messages: [{ role: "user", content: "hello" }],
    addGenerationPrompt: true,
  }).catch((error: unknown) => error);
  const tookMs = performance.now() - started;
  if (typeof outcome === "string") {
    return kind === "sandbox" && outcome === "" ? undefined : `it was rendered: ${outcome.slice(0, 100)}`;
  }
  if (!isCodedError(outcome)) throw outcome;
  const expected: Readonly<Record<string, string>> = { syntax: "syntax", unknown: "unknown", limit: "limit" };
  if (expected[kind] !== undefined) assertEqual(outcome.facts.kind, expected[kind], "kind");
  return tookMs > 2_000 ? `it took ${Math.round(tookMs)} ms` : undefined;
}
