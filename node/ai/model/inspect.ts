import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { aiError } from "../errors.ts";
import { type ModelConfig, parseModelConfig } from "./config.ts";
import { type ModelFiles, type ModelSource, openModelSource, requireJson } from "./files.ts";
import { configOfGguf } from "./gguf-config.ts";
import { loadTokenizer } from "./tokenizer.ts";
import { bytesByFormat, expectedTensors, ggufOf, weightSources } from "./weights.ts";

/** What a model's files say, without a weight read. */
export interface ModelFacts {
  form: string;
  config: ModelConfig;
  parameters: number;
  /** Bytes that the weights take in memory, by their format. */
  weights: ReadonlyMap<string, number>;
  tokenizer: { kind: string; tokens: number; specialTokens: number };
  /** The texts that end an answer. */
  endTokens: readonly string[];
  /** Characters of the chat template; undefined where the model has none. */
  chatTemplate: number | undefined;
  /** As the README's head or the .gguf file says it. */
  licence: string | undefined;
}

/** Bytes of a README that are read for its head. */
const MAX_README = 1024 * 1024;
const tokenizerSchema = z.looseObject({ model: z.looseObject({ type: z.string().optional() }) });

/**
 * Looks at a .gguf file or a folder in Hugging Face form.
 * @throws CodedError of reading the config, the weights' headers and the tokenizer: whatever would stop the model's use.
 */
export async function inspectModel(path: string): Promise<ModelFacts> {
  const source = await openModelSource(path);
  if (source.files.has("adapter_config.json") && !source.files.has("config.json")) {
    throw aiError("MODEL_FILE_MISSING", {
      message: `${path} is an adapter, not a whole model`,
      fix: "give the folder of its base model",
      facts: { path },
    });
  }
  const gguf = ggufOf(source);
  const config = gguf ? configOfGguf(gguf) : parseModelConfig(requireJson(source.files, "config.json"));
  const weights = bytesByFormat(weightSources(source, config, gguf));
  const tokenizer = loadTokenizer(source.files);
  const shapes = [...expectedTensors(config).values()];
  const licence = gguf?.metadata.get("general.license")?.value;
  return {
    form: formOf(source, gguf?.version),
    config,
    parameters: shapes.reduce((sum, shape) => sum + shape.reduce((product, size) => product * size, 1), 0),
    weights,
    tokenizer: {
      kind: tokenizerKind(source.files),
      tokens: tokenizer.vocabSize,
      specialTokens: tokenizer.specialTokens.size,
    },
    endTokens: await Promise.all(tokenizer.eosTokenIds.map((id) => tokenizer.decode([id], false))),
    chatTemplate: tokenizer.chatTemplate?.source.length,
    licence: typeof licence === "string" ? licence : await licenceOfReadme(path),
  };
}

function formOf({ weights }: ModelSource, ggufVersion: number | undefined): string {
  if (ggufVersion !== undefined) return `GGUF ${ggufVersion}`;
  return weights.size === 1 ? "safetensors" : `safetensors in ${weights.size} shards`;
}

function tokenizerKind(files: ModelFiles): string {
  const parsed = tokenizerSchema.safeParse(requireJson(files, "tokenizer.json"));
  return (parsed.success && parsed.data.model.type) || "unnamed";
}

/** The value of `license:` in the head of the README beside the weights. */
async function licenceOfReadme(path: string): Promise<string | undefined> {
  const folder = (await stat(path)).isDirectory() ? path : dirname(path);
  const readme = join(folder, "README.md");
  const found = await stat(readme).catch(() => undefined);
  if (!found?.isFile() || found.size > MAX_README) return undefined;
  const [, head] = /^---\r?\n([\s\S]*?)\r?\n---/.exec(await readFile(readme, "utf8")) ?? [];
  const value = (key: string) => new RegExp(`^${key}:[ \\t]*["']?([^"'\\r\\n]+)`, "m").exec(head ?? "")?.[1];
  const licence = value("license");
  return licence === "other" ? (value("license_name") ?? licence) : licence;
}
