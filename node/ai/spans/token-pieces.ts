import { z } from "zod";
import { utf8ToBytes } from "../../base/bytes.ts";
import { aiError } from "../errors.ts";
import type { TokenizerJson } from "../model/tokenizer-json.ts";
import { type Vocabulary, visitInKeyOrder } from "../model/vocabulary.ts";
import { WordsBuilder } from "../model/words.ts";

const MAX_IDS = 2 ** 22;
const decoderSchema: z.ZodType<Decoder> = z.lazy(() =>
  z.looseObject({ type: z.string(), decoders: z.array(decoderSchema).max(16).optional() }),
);
interface Decoder {
  type: string;
  decoders?: Decoder[] | undefined;
}
const id = z
  .number()
  .int()
  .min(0)
  .max(MAX_IDS - 1);
const tokenizerSchema = z.looseObject({
  model: z.looseObject({ type: z.literal("BPE"), vocab: z.record(z.string(), id) }),
  decoder: decoderSchema.nullish(),
  added_tokens: z.array(z.looseObject({ id, content: z.string(), special: z.boolean() })).default([]),
});
const NOTHING = new Uint8Array(0);

/** The bytes that each token id stands for, in one piece of memory: an array of them would take forty times as much. */
export class TokenPieces {
  /** One more than the largest id. */
  readonly length: number;
  private readonly bytes: Uint8Array;
  private readonly starts: Uint32Array;
  private readonly lengths: Uint32Array;
  private size = 0;

  /** @param bytes most of all tokens together */
  constructor(length: number, bytes: number) {
    this.length = length;
    this.bytes = new Uint8Array(bytes);
    this.starts = new Uint32Array(length);
    this.lengths = new Uint32Array(length);
  }

  set(id: number, piece: Uint8Array): void {
    this.bytes.set(piece, this.size);
    this.starts[id] = this.size;
    this.lengths[id] = piece.length;
    this.size += piece.length;
  }

  /** None for special tokens and ids without a token. */
  of(id: number): Uint8Array {
    if (id < 0 || id >= this.length) return NOTHING;
    const start = this.starts[id]!;
    return this.bytes.subarray(start, start + this.lengths[id]!);
  }

  *[Symbol.iterator](): Generator<Uint8Array> {
    for (let id = 0; id < this.length; id++) yield this.of(id);
  }
}

/**
 * The bytes that each token id stands for, as a tokenizer.json says: byte-level BPE, or BPE of characters with "▁" for a space and
 * "<0xHH>" for single bytes. Special tokens and ids without a token have none.
 * @throws CodedError `TOKENIZER_INVALID`, `TOKENIZER_UNSUPPORTED` for any other kind
 */
export function tokenPieces(tokenizer: Pick<TokenizerJson, "json" | "vocabulary">): TokenPieces {
  const parsed = tokenizerSchema.safeParse(tokenizer.json);
  if (!parsed.success) throw invalid(parsed.error.issues[0]?.message ?? "not a BPE tokenizer");
  const { model, decoder, added_tokens: added } = parsed.data;
  const bytesOf = readerOf(decoder ?? undefined);
  const { words, ids } = tokenizer.vocabulary ?? vocabularyOf(model.vocab);
  let limit = 0;
  for (const one of ids) limit = Math.max(limit, one + 1);
  if (limit > MAX_IDS) throw invalid(`the id ${limit - 1} is too large`);
  let size = words.bytes.length;
  for (const token of added) {
    limit = Math.max(limit, token.id + 1);
    size += utf8ToBytes(token.content).length;
  }
  const pieces = new TokenPieces(limit, size);
  visitInKeyOrder(words, (at) => pieces.set(ids[at]!, bytesOf(words.text(at)!)));
  for (const token of added) pieces.set(token.id, token.special ? NOTHING : utf8ToBytes(token.content));
  return pieces;
}

function vocabularyOf(vocab: Readonly<Record<string, number>>): Vocabulary {
  const keys = Object.keys(vocab);
  const words = new WordsBuilder(8 * keys.length, keys.length);
  for (const bytes of keys.map(utf8ToBytes)) words.push(bytes, 0, bytes.length);
  return { words: words.build(), ids: Uint32Array.from(keys, (key) => vocab[key]!) };
}

function invalid(what: string) {
  return aiError("TOKENIZER_INVALID", {
    message: `tokenizer.json: ${what}`,
    fix: "use a byte-level or byte-fallback BPE tokenizer",
  });
}

function readerOf(decoder: Decoder | undefined): (text: string) => Uint8Array {
  const types = decoder === undefined ? [] : [decoder, ...(decoder.decoders ?? [])].map(({ type }) => type);
  if (types.includes("ByteLevel")) return byteLevel;
  if (types.includes("ByteFallback")) return byteFallback;
  throw aiError("TOKENIZER_UNSUPPORTED", {
    message: `tokenizer.json: the decoder is ${types.join(", ") || "missing"}`,
    fix: "use a tokenizer with a ByteLevel or ByteFallback decoder: others do not say which bytes a token is",
  });
}

/** GPT-2's printable stand-ins: a byte that prints is its own character, the others are the characters from U+0100 on, in order. */
const STAND_INS: ReadonlyMap<number, number> = new Map(
  [...Array(256).keys()]
    .sort((a, b) => Number(!isPrintable(a)) - Number(!isPrintable(b)) || a - b)
    .map((byte, i) => [isPrintable(byte) ? byte : 256 + i - 188, byte]),
);

function isPrintable(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

function byteLevel(text: string): Uint8Array {
  const bytes = [...text].map((character) => STAND_INS.get(character.codePointAt(0)!));
  // A token outside the stand-ins was added as plain text.
  return bytes.includes(undefined) ? utf8ToBytes(text) : Uint8Array.from(bytes as number[]);
}

function byteFallback(text: string): Uint8Array {
  const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(text)?.[1];
  return byte === undefined
    ? utf8ToBytes(text.replaceAll("\u2581", " "))
    : Uint8Array.of(Number.parseInt(byte, 16));
}
