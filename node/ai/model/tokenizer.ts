import { Tokenizer } from "tokenizers";
import { z } from "zod";
import { aiError } from "../errors.ts";
import { type ChatTemplate, chatTemplateOf } from "../template/chat-template.ts";
import { eosList } from "./config.ts";
import { type ModelFiles, requireJson } from "./files.ts";
import { renameSpecialTokens } from "./special-tokens.ts";
import { readTokenizerJson, type TokenizerJson } from "./tokenizer-json.ts";

/** Text to token ids and back, as the model's own tokenizer.json says. */
export interface ModelTokenizer {
  vocabSize: number;
  /** One more than the largest id: what the embeddings hold beyond it is padding. */
  idLimit: number;
  /** Any of them ends an answer. */
  eosTokenIds: readonly number[];
  /** How the model's conversations are written, where it has its own way. */
  chatTemplate?: ChatTemplate | undefined;
  /** Texts of the special tokens, by id. */
  specialTokens: ReadonlyMap<number, string>;
  /**
   * Ids of anybody's text, in which special tokens are text like any other. `addSpecialTokens` adds what the tokenizer itself
   * adds (such as a begin token).
   */
  encodeText(text: string, addSpecialTokens: boolean): Promise<number[]>;
  /**
   * Ids of a text in which special tokens are recognised wherever they stand, but those for which `isPlain` (by place) is
   * true. Never for text that a stranger wrote.
   */
  encodeMarkup(
    text: string,
    addSpecialTokens: boolean,
    isPlain?: (start: number, end: number) => boolean,
  ): Promise<number[]>;
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
  const { tokenizer, special, idLimit } = namedTokenizer(files);
  const encode = async (text: string, addSpecialTokens: boolean) =>
    (await tokenizer.encode(text, null, { addSpecialTokens })).getIds();
  const idOf = (token: string) => tokenizer.tokenToId(special.nameOf(token)) ?? undefined;
  return {
    vocabSize: tokenizer.getVocabSize(true),
    idLimit,
    eosTokenIds: findEos(files, idOf),
    chatTemplate: chatTemplateOf(files),
    specialTokens: special.texts,
    encodeText: (text, addSpecialTokens) => encode(special.toNames(text), addSpecialTokens),
    encodeMarkup: (text, addSpecialTokens, isPlain = () => false) =>
      encode(special.toNames(text, isPlain), addSpecialTokens),
    decode: async (ids, skipSpecialTokens) =>
      special.fromNames(await tokenizer.decode([...ids], skipSpecialTokens)),
    tokenId: idOf,
  };
}

/** The library's tokenizer with its special tokens under names. Of the words themselves only the library keeps any. */
function namedTokenizer(files: ModelFiles) {
  const parts = readTokenizerJson(files);
  refuseRandom(parts.json);
  const { json, ...special } = renameSpecialTokens(parts);
  let tokenizer: Tokenizer;
  try {
    tokenizer = Tokenizer.fromString(json);
    tokenizer.disableTruncation();
    tokenizer.disablePadding();
  } catch (cause) {
    throw aiError("TOKENIZER_INVALID", {
      message: "tokenizer.json is not a tokenizer that the tokenizers library can read",
      fix: "use the tokenizer.json that belongs to the model",
      cause,
    });
  }
  return { tokenizer, special, idLimit: idLimitOf(tokenizer, parts, special.addedNames) };
}

/** @param added the added tokens as the library knows them */
function idLimitOf(tokenizer: Tokenizer, { vocabulary }: TokenizerJson, added: readonly string[]): number {
  const more = (most: number, id: number) => Math.max(most, id + 1);
  if (vocabulary === undefined) return Object.values(tokenizer.getVocab(true)).reduce(more, 0);
  return added.map((name) => tokenizer.tokenToId(name) ?? -1).reduce(more, vocabulary.ids.reduce(more, 0));
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

function findEos(files: ModelFiles, idOf: (token: string) => number | undefined): number[] {
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
  const id = idOf(typeof token === "string" ? token : token.content);
  return id === undefined ? [] : [id];
}
