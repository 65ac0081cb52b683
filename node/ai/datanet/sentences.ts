import { isAbbreviation } from "./abbreviations.ts";

/** The rules of UAX #29; the language is fixed, so that no setting of the machine changes them. */
const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });

const CLOSERS = "\"'”’»)]}」』）】》〉";
const OPENERS = "\"'“‘«([{「『（【《〈¿¡";
/** Written with the next sentence following at once. */
const CJK =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\u3000-\u303f\uff00-\uffef]/u;
const MARK = /[.!?…\p{Sentence_Terminal}]/u;
/** Marks of scripts that put no blank after them. */
const WIDE_MARK = /[。！？｡．\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}]/u;
const OWN_ENDS = /[.!?…]["'”’»)\]}]* |[。！？｡…][」』”’》〉）】)\]]*(?=[^」』”’》〉）】)\]。！？｡…])/gu;
/** What continues a sentence after a quotation in Japanese. */
const PARTICLE = /^(?:[とのをにはがもへで、，,]|って|など|から|まで|より|や)/u;
/** How far a mark's surroundings are looked at. */
const WINDOW = 48;
/** Characters given to the segmenter at once: its time grows with the square of them. */
const STRETCH = 1024;
/** Longest quotation that is kept in one piece. */
const MAX_QUOTE = 400;

/**
 * Sentences of one paragraph, trimmed, in order. Unicode's rules propose the ends (`Intl.Segmenter`), and so does every mark
 * before white space; an end is refused after an abbreviation or initial, before a small letter, without the blank that the
 * script needs, and inside a quotation in corner brackets. Text without letters or digits is left out.
 *
 * Rows are committed as text, not as files: another Node may propose other ends for a new document, but nobody ever cuts a
 * committed one again.
 */
export function splitSentences(paragraph: string): string[] {
  const text = joinLines(paragraph);
  const quotes = quotations(text);
  const sentences: string[] = [];
  let start = 0;
  let quote = 0;
  for (const end of proposedEnds(text)) {
    while (quote < quotes.length && quotes[quote]!.end < end) quote++;
    const inQuote = quote < quotes.length && quotes[quote]!.start < end;
    if (inQuote || end <= start || !endsAt(text, start, end)) continue;
    sentences.push(text.slice(start, end).trim());
    start = end;
  }
  sentences.push(text.slice(start).trim());
  return sentences.filter((sentence) => /[\p{L}\p{N}]/u.test(sentence));
}

/** Lines joined by a blank, or by nothing between two characters of Chinese or Japanese. */
function joinLines(paragraph: string): string {
  const joined: string[] = [];
  let last: string | undefined;
  for (const line of paragraph.split("\n").map((text) => text.trim())) {
    if (line === "") continue;
    if (last !== undefined && !(CJK.test(last) && CJK.test(line[0]!))) joined.push(" ");
    joined.push(line);
    last = line.at(-1);
  }
  return joined.join("").replace(/\s+/gu, " ");
}

/** Where a sentence may begin, in rising order. */
function proposedEnds(text: string): number[] {
  const ends = new Set<number>();
  for (let from = 0; from < text.length; ) {
    const stretch = text.slice(from, from + STRETCH);
    let last = 0;
    for (const { index } of segmenter.segment(stretch)) {
      if (index > 0) ends.add(from + index);
      last = index;
    }
    from += from + stretch.length < text.length ? Math.max(last, STRETCH / 2) : stretch.length;
  }
  // Before a number or after an ellipsis Unicode's rules see no end; before an opening quote they see it one too late.
  for (const { index, 0: match } of text.matchAll(OWN_ENDS)) ends.add(index + match.length);
  return [...ends].sort((a, b) => a - b);
}

function endsAt(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(start, end - WINDOW), end);
  const left = before.trimEnd();
  const closed = left.length - countAtEnd(left, CLOSERS);
  const mark = left[closed - 1] ?? "";
  if (!MARK.test(mark) || "“‘«([{「『（【《〈¿¡".includes(left.at(-1)!)) return false;
  const next = text.slice(end, end + WINDOW);
  const hasBlank = left.length < before.length;
  if (closed < left.length && WIDE_MARK.test(mark) && !hasBlank && CJK.test(next)) {
    return endsAfterQuotation(text[start]!, left.at(-1)!, next);
  }
  if (!hasBlank && !WIDE_MARK.test(mark) && !CJK.test(next[0] ?? "")) return false;
  const first = /^["'“‘«([{「『（【《〈¿¡]*([\s\S]*)/u.exec(next)![1]!;
  // Names such as "iPhone" begin sentences too.
  if (/^\p{Ll}/u.test(first) && !/^\p{Ll}{1,2}\p{Lu}/u.test(first)) return false;
  const isLoneDot = mark === "." && closed === left.length && left[closed - 2] !== ".";
  return !(isLoneDot && isAbbreviation(left.slice(0, -1), next));
}

/**
 * 「…。」 ends a sentence unless the text goes on with a particle, or the quotation opened the sentence and its speaker is
 * named after it. What stands in round or square brackets names no speaker.
 */
function endsAfterQuotation(first: string, closer: string, next: string): boolean {
  if (OPENERS.includes(next[0]!)) return true;
  if (PARTICLE.test(next)) return false;
  return !("」』”’》".includes(closer) && OPENERS.includes(first));
}

/** Outermost quotations in corner brackets, and in curly ones of Chinese or Japanese: their sentences stay together. */
function quotations(text: string): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = [];
  const open: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if ("「『".includes(character) || (character === "“" && CJK.test(text[at + 1] ?? ""))) open.push(at);
    if (!"」』”".includes(character)) continue;
    const start = open.pop();
    if (start === undefined || at - start > MAX_QUOTE) continue;
    while (found.length > 0 && found.at(-1)!.start > start) found.pop();
    found.push({ start, end: at });
  }
  return found;
}

function countAtEnd(text: string, characters: string): number {
  let count = 0;
  while (count < text.length && characters.includes(text[text.length - 1 - count]!)) count++;
  return count;
}
