import { z } from "zod";
import { utf8ToBytes } from "../../base/bytes.ts";
import { aiError } from "../errors.ts";

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

/**
 * The bytes that each token id stands for, as a tokenizer.json says: byte-level BPE, or BPE of characters with "▁" for a space and
 * "<0xHH>" for single bytes. Special tokens and ids without a token have none.
 * @throws CodedError `TOKENIZER_INVALID`, `TOKENIZER_UNSUPPORTED` for any other kind
 */
export function tokenPieces(tokenizerJson: unknown): Uint8Array[] {
  const parsed = tokenizerSchema.safeParse(tokenizerJson);
  if (!parsed.success) {
    throw aiError("TOKENIZER_INVALID", {
      message: `tokenizer.json: ${parsed.error.issues[0]?.message ?? "not a BPE tokenizer"}`,
      fix: "use a byte-level or byte-fallback BPE tokenizer",
    });
  }
  const { model, decoder, added_tokens: added } = parsed.data;
  const bytesOf = readerOf(decoder ?? undefined);
  const limit = Math.max(
    0,
    ...[...Object.values(model.vocab), ...added.map((token) => token.id)].map((one) => one + 1),
  );
  const pieces = new Array<Uint8Array>(limit).fill(new Uint8Array(0));
  for (const [text, at] of Object.entries(model.vocab)) pieces[at] = bytesOf(text);
  for (const token of added)
    pieces[token.id] = token.special ? new Uint8Array(0) : utf8ToBytes(token.content);
  return pieces;
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

/** UTF-16 units of the text at each border between tokens. */
export interface TextBorders {
  /** Where a span that begins at token i begins: a character that was begun before i belongs to it too. */
  starts: Uint32Array;
  /** Where a span that ends before token i ends: a character that goes on in i belongs to it too. */
  ends: Uint32Array;
}

/**
 * Borders of `tokens` in the text that their bytes decode to (bytes that are no UTF-8 count as U+FFFD, as TextDecoder has it); both lists
 * are one longer than the tokens.
 */
export function textBorders(pieces: readonly Uint8Array[], tokens: Uint32Array): TextBorders {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const starts = new Uint32Array(tokens.length + 1);
  const ends = new Uint32Array(tokens.length + 1);
  let units = 0;
  // Bytes of a character that is not finished yet, and the borders inside it.
  let begun: number[] = [];
  let inside: number[] = [];
  const grow = (by: number, ofFirst: number) => {
    if (by === 0) return;
    for (const border of inside) ends[border] = units + ofFirst;
    inside = [];
    units += by;
  };
  for (let i = 0; i < tokens.length; i++) {
    for (const byte of pieces[tokens[i]!] ?? []) {
      const by = decoder.decode(Uint8Array.of(byte), { stream: true }).length;
      // Only four bytes that belong together make two units; else two are a U+FFFD for what was begun, and this byte.
      grow(by, begun.length === 3 && byte >= 0x80 ? by : 1);
      if (by === 0) begun.push(byte);
      else begun = isLead(byte) ? [byte] : [];
    }
    starts[i + 1] = units;
    ends[i + 1] = units;
    if (begun.length > 0) inside.push(i + 1);
  }
  grow(decoder.decode().length, 1);
  return { starts, ends };
}

/** Whether a byte begins a character of several bytes; right after a character was given out, it has begun one. */
function isLead(byte: number): boolean {
  return byte >= 0xc2 && byte <= 0xf4;
}
