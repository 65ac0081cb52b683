import { FULL_GAIN, keyOf } from "../../../precompiles/influence-verifier/rule.ts";
import { type Completions, eachMatch } from "./completions.ts";
import { informationSums } from "./information.ts";

/**
 * Spans choose, influence decides: how much of a row's influence counts, by how much of the answer's verbatim spans the row holds. In
 * whole numbers and from public data alone. Every number here stays below 2^53, so that it is exact.
 */
export const FUSION_RULE = "openledger/fusion/1";

/** Spans of a cover. */
export const MAX_COVER = 4;
/** Bits of information that count as an informative answer's. */
const FULL_INFORMATION = 32;
/** A row that holds 9 tenths of a span holds it, one that holds 8 tenths or less does not; in between it holds it in part. */
const HELD_TENTHS = 10;
const MISSED_TENTHS = 8;

/** A stretch of the answer that stands in a completion word for word. */
export interface CoverSpan {
  /** Tokens of the answer; `end` is exclusive. */
  start: number;
  end: number;
  /** I, whole bits. */
  information: number;
  /** c, what it counts: all of its information, less where it is a small part of the answer. */
  weight: number;
  /** The first place where it stands: the row, and the token of its completion. */
  rowId: number;
  offset: number;
}

/** The largest part of a span that a row holds. */
export interface HeldPart {
  /** Which span of the cover. */
  span: number;
  /** Tokens of the answer; `end` is exclusive. */
  start: number;
  end: number;
  /** Token of the row's completion at which it begins. */
  offset: number;
  /** x, whole bits. */
  information: number;
  /** r, 1 to 16: sixteenths of the span that it stands for. */
  factor: number;
}

/** What an answer has word for word in common with the rows. */
export interface Cover {
  /** I of the whole answer, whole bits. */
  information: number;
  /** In the order in which they were taken: the largest first. */
  spans: CoverSpan[];
  /** U: the part of the answer's information that is left to influence alone. */
  free: number;
  /** By row id, of the rows that hold a part that counts, in their order. */
  held: ReadonlyMap<number, readonly HeldPart[]>;
}

/**
 * The cover of an answer: at most {@link MAX_COVER} times the stretch of tokens not covered yet that has the largest information of all
 * that occur in one completion; of equal ones the earlier, then the shorter. It ends where a stretch would count nothing.
 * @param answer tokens of the answer's text, encoded as a completion is.
 * @throws CodedError `ANSWER_TOO_LONG` before any work
 */
export function coverOf(answer: Uint32Array, completions: Completions): Cover {
  const sums = informationSums(completions.information, answer);
  const information = sums[answer.length]!;
  const longest = new Uint32Array(answer.length);
  eachMatch(answer, completions, ({ start, length }) => {
    if (length > longest[start]!) longest[start] = length;
  });
  const spans: CoverSpan[] = [];
  const isCovered = new Uint8Array(answer.length);
  while (spans.length < MAX_COVER) {
    const found = largest(longest, isCovered, sums);
    if (found === undefined) break;
    const bits = sums[found.end]! - sums[found.start]!;
    const weight = weightOf(bits, information);
    if (weight === 0) break;
    isCovered.fill(1, found.start, found.end);
    spans.push({ ...found, information: bits, weight, rowId: 0, offset: 0 });
  }
  const held = placeSpans(answer, completions, sums, spans);
  return { information, spans, free: freeOf(information, spans), held };
}

/** c: what counts of a stretch's bits, in an answer of `information`. */
export function weightOf(bits: number, information: number): number {
  return clamp(2 * bits - Math.min(information, FULL_INFORMATION), 0, bits);
}

/** U: what no span counts of, as far as it is more than half of the answer's information, twice. */
export function freeOf(information: number, spans: readonly Pick<CoverSpan, "weight">[]): number {
  const counted = spans.reduce((sum, { weight }) => sum + weight, 0);
  return Math.max(0, 2 * (information - counted) - information);
}

/** The stretch with the largest information; undefined where no token is left that occurs. */
function largest(
  longest: Uint32Array,
  isCovered: Uint8Array,
  sums: Uint32Array,
): { start: number; end: number } | undefined {
  let best: { start: number; end: number } | undefined;
  let most = 0;
  let next = longest.length;
  // From the end, so that the next covered token is known; of equal ones the earlier comes last and wins.
  for (let start = longest.length - 1; start >= 0; start--) {
    if (isCovered[start]) {
      next = start;
      continue;
    }
    const end = Math.min(start + longest[start]!, next);
    const bits = sums[end]! - sums[start]!;
    if (bits > 0 && bits >= most) {
      most = bits;
      best = { start, end };
    }
  }
  return best;
}

/** Names the first place of each span, and gives the parts of them that the rows hold. */
function placeSpans(
  answer: Uint32Array,
  completions: Completions,
  sums: Uint32Array,
  spans: CoverSpan[],
): Cover["held"] {
  const spanOf = new Int8Array(answer.length).fill(-1);
  for (const [i, { start, end }] of spans.entries()) spanOf.fill(i, start, end);
  const placed = new Int32Array(spans.length).fill(-1);
  const held = new Map<number, HeldPart[]>();
  if (spans.length === 0) return held;
  eachMatch(answer, completions, ({ completion, start, length, offset }) => {
    const which = spanOf[start]!;
    if (which < 0) return;
    const span = spans[which]!;
    const end = Math.min(start + length, span.end);
    const isWhole = start === span.start && end === span.end;
    if (isWhole && (placed[which] === -1 || placed[which] === completion)) {
      placed[which] = completion;
      span.rowId = completions.rows[completion]!;
      span.offset = offset;
    }
    const information = sums[end]! - sums[start]!;
    const factor = factorOf(information, span.information);
    if (factor === 0) return;
    const part = { span: which, start, end, offset, information, factor };
    keepBest(held, completions.rows[completion]!, part);
  });
  for (const parts of held.values()) parts.sort((a, b) => a.span - b.span);
  return held;
}

/** Of a row's parts of one span the largest stays, of equal ones the earlier in the answer, then the earlier in the completion. */
function keepBest(held: Map<number, HeldPart[]>, rowId: number, part: HeldPart): void {
  const parts = held.get(rowId) ?? [];
  const at = parts.findIndex(({ span }) => span === part.span);
  const known = parts[at];
  if (known === undefined) held.set(rowId, [...parts, part]);
  else if (isBetter(part, known)) parts[at] = part;
}

function isBetter(part: HeldPart, known: HeldPart): boolean {
  if (part.information !== known.information) return part.information > known.information;
  if (part.start !== known.start) return part.start < known.start;
  return part.offset < known.offset;
}

/** r = clamp(floor(16 (10 x - 8 I) / I), 0, 16), for `held` bits of a span of `whole`. */
export function factorOf(held: number, whole: number): number {
  return clamp(Math.floor((FULL_GAIN * (HELD_TENTHS * held - MISSED_TENTHS * whole)) / whole), 0, FULL_GAIN);
}

/** As much of a cover as gains follow from. */
export interface GainTerms extends Pick<Cover, "information" | "free"> {
  spans: readonly Pick<CoverSpan, "weight">[];
  held: ReadonlyMap<number, readonly Pick<HeldPart, "span" | "factor">[]>;
}

/**
 * G, sixteenths of a row's influence that count: floor((16 U + H) / I), where H sums the spans that the row holds by what they count. An
 * answer without information leaves all to influence. A row that moved the model away from the answer and holds nothing of it has 0.
 */
export function gainOf({ information, spans, free, held }: GainTerms, rowId: number, score: bigint): number {
  const sum = heldSum(spans, held.get(rowId));
  if (score <= 0n && sum === 0) return 0;
  if (information === 0) return FULL_GAIN;
  return Math.floor((FULL_GAIN * free + sum) / information);
}

/** H: what the parts of spans count, in sixteenths of bits. */
export function heldSum(
  spans: readonly Pick<CoverSpan, "weight">[],
  parts: readonly Pick<HeldPart, "span" | "factor">[] = [],
): number {
  return parts.reduce((sum, { span, factor }) => sum + (spans[span]?.weight ?? 0) * factor, 0);
}

/** F, by which rows are listed and weighed: influence, or 1 for a row of none that holds a span, times the gain; below 2^62. */
export function fusedKey(score: bigint, gain: number): bigint {
  return keyOf(score, gain, true);
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
