import { aiError } from "../errors.ts";
import type { Completions } from "./completions.ts";
import { MOST_INFORMATION } from "./information.ts";
import { type Cover, factorOf, freeOf, type GainTerms, MAX_COVER, weightOf } from "./rule.ts";

/**
 * What a claim says of an answer's verbatim spans, in bytes: the contract Covers reads the same. Big endian: count u16, for each token
 * (id + 1) << 4 | bits as u32; spans u8, each start u16, end u16, position u32, document u32; for each listed row parts u8, each span u8
 * and the same four.
 */

/** Tokens of an answer that a cover has. */
export const MAX_COVER_TOKENS = 4_096;
const SPAN_BYTES = 12;
const PART_BYTES = 13;

/** A stretch of the answer, and where it is said to stand. */
export interface ClaimedPlace {
  /** Tokens of the answer; `end` is exclusive. */
  start: number;
  end: number;
  /** Of its first token in the text of all documents, where each is followed by an end (spans/index-folder.ts). */
  position: number;
  /** Which document: a completion by its place among those that take part. */
  document: number;
}

/** What a listed row is said to hold of a span. */
export interface ClaimedPart extends ClaimedPlace {
  span: number;
}

export interface ClaimedCover {
  tokens: Uint32Array;
  /** Information of each, 1 to 15. */
  bits: Uint8Array;
  spans: ClaimedPlace[];
  /** By the row's place in the list; at most one of each span, in their order. */
  parts: ClaimedPart[][];
}

/**
 * The claim that is true of an answer's cover.
 * @param rowIds listed rows, in the list's order.
 * @throws CodedError `ANSWER_TOO_LONG` above {@link MAX_COVER_TOKENS} tokens
 */
export function claimedCover(
  answer: Uint32Array,
  completions: Completions,
  cover: Cover,
  rowIds: readonly number[],
): ClaimedCover {
  if (answer.length > MAX_COVER_TOKENS) {
    throw aiError("ANSWER_TOO_LONG", {
      message: `an answer of ${answer.length} tokens is longer than a claim's cover`,
      fix: `ask a model with spans for at most ${MAX_COVER_TOKENS} tokens`,
      facts: { answer: answer.length, limit: MAX_COVER_TOKENS },
    });
  }
  const documentOf = new Map([...completions.rows].map((rowId, document) => [rowId, document]));
  const placed = ({ start, end, offset }: { start: number; end: number; offset: number }, rowId: number) => {
    const document = documentOf.get(rowId)!;
    return { start, end, position: documentStart(completions, document) + offset, document };
  };
  return {
    tokens: answer,
    bits: Uint8Array.from(answer, (token) => bitsOf(completions, token)),
    spans: cover.spans.map((span) => placed(span, span.rowId)),
    parts: rowIds.map((rowId) =>
      (cover.held.get(rowId) ?? []).map((part) => ({ span: part.span, ...placed(part, rowId) })),
    ),
  };
}

/** Position of a completion's first token in the text of all documents. */
export function documentStart({ ends }: Completions, document: number): number {
  return (document === 0 ? 0 : ends[document - 1]!) + document;
}

/** Committed bits of a token id; one that the table has not has the most. */
export function bitsOf({ information }: Pick<Completions, "information">, token: number): number {
  return information[token] ?? MOST_INFORMATION;
}

export function encodeCover({ tokens, bits, spans, parts }: ClaimedCover): Uint8Array {
  const partCount = parts.reduce((sum, ofRow) => sum + ofRow.length, 0);
  const size = 2 + 4 * tokens.length + 1 + SPAN_BYTES * spans.length + parts.length + PART_BYTES * partCount;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, tokens.length);
  for (const [i, token] of tokens.entries()) view.setUint32(2 + 4 * i, (token + 1) * 16 + bits[i]!);
  let at = 2 + 4 * tokens.length;
  const put = ({ start, end, position, document }: ClaimedPlace) => {
    view.setUint16(at, start);
    view.setUint16(at + 2, end);
    view.setUint32(at + 4, position);
    view.setUint32(at + 8, document);
    at += SPAN_BYTES;
  };
  view.setUint8(at++, spans.length);
  for (const span of spans) put(span);
  for (const ofRow of parts) {
    view.setUint8(at++, ofRow.length);
    for (const part of ofRow) {
      view.setUint8(at++, part.span);
      put(part);
    }
  }
  return bytes;
}

/**
 * Reads what a stranger claimed.
 * @param rows rows of its list.
 * @returns undefined where the contract would find no right form: lengths, bits or symbols of 0, spans that overlap or count nothing,
 * parts that are none.
 */
export function decodeCover(bytes: Uint8Array, rows: number): ClaimedCover | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 2) return undefined;
  const count = view.getUint16(0);
  let at = 2 + 4 * count;
  if (count > MAX_COVER_TOKENS || bytes.length < at + 1) return undefined;
  const words = Array.from({ length: count }, (_, i) => view.getUint32(2 + 4 * i));
  if (words.some((word) => word < 16 || word % 16 === 0)) return undefined;
  const tokens = Uint32Array.from(words, (word) => Math.floor(word / 16) - 1);
  const bits = Uint8Array.from(words, (word) => word % 16);
  const hasRoom = (entries: number, size: number) =>
    entries <= MAX_COVER && bytes.length >= at + entries * size;
  const take = (): ClaimedPlace => {
    at += SPAN_BYTES;
    const from = at - SPAN_BYTES;
    const [start, end] = [view.getUint16(from), view.getUint16(from + 2)];
    return { start, end, position: view.getUint32(from + 4), document: view.getUint32(from + 8) };
  };
  const spanCount = view.getUint8(at++);
  if (!hasRoom(spanCount, SPAN_BYTES)) return undefined;
  const spans = Array.from({ length: spanCount }, take);
  const parts: ClaimedPart[][] = [];
  for (let row = 0; row < rows; row++) {
    if (bytes.length < at + 1) return undefined;
    const partCount = view.getUint8(at++);
    if (!hasRoom(partCount, PART_BYTES)) return undefined;
    parts.push(Array.from({ length: partCount }, () => ({ span: view.getUint8(at++), ...take() })));
  }
  const cover = { tokens, bits, spans, parts };
  return at === bytes.length && isInForm(cover) ? cover : undefined;
}

/** Bits of the answer up to each token. */
export function sumsOf({ bits }: Pick<ClaimedCover, "bits">): Uint32Array {
  const sums = new Uint32Array(bits.length + 1);
  for (const [i, each] of bits.entries()) sums[i + 1] = sums[i]! + each;
  return sums;
}

/** What gains follow from by what the claim says; `held` is by the row's place in the list. */
export function claimedTerms(cover: ClaimedCover): GainTerms {
  const sums = sumsOf(cover);
  const bitsIn = ({ start, end }: ClaimedPlace) => sums[end]! - sums[start]!;
  const information = sums[cover.tokens.length]!;
  const spans = cover.spans.map((span) => ({ weight: weightOf(bitsIn(span), information) }));
  const held = cover.parts.map((parts) =>
    parts.map((part) => ({
      span: part.span,
      factor: factorOf(bitsIn(part), bitsIn(cover.spans[part.span]!)),
    })),
  );
  return { information, spans, free: freeOf(information, spans), held: new Map(held.entries()) };
}

function isInForm(cover: ClaimedCover): boolean {
  const { tokens, spans, parts } = cover;
  const isApart = (a: ClaimedPlace, b: ClaimedPlace) => a.end <= b.start || b.end <= a.start;
  const isRight =
    spans.every(
      (span, i) =>
        span.start < span.end &&
        span.end <= tokens.length &&
        spans.slice(0, i).every((other) => isApart(span, other)),
    ) && parts.every((ofRow) => ofRow.every((part, i) => isPart(part, spans, ofRow[i - 1])));
  if (!isRight) return false;
  const terms = claimedTerms(cover);
  return (
    terms.spans.every(({ weight }) => weight > 0) &&
    [...terms.held.values()].every((ofRow) => ofRow.every(({ factor }) => factor > 0))
  );
}

function isPart(part: ClaimedPart, spans: readonly ClaimedPlace[], before: ClaimedPart | undefined): boolean {
  const span = spans[part.span];
  if (span === undefined || (before !== undefined && part.span <= before.span)) return false;
  return part.start < part.end && part.start >= span.start && part.end <= span.end;
}
