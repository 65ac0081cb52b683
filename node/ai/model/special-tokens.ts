import { z } from "zod";
import { aiError } from "../errors.ts";
import { JsonText } from "./json-text.ts";
import { refuseLongMerges } from "./merge-lengths.ts";
import type { TokenizerJson } from "./tokenizer-json.ts";
import { finderOf, writeMerges, writeVocabulary } from "./vocabulary.ts";

const addedSchema = z.looseObject({
  id: z.number().int().nonnegative(),
  content: z.string().min(1),
  special: z.boolean().default(false),
  single_word: z.boolean().default(false),
});
/** By token, or in order with scores; of up to some hundred thousand, which the tokenizers library checks itself. */
type Vocab = Readonly<Record<string, unknown>> | readonly [token: string, score: number][];
const vocabSchema = z.custom<Vocab>((value) => typeof value === "object");
type Merge = string | readonly string[];
const isMerge = (value: unknown) => typeof value === "string" || Array.isArray(value);
const tokenizerSchema = z.looseObject({
  added_tokens: z.array(addedSchema).nullish(),
  model: z.looseObject({
    vocab: vocabSchema.nullish(),
    merges: z.custom<readonly Merge[]>((value) => Array.isArray(value) && value.every(isMerge)).nullish(),
    unk_token: z.string().nullish(),
  }),
});

/** Begins and ends a special token's name: a noncharacter, which no text holds. */
const MARK = "\ufdd0";
const NAMES = new RegExp(`${MARK}(\\d+)${MARK}`, "gu");

/** The special tokens of a tokenizer.json, under names that no text can hold. */
export interface SpecialTokens {
  /** tokenizer.json with those names, as a text. Loaded, it takes every text for text: only a name is a special token. */
  json: string;
  /** Texts of the special tokens by id. */
  texts: ReadonlyMap<number, string>;
  /** All added tokens, special or not, under the names that they have in {@link json}. */
  addedNames: readonly string[];
  /** The name of a special token; any other token is its own. */
  nameOf(token: string): string;
  /** The text for the renamed tokenizer. Without `isPlain` no special token is recognised; with it, those for which it is false. */
  toNames(text: string, isPlain?: (start: number, end: number) => boolean): string;
  /** What the renamed tokenizer decoded, with the special tokens' own texts. */
  fromNames(text: string): string;
}

/**
 * Renames the special tokens of a tokenizer.json. The tokenizers library recognises them wherever they stand, so that
 * anybody's text could end a turn or begin one; under these names only the template's own do.
 * @throws CodedError `TOKENIZER_INVALID`.
 */
export function renameSpecialTokens(parts: TokenizerJson): SpecialTokens {
  const parsed = tokenizerSchema.safeParse(parts.json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw aiError("TOKENIZER_INVALID", {
      message: `tokenizer.json: ${issue.path.join(".")}: ${issue.message}`,
      fix: "use the tokenizer.json that belongs to the model",
      cause: parsed.error,
    });
  }
  const added = parsed.data.added_tokens ?? [];
  const special = added.filter((token) => token.special);
  const names = new Map(special.map(({ id, content }) => [content, `${MARK}${id}${MARK}`]));
  const texts = new Map(special.map(({ id, content }) => [id, content]));
  const rename = (token: string): string => names.get(token) ?? token;
  const { model } = parsed.data;
  const json = {
    ...parsed.data,
    added_tokens: added.map((token) =>
      token.special ? { ...token, content: rename(token.content), normalized: false } : token,
    ),
    model: {
      ...model,
      ...(model.vocab ? { vocab: renameVocab(model.vocab, rename) } : {}),
      ...(model.merges ? { merges: model.merges.filter((pair) => !names.has(productOf(pair))) } : {}),
      ...(model.unk_token ? { unk_token: rename(model.unk_token) } : {}),
    },
  };
  // The longest of those that begin at a place is taken, as the library does; a token that is not special takes its
  // characters first.
  const sorted = [...added].sort((a, b) => b.content.length - a.content.length);
  const singleWords = new Set(added.filter((token) => token.single_word).map(({ content }) => content));
  const pattern = new RegExp(sorted.map(({ content }) => escapeRegExp(content)).join("|") || "(?!)", "gu");
  return {
    json: jsonText(json, parts, names),
    texts,
    addedNames: added.map(({ content }) => rename(content)),
    nameOf: rename,
    toNames: (text, isPlain) => {
      const clean = text.replaceAll(MARK, "\ufffd");
      if (isPlain === undefined) return clean;
      return clean.replace(pattern, (token: string, start: number) => {
        const end = start + token.length;
        const name = names.get(token);
        if (name === undefined || isPlain(start, end)) return token;
        const touches = /\w/u.test(clean.charAt(start - 1)) || /\w/u.test(clean.charAt(end));
        return singleWords.has(token) && touches ? token : name;
      });
    },
    fromNames: (text) => text.replace(NAMES, (name, id: string) => texts.get(Number(id)) ?? name),
  };
}

/** JSON of a tokenizer whose special tokens have their names, with the words that were read apart. */
function jsonText(
  { model, ...rest }: { model: { vocab?: unknown; merges?: unknown } },
  parts: TokenizerJson,
  names: ReadonlyMap<string, string>,
): string {
  const { vocabulary, merges } = parts;
  const settings = { ...model };
  const nameOf = finderOf(names);
  refuseLongMerges(model, parts, nameOf);
  const out = new JsonText();
  const words: Record<string, () => void> = {};
  if (vocabulary) {
    delete settings.vocab;
    words.vocab = () => writeVocabulary(out, vocabulary, nameOf);
  }
  if (merges) {
    delete settings.merges;
    words.merges = () => writeMerges(out, merges, "lines", nameOf);
  }
  out.object(rest, { model: () => out.object(settings, words) });
  return out.text();
}

function renameVocab(vocab: Vocab, rename: (token: string) => string) {
  if (isScored(vocab)) return vocab.map(([token, ...score]) => [rename(token), ...score]);
  return Object.fromEntries(Object.entries(vocab).map(([token, id]) => [rename(token), id]));
}

function isScored(vocab: Vocab): vocab is readonly [string, number][] {
  return Array.isArray(vocab);
}

function productOf(pair: Merge): string {
  return typeof pair === "string" ? pair.replace(" ", "") : pair.join("");
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
