import type { CodedError } from "../../base/errors.ts";
import { aiError } from "../errors.ts";
import type { Gguf } from "./gguf.ts";
import { tokenId } from "./gguf-config.ts";
import { JsonText } from "./json-text.ts";
import { type Merges, type Vocabulary, writeMerges, writeVocabulary } from "./vocabulary.ts";
import { type Words, WordsBuilder } from "./words.ts";

/** How text is cut before merging, as a part of tokenizer.json; `ignoreMerges`: a piece that is a token is taken whole. */
interface Cut {
  pre: unknown;
  ignoreMerges: boolean;
}

const byteLevel = (useRegex: boolean) => ({
  type: "ByteLevel",
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: useRegex,
});
const split = (regex: string) => ({
  type: "Sequence",
  pretokenizers: [
    { type: "Split", pattern: { Regex: regex }, behavior: "Isolated", invert: false },
    byteLevel(false),
  ],
});
const REST = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const WORDS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
const DIGITS_THEN_GPT2 = {
  type: "Sequence",
  pretokenizers: [{ type: "Digits", individual_digits: true }, byteLevel(true)],
};

/** By `tokenizer.ggml.pre`. A name that is not here is refused: a wrong cut gives wrong ids without a sign. */
const CUTS: Readonly<Record<string, Cut>> = {
  "llama-bpe": { pre: split(`${WORDS}|\\p{N}{1,3}${REST}`), ignoreMerges: true },
  qwen2: { pre: split(`${WORDS}|\\p{N}${REST}`), ignoreMerges: false },
  "gpt-2": { pre: byteLevel(true), ignoreMerges: false },
  smollm: { pre: DIGITS_THEN_GPT2, ignoreMerges: false },
};

/** Kinds of tokens (llama.cpp's llama_token_type). */
const CONTROL = 3;
const USER_DEFINED = 4;
const UNUSED = 5;
const SPACE = 0x20;

/**
 * The tokenizer that a GGUF file's metadata describe, in the form of tokenizer.json and tokenizer_config.json.
 * @throws CodedError `TOKENIZER_UNSUPPORTED` naming the tokenizer or pre-tokenizer, `GGUF_INVALID` for broken lists.
 */
export function tokenizerOfGguf(gguf: Gguf): { tokenizer: Uint8Array; tokenizerConfig: object } {
  const model = text(gguf, "tokenizer.ggml.model");
  if (model !== "gpt2")
    throw unsupported(gguf, `the tokenizer ${JSON.stringify(model)} (tokenizer.ggml.model)`);
  // Files from before the key existed name no cut: guessing one would give wrong ids.
  const pre = text(gguf, "tokenizer.ggml.pre");
  const cut = Object.hasOwn(CUTS, pre) ? CUTS[pre] : undefined;
  if (!cut) throw unsupported(gguf, `the pre-tokenizer ${JSON.stringify(pre)} (tokenizer.ggml.pre)`);
  const tokens = wordsOf(gguf, "tokenizer.ggml.tokens");
  const kinds = kindsOf(gguf);
  if (kinds.length !== tokens.length) {
    throw invalid(gguf, `it has ${tokens.length} tokens and ${kinds.length} token types`);
  }
  const vocabulary = vocabularyOf(tokens, kinds);
  if (vocabulary.words.hasTwice()) throw invalid(gguf, "it has one token twice");
  const bos = tokenId(gguf, "bos");
  const addsBos = flag(gguf, "tokenizer.ggml.add_bos_token") && bos !== null;
  const rest = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: addedTokens(tokens, kinds),
    normalizer: null,
    pre_tokenizer: cut.pre,
    post_processor: addsBos ? beginTemplate(gguf, tokens, bos) : null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
  };
  const settings = {
    type: "BPE",
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: cut.ignoreMerges,
  };
  const merges = mergesOf(gguf);
  const out = new JsonText();
  const words = {
    vocab: () => writeVocabulary(out, vocabulary),
    merges: () => writeMerges(out, merges, "pairs"),
  };
  out.object(rest, { model: () => out.object(settings, words) });
  return { tokenizer: out.done(), tokenizerConfig: tokenizerConfig(gguf, tokens, addsBos) };
}

function vocabularyOf(tokens: Words, kinds: readonly number[]): Vocabulary {
  const ids = new Uint32Array(tokens.length);
  let count = 0;
  for (let id = 0; id < tokens.length; id++) if (kinds[id] !== UNUSED) ids[count++] = id;
  if (count === tokens.length) return { words: tokens, ids };
  const used = new WordsBuilder(tokens.bytes.length, count);
  for (let at = 0; at < count; at++) used.push(tokens.bytes, tokens.start(ids[at]!), tokens.end(ids[at]!));
  return { words: used.build(), ids: ids.subarray(0, count) };
}

function addedTokens(tokens: Words, kinds: readonly number[]): object[] {
  const added: object[] = [];
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  for (let id = 0; id < tokens.length; id++) {
    const kind = kinds[id];
    if (kind !== CONTROL && kind !== USER_DEFINED) continue;
    added.push({ id, content: tokens.text(id), ...flags, special: kind === CONTROL });
  }
  return added;
}

/** Ids below this are tokens; the embeddings' rows from it on are padding, which no answer may hold. */
export function usedVocabulary(gguf: Gguf): number {
  const kinds = kindsOf(gguf);
  return kinds.findLastIndex((kind) => kind !== UNUSED) + 1;
}

/** What stands beside tokenizer.json: the special tokens by name and the chat template. */
function tokenizerConfig(gguf: Gguf, tokens: Words, addsBos: boolean): object {
  const named = (name: string) => {
    const id = tokenId(gguf, name);
    return id === null ? null : (tokens.text(id) ?? null);
  };
  const template = gguf.metadata.get("tokenizer.chat_template");
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    add_bos_token: addsBos,
    bos_token: named("bos"),
    eos_token: named("eos"),
    pad_token: named("padding"),
    unk_token: named("unknown"),
    clean_up_tokenization_spaces: false,
    ...(template?.type === "string" ? { chat_template: template.value } : {}),
  };
}

function beginTemplate(gguf: Gguf, tokens: Words, bos: number): object {
  const begin = tokens.text(bos);
  if (begin === undefined) throw invalid(gguf, `the begin token ${bos} is not among the tokens`);
  const special = { SpecialToken: { id: begin, type_id: 0 } };
  const sequence = (id: string) => ({ Sequence: { id, type_id: 0 } });
  return {
    type: "TemplateProcessing",
    single: [special, sequence("A")],
    pair: [special, sequence("A"), special, sequence("B")],
    special_tokens: { [begin]: { id: begin, ids: [bos], tokens: [begin] } },
  };
}

/** "a b" in order of rank, as pairs: a token may hold a space itself only where it stands for another byte. */
function mergesOf(gguf: Gguf): Merges {
  const lines = wordsOf(gguf, "tokenizer.ggml.merges");
  const pairs = new WordsBuilder(lines.bytes.length, 2 * lines.length);
  for (let rank = 0; rank < lines.length; rank++) {
    const start = lines.start(rank);
    const end = lines.end(rank);
    const space = lines.bytes.indexOf(SPACE, start);
    const more = lines.bytes.indexOf(SPACE, space + 1);
    if (space <= start || space >= end - 1 || (more !== -1 && more < end))
      throw invalid(gguf, `merge ${rank} is not two tokens with a space between`);
    pairs.push(lines.bytes, start, space);
    pairs.push(lines.bytes, space + 1, end);
  }
  return pairs.build();
}

function text(gguf: Gguf, key: string): string {
  const value = gguf.metadata.get(key)?.value;
  if (typeof value === "string") return value;
  throw invalid(gguf, `its metadata lack ${key}`);
}

function flag(gguf: Gguf, key: string): boolean {
  return gguf.metadata.get(key)?.value === true;
}

function wordsOf(gguf: Gguf, key: string): Words {
  const entry = gguf.metadata.get(key);
  if (entry?.type === "array" && entry.of === "string") return entry.value;
  throw invalid(gguf, `its metadata lack ${key}, a list of string`);
}

function kindsOf(gguf: Gguf): readonly number[] {
  const key = "tokenizer.ggml.token_type";
  const entry = gguf.metadata.get(key);
  if (entry?.type === "array" && entry.of === "int32") return entry.value as readonly number[];
  throw invalid(gguf, `its metadata lack ${key}, a list of int32`);
}

function unsupported(gguf: Gguf, what: string): CodedError {
  return aiError("TOKENIZER_UNSUPPORTED", {
    message: `${gguf.file.name}: ${what} is not known`,
    fix: `use a model with a byte-level BPE tokenizer cut by ${Object.keys(CUTS).join(", ")}`,
    facts: { name: gguf.file.name, what },
  });
}

function invalid(gguf: Gguf, what: string): CodedError {
  return aiError("GGUF_INVALID", {
    message: `${gguf.file.name} has no usable tokenizer: ${what}`,
    fix: "convert the model again with llama.cpp",
    facts: { name: gguf.file.name },
  });
}
