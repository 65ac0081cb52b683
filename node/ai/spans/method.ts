import { SPAN_MARKS } from "../../../native/js/spans.ts";
import { utf8ToBytes } from "../../base/bytes.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { keccakOf } from "../codec/hash.ts";
import { aiError } from "../errors.ts";
import { MOST_INFORMATION } from "../fusion/information.ts";

/** What a model commits of how it looks for spans: with the suffix array's roots it decides every span of every answer. */
export interface SpanMethod {
  /** Tokens, and sum of information, that a span needs. */
  leastLength: number;
  leastInformation: number;
  /** Spans with the largest information stay, of equal ones the earlier. */
  maxSpans: number;
  /** Occurrences that are listed of one span, and of all. */
  maxOccurrences: number;
  maxTotal: number;
  /** Whole bits of information of each token id, 1 to 15: informationTable of fusion. */
  information: Uint8Array;
  /** Bits of {@link BORDERS} for each token id: {@link borderTable}. */
  borders: Uint8Array;
}

/** What a token's bytes say of words: it begins one (or is no part of one), a span that reaches it ends with it. */
export const BORDERS = { beginsWord: 1, stops: 2 } as const;

const FORMAT = "openledger/spans/1";
const MAX_SPANS = 4_096;
const MAX_OCCURRENCES = 65_536;

/**
 * Words by bytes: a token begins a word unless its first byte is a letter, a digit or part of a character above ASCII; a full stop or a
 * line's end in it stops a span. @param pieces bytes of each token id; empty for tokens that are no text, which stand alone
 */
export function borderTable(pieces: Iterable<Uint8Array>): Uint8Array {
  return Uint8Array.from(pieces, (piece) => {
    if (piece.length === 0) return BORDERS.beginsWord | BORDERS.stops;
    const beginsWord = isWordByte(piece[0]!) ? 0 : BORDERS.beginsWord;
    const stops = piece.includes(0x2e) || piece.includes(0x0a) ? BORDERS.stops : 0;
    return beginsWord | stops;
  });
}

function isWordByte(byte: number): boolean {
  const isDigit = byte >= 0x30 && byte <= 0x39;
  const isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
  return isDigit || isLetter || byte >= 0x80;
}

/** Marks of an answer's tokens: a span begins at the answer's start or where a word does, and ends at its end or before the next word. */
export function marksOf(method: SpanMethod, answer: Uint32Array): Uint8Array {
  const bordersAt = (i: number) => method.borders[answer[i]!] ?? BORDERS.beginsWord | BORDERS.stops;
  return Uint8Array.from(answer, (_, i) => {
    const mayBegin = i === 0 || bordersAt(i) & BORDERS.beginsWord ? SPAN_MARKS.mayBegin : 0;
    const isLast = i === answer.length - 1;
    const mayEnd = isLast || bordersAt(i + 1) & BORDERS.beginsWord ? SPAN_MARKS.mayEnd : 0;
    // What stops a span may end it too: "Mr.Smith" is no word that goes on.
    const stops = bordersAt(i) & BORDERS.stops ? SPAN_MARKS.stops | SPAN_MARKS.mayEnd : 0;
    return mayBegin | mayEnd | stops;
  });
}

/** Information of each token of an answer; an id that the method does not know has the most. */
export function informationOf(method: SpanMethod, answer: Uint32Array): Uint8Array {
  return Uint8Array.from(answer, (token) => method.information[token] ?? MOST_INFORMATION);
}

/** @throws CodedError `METHOD_INVALID` unless the method keeps its bounds. */
export function checkSpanMethod(method: SpanMethod): void {
  const whole = (value: number, least: number, most: number) =>
    Number.isInteger(value) && value >= least && value <= most;
  const isRight =
    whole(method.leastLength, 1, 2 ** 32 - 1) &&
    whole(method.leastInformation, 0, 2 ** 32 - 1) &&
    whole(method.maxSpans, 1, MAX_SPANS) &&
    whole(method.maxOccurrences, 0, MAX_OCCURRENCES) &&
    whole(method.maxTotal, 0, MAX_OCCURRENCES) &&
    method.information.length === method.borders.length &&
    method.information.every((bits) => bits >= 1 && bits <= MOST_INFORMATION) &&
    method.borders.every((bits) => bits <= 3);
  if (isRight) return;
  throw aiError("METHOD_INVALID", {
    message: "the span method has a number or a table outside its bounds",
    fix: `spans 1 to ${MAX_SPANS}, occurrences up to ${MAX_OCCURRENCES}, information 1 to ${MOST_INFORMATION}, tables of one length`,
  });
}

/** keccak256 of the format's name, five numbers and the length of the tables as u32, then both tables. */
export function spanMethodHash(method: SpanMethod): Hash {
  checkSpanMethod(method);
  const numbers = new DataView(new ArrayBuffer(24));
  const { leastLength, leastInformation, maxSpans, maxOccurrences, maxTotal, information, borders } = method;
  [leastLength, leastInformation, maxSpans, maxOccurrences, maxTotal, information.length].forEach(
    (value, i) => {
      numbers.setUint32(4 * i, value);
    },
  );
  return keccakOf(utf8ToBytes(FORMAT), new Uint8Array(numbers.buffer), information, borders);
}
