import { z } from "zod";
import { aiError } from "../errors.ts";
import { type ModelFiles, requireJson } from "../model/files.ts";

/** How a model's conversations are written: the template and the two tokens that it may name. */
export interface ChatTemplate {
  source: string;
  bosToken: string | undefined;
  eosToken: string | undefined;
}

const token = z
  .union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)])
  .nullish();
const configSchema = z.looseObject({
  chat_template: z
    .union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))])
    .nullish(),
  bos_token: token,
  eos_token: token,
});

/**
 * The chat template of a model's files: chat_template.jinja, else `chat_template` of tokenizer_config.json, which may be a
 * list of named ones of which `default` counts.
 * @returns undefined for a model without one.
 * @throws CodedError `TEMPLATE_INVALID` when it is there but can't be read.
 */
export function chatTemplateOf(files: ModelFiles): ChatTemplate | undefined {
  const config = files.has("tokenizer_config.json") ? readConfig(files) : undefined;
  const source = ownFile(files) ?? fromConfig(config?.chat_template ?? undefined);
  if (source === undefined) return undefined;
  return { source, bosToken: config?.bos_token ?? undefined, eosToken: config?.eos_token ?? undefined };
}

function readConfig(files: ModelFiles): z.infer<typeof configSchema> {
  const parsed = configSchema.safeParse(requireJson(files, "tokenizer_config.json"));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw unreadable(`tokenizer_config.json: ${issue.path.join(".")}: ${issue.message}`, parsed.error);
}

function ownFile(files: ModelFiles): string | undefined {
  const bytes = files.get("chat_template.jinja");
  if (bytes === undefined) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw unreadable("chat_template.jinja is not UTF-8 text", cause);
  }
}

function fromConfig(given: z.infer<typeof configSchema>["chat_template"]): string | undefined {
  if (typeof given === "string") return given === "" ? undefined : given;
  if (!given || given.length === 0) return undefined;
  const chosen = given.find(({ name }) => name === "default");
  if (chosen !== undefined) return chosen.template;
  const names = given.map(({ name }) => name).join(", ");
  throw unreadable(`tokenizer_config.json has chat templates named ${names}, but none named default`);
}

function unreadable(message: string, cause?: unknown): Error {
  return aiError("TEMPLATE_INVALID", {
    message,
    fix: "use the files that belong to the model",
    facts: { kind: "syntax" },
    cause,
  });
}
