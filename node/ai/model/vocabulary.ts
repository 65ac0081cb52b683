import type { JsonText } from "./json-text.ts";
import type { Words } from "./words.ts";

/** The tokens of a BPE tokenizer. */
export interface Vocabulary {
  /** None of them twice. */
  words: Words;
  /** The id of each. */
  ids: Uint32Array;
}

/** The pairs that it merges, the first goes first: words 2i and 2i + 1. */
export type Merges = Words;

/** The value that a map has for a text, which is part of some bytes. */
export type Finder = (bytes: Uint8Array, start: number, end: number) => string | undefined;

const [SPACE, COMMA, COLON, OPEN, CLOSE, QUOTE] = [0x20, 0x2c, 0x3a, 0x5b, 0x5d, 0x22];
/** The tokenizers library takes a merge's line that begins so for a comment. */
export const COMMENT = "#version";
const COMMENT_BYTES = new TextEncoder().encode(COMMENT);
const NONE: Finder = () => undefined;

/**
 * `{"token":id,...}` in {@link visitInKeyOrder}'s order.
 * @param nameOf the name of a word that is to be written under another
 */
export function writeVocabulary(out: JsonText, { words, ids }: Vocabulary, nameOf: Finder = NONE): void {
  let isFirst = true;
  out.raw("{");
  visitInKeyOrder(words, (at) => {
    if (!isFirst) out.byte(COMMA);
    isFirst = false;
    const name = nameOf(words.bytes, words.start(at), words.end(at));
    if (name === undefined) out.word(words, at);
    else out.raw(JSON.stringify(name));
    out.byte(COLON);
    out.integer(ids[at]!);
  });
  out.raw("}");
}

/** Goes through words in the order in which a JavaScript object has its keys: array indices go first, the least in front. */
export function visitInKeyOrder(words: Words, visit: (at: number) => void): void {
  const indices: { at: number; value: number }[] = [];
  for (let at = 0; at < words.length; at++) {
    const value = arrayIndex(words, at);
    if (value !== undefined) indices.push({ at, value });
  }
  indices.sort((a, b) => a.value - b.value);
  for (const { at } of indices) visit(at);
  const visited = new Set(indices.map(({ at }) => at));
  for (let at = 0; at < words.length; at++) if (!visited.has(at)) visit(at);
}

/** The number that a word is, where an object would take it for an array's index. */
function arrayIndex(words: Words, at: number): number | undefined {
  const start = words.start(at);
  const length = words.end(at) - start;
  if (length === 0 || length > 10) return undefined;
  let value = 0;
  for (let i = 0; i < length; i++) {
    const digit = words.bytes[start + i]! - 0x30;
    if (digit < 0 || digit > 9 || (i === 0 && digit === 0 && length > 1)) return undefined;
    value = 10 * value + digit;
  }
  return value < 2 ** 32 - 1 ? value : undefined;
}

/**
 * `[["a","b"],...]`; as lines it is `["a b",...]` where that says the same, which the tokenizers library reads in half the time
 * and half the room.
 * @param nameOf merges that make a word with a name are left out
 */
export function writeMerges(out: JsonText, merges: Merges, form: "lines" | "pairs", nameOf = NONE): void {
  const isLine = form === "lines" && fitLines(merges);
  let isFirst = true;
  out.raw("[");
  for (let at = 0; at < merges.length; at += 2) {
    if (nameOf(merges.bytes, merges.start(at), merges.end(at + 1)) !== undefined) continue;
    if (!isFirst) out.byte(COMMA);
    isFirst = false;
    out.byte(isLine ? QUOTE : OPEN);
    if (isLine) out.inner(merges, at);
    else out.word(merges, at);
    out.byte(isLine ? SPACE : COMMA);
    if (isLine) out.inner(merges, at + 1);
    else out.word(merges, at + 1);
    out.byte(isLine ? QUOTE : CLOSE);
  }
  out.raw("]");
}

/** True where lines say the same as pairs: no half has a space in it, and no line is a comment. */
function fitLines(merges: Merges): boolean {
  if (merges.bytes.includes(SPACE)) return false;
  for (let at = 0; at < merges.length; at += 2) if (isComment(merges.bytes, merges.start(at))) return false;
  return true;
}

/** True for a line, from `start` on, that is a comment. */
export function isComment(bytes: Uint8Array, start: number): boolean {
  for (let at = 0; at < COMMENT_BYTES.length; at++) if (bytes[start + at] !== COMMENT_BYTES[at]) return false;
  return true;
}

/** Looks texts up in a map of a few, without a string for each that is not among them. */
export function finderOf(values: ReadonlyMap<string, string>): Finder {
  const kind = (first: number, length: number) => 256 * length + first;
  const kinds = new Set(
    [...values.keys()]
      .map((text) => new TextEncoder().encode(text))
      .map((text) => kind(text[0] ?? 0, text.length)),
  );
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return (bytes, start, end) => {
    if (!kinds.has(kind(start < end ? bytes[start]! : 0, end - start))) return undefined;
    return values.get(decoder.decode(bytes.subarray(start, end)));
  };
}
