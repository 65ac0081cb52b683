import { isUtf8 } from "node:buffer";
import { joinBytes } from "../../base/bytes.ts";
import { type ModelFiles, parseJson, requireFile } from "./files.ts";
import { JsonScanner } from "./json-scanner.ts";
import { isComment, type Merges, type Vocabulary } from "./vocabulary.ts";
import { WordsBuilder } from "./words.ts";

const [QUOTE, COMMA, COLON, SPACE] = [0x22, 0x2c, 0x3a, 0x20];
const [OPEN_LIST, CLOSE_LIST, OPEN, CLOSE] = [0x5b, 0x5d, 0x7b, 0x7d];

/** A tokenizer.json in parts: what is small as it stands, the words of a BPE model apart. */
export interface TokenizerJson {
  /** The file, with an empty `model.vocab` and `model.merges` where they are below. */
  json: unknown;
  /** `model.vocab`, where it is an object of ids. */
  vocabulary: Vocabulary | undefined;
  /** `model.merges`, where they are pairs or lines. */
  merges: Merges | undefined;
}

/** Bytes of JSON that a word takes: a guess. */
const JSON_A_WORD = 8;

interface Place {
  from: number;
  to: number;
}

/**
 * Reads tokenizer.json without an object or a string for each of its words. Words in another form than BPE's stay where they
 * are, as `JSON.parse` gives them.
 * @throws CodedError `MODEL_FILE_MISSING`; `MODEL_FILE_INVALID` for what is no JSON or has one key twice in an object.
 */
export function readTokenizerJson(files: ModelFiles): TokenizerJson {
  const name = "tokenizer.json";
  const bytes = requireFile(files, name);
  const places = placesOf(new JsonScanner(bytes));
  const vocab = places.get("vocab");
  const merges = places.get("merges");
  const found: { at: Place; empty: string }[] = [];
  const said = {
    vocabulary: vocab && read(bytes, vocab, vocabularyOf),
    merges: merges && read(bytes, merges, mergesOf),
  };
  if (vocab && said.vocabulary) found.push({ at: vocab, empty: "{}" });
  if (merges && said.merges) found.push({ at: merges, empty: "[]" });
  return { json: parseJson(name, without(bytes, found)), ...said };
}

/** The bytes with something shorter at some places. */
function without(bytes: Uint8Array, places: { at: Place; empty: string }[]): Uint8Array {
  places.sort((a, b) => a.at.from - b.at.from);
  const parts: Uint8Array[] = [];
  let done = 0;
  for (const { at, empty } of places) {
    parts.push(bytes.subarray(done, at.from), new TextEncoder().encode(empty));
    done = at.to;
  }
  return joinBytes([...parts, bytes.subarray(done)]);
}

/** The places of the model's values by their keys; none where the text is not an object that has one model, with no key twice. */
function placesOf(scanner: JsonScanner): ReadonlyMap<string, Place> {
  let places: Map<string, Place> | undefined;
  const isWhole = scanner.entries((key) => {
    if (key !== "model" || scanner.next() !== OPEN) return scanner.skipValue();
    if (places !== undefined) return false;
    const inner = new Map<string, Place>();
    places = inner;
    return scanner.entries((part) => {
      const from = scanner.at;
      if (inner.has(part) || !scanner.skipValue()) return false;
      inner.set(part, { from, to: scanner.at });
      return true;
    });
  });
  return (isWhole && places) || new Map();
}

/** What the value at a place says, if all of it is of that form. */
function read<T>(
  bytes: Uint8Array,
  { from, to }: Place,
  form: (scanner: JsonScanner, words: WordsBuilder) => T | undefined,
) {
  const value = bytes.subarray(from, to);
  if (!isUtf8(value)) return undefined;
  const scanner = new JsonScanner(value);
  const said = form(scanner, new WordsBuilder(value.length >> 1, Math.ceil(value.length / JSON_A_WORD)));
  return scanner.at === value.length ? said : undefined;
}

/** An object of ids, no key twice. */
function vocabularyOf(scanner: JsonScanner, words: WordsBuilder): Vocabulary | undefined {
  let ids = new Uint32Array(1 << 10);
  const isWhole = scanner.items(OPEN, CLOSE, () => {
    if (words.length === ids.length) {
      const more = new Uint32Array(2 * ids.length);
      more.set(ids);
      ids = more;
    }
    const at = words.length;
    if (!scanner.string()) return false;
    words.push(scanner.source, scanner.from, scanner.to);
    const id = scanner.byte(COLON) ? scanner.integer() : undefined;
    if (id === undefined) return false;
    ids[at] = id;
    return true;
  });
  if (!isWhole) return undefined;
  const built = words.build();
  return built.hasTwice() ? undefined : { words: built, ids: ids.subarray(0, built.length) };
}

/** A list of pairs, or of lines with one space each. */
function mergesOf(scanner: JsonScanner, words: WordsBuilder): Merges | undefined {
  const half = () => {
    if (!scanner.string()) return false;
    words.push(scanner.source, scanner.from, scanner.to);
    return true;
  };
  const isWhole = scanner.items(OPEN_LIST, CLOSE_LIST, () => {
    if (scanner.next() === QUOTE) return scanner.string() && pushHalves(words, scanner);
    return scanner.byte(OPEN_LIST) && half() && scanner.byte(COMMA) && half() && scanner.byte(CLOSE_LIST);
  });
  return isWhole ? words.build() : undefined;
}

/** Both sides of the one space of a line that is no comment. */
function pushHalves(words: WordsBuilder, { source, from, to }: JsonScanner): boolean {
  const space = source.indexOf(SPACE, from);
  const more = source.indexOf(SPACE, space + 1);
  if (space < from || space >= to || (more >= 0 && more < to) || isComment(source, from)) return false;
  words.push(source, from, space);
  words.push(source, space + 1, to);
  return true;
}
