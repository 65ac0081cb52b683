import { Tokenizer } from "tokenizers";
import { z } from "zod";
import { aiError } from "../errors.ts";
import { eosList } from "./config.ts";
import { type ModelFiles, requireFile, requireJson } from "./files.ts";

/** Text to token ids and back, as the model's own tokenizer.json says. */
export interface ModelTokenizer {
  vocabSize: number;
  /** One more than the largest id: what the embeddings hold beyond it is padding. */
  idLimit: number;
  /** Any of them ends an answer. */
  eosTokenIds: readonly number[];
  /** Ids of `text`; `addSpecialTokens` adds what the tokenizer's template adds (such as a begin token). */
  encode(text: string, addSpecialTokens: boolean): Promise<number[]>;
  decode(ids: readonly number[], skipSpecialTokens: boolean): Promise<string>;
  /** Id of one token by its text. */
  tokenId(token: string): number | undefined;
}

const idOrIds = z.union([z.number().int().nonnegative(), z.array(z.number().int().nonnegative())]).nullish();
const generationSchema = z.looseObject({ eos_token_id: idOrIds });
const dropoutSchema = z.looseObject({ model: z.looseObject({ dropout: z.unknown() }) });
const tokenizerConfigSchema = z.looseObject({
  eos_token: z.union([z.string(), z.looseObject({ content: z.string() })]).nullish(),
});

/**
 * Loads tokenizer.json. The end tokens come from generation_config.json, then config.json, then tokenizer_config.json:
 * the first that names any.
 * @throws CodedError `TOKENIZER_INVALID`, `TOKENIZER_UNSUPPORTED`, `MODEL_FILE_MISSING`.
 */
export function loadTokenizer(files: ModelFiles): ModelTokenizer {
  const bytes = requireFile(files, "tokenizer.json");
  refuseRandom(requireJson(files, "tokenizer.json"));
  let tokenizer: Tokenizer;
  try {
    tokenizer = Tokenizer.fromString(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    tokenizer.disableTruncation();
    tokenizer.disablePadding();
  } catch (cause) {
    throw aiError("TOKENIZER_INVALID", {
      message: "tokenizer.json is not a tokenizer that the tokenizers library can read",
      fix: "use the tokenizer.json that belongs to the model",
      cause,
    });
  }
  return {
    vocabSize: tokenizer.getVocabSize(true),
    idLimit: Object.values(tokenizer.getVocab(true)).reduce((most, id) => Math.max(most, id + 1), 0),
    eosTokenIds: findEos(files, tokenizer),
    encode: async (text, addSpecialTokens) =>
      (await tokenizer.encode(text, null, { addSpecialTokens })).getIds(),
    decode: (ids, skipSpecialTokens) => tokenizer.decode([...ids], skipSpecialTokens),
    tokenId: (token) => tokenizer.tokenToId(token) ?? undefined,
  };
}

/** A tokenizer that gives one text different ids: no prompt's hash would ever match. @throws CodedError `TOKENIZER_UNSUPPORTED`. */
function refuseRandom(json: unknown): void {
  const parsed = dropoutSchema.safeParse(json);
  const dropout = parsed.success ? parsed.data.model.dropout : undefined;
  if (dropout === undefined || dropout === null || dropout === 0) return;
  throw aiError("TOKENIZER_UNSUPPORTED", {
    message: `tokenizer.json: model.dropout is ${JSON.stringify(dropout)}, which makes the ids of a text random`,
    fix: "set model.dropout to null: it is meant for training tokenizers' models, not for using them",
    facts: { dropout },
  });
}

function findEos(files: ModelFiles, tokenizer: Tokenizer): number[] {
  for (const name of ["generation_config.json", "config.json"]) {
    if (!files.has(name)) continue;
    const parsed = generationSchema.safeParse(requireJson(files, name));
    if (!parsed.success) {
      throw aiError("TOKENIZER_INVALID", {
        message: `${name}: eos_token_id is neither a token id nor a list of them`,
      });
    }
    const ids = eosList(parsed.data.eos_token_id);
    if (ids.length > 0) return ids;
  }
  if (!files.has("tokenizer_config.json")) return [];
  const parsed = tokenizerConfigSchema.safeParse(requireJson(files, "tokenizer_config.json"));
  const token = parsed.success ? parsed.data.eos_token : undefined;
  if (!token) return [];
  const id = tokenizer.tokenToId(typeof token === "string" ? token : token.content);
  return id === null || id === undefined ? [] : [id];
}
