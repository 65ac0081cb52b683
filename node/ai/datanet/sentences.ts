/** A dot after one of these never ends a sentence. */
const NEVER_LAST = new Set(
  "dr mr mrs ms mx prof st sr jr rev gen col capt lt sgt hon no nos fig figs eq eqs sec ch vol pp cf vs e.g i.e viz approx ca est min max temp dept jan feb mar apr jun jul aug sep sept oct nov dec".split(
    " ",
  ),
);

/** A dot after one of these ends a sentence only when the next word is one that starts sentences. */
const SOMETIMES_LAST = new Set(
  "inc ltd co corp plc etc al a.m p.m u.s u.k e.u u.n ph.d b.sc m.sc".split(" "),
);

const STARTERS = new Set(
  "The A An It Its This That These Those In On At For From With By As If When While After Before Since Until He She They We You I His Her Their Our Your There Then However But And Or So Each Every All Some No Not".split(
    " ",
  ),
);

const CLOSERS = "\"'”’»)]}";
const OPENERS = "\"'“‘«([{";

/**
 * Sentences of one paragraph, trimmed, in order. A sentence ends at `.`, `!`, `?` or `…` (with closing quotes and
 * brackets) before white space and something that can begin a sentence, or at a full-width stop. Dots in numbers,
 * after initials and after common abbreviations end nothing. Text without letters or digits is left out.
 */
export function splitSentences(paragraph: string): string[] {
  const text = paragraph.replace(/\s+/gu, " ").trim();
  const sentences: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const end = boundaryAfter(text, at);
    if (end === undefined) continue;
    sentences.push(text.slice(start, end).trim());
    start = end;
    at = end - 1;
  }
  sentences.push(text.slice(start).trim());
  return sentences.filter((sentence) => /[\p{L}\p{N}]/u.test(sentence));
}

/** Index after the end of the sentence whose last mark stands at `at`, or undefined when none ends there. */
function boundaryAfter(text: string, at: number): number | undefined {
  const mark = text[at]!;
  if ("。！？".includes(mark)) return skip(text, at + 1, CLOSERS);
  if (!".!?…".includes(mark)) return undefined;
  const marks = skip(text, at, ".!?…");
  const end = skip(text, marks, CLOSERS);
  if (end >= text.length) return end;
  if (text[end] !== " ") return undefined;
  const next = text.slice(end + 1);
  const first = next[skip(next, 0, OPENERS)] ?? "";
  if (!/[\p{Lu}\p{Lt}\p{Lo}\p{N}#*•$€£]/u.test(first)) return undefined;
  const loneDot = mark === "." && marks === at + 1 && end === marks;
  return loneDot && isAbbreviation(text.slice(0, at), next) ? undefined : end;
}

function isAbbreviation(before: string, next: string): boolean {
  const word = /[\p{L}\p{N}.]*$/u.exec(before)![0];
  const nextWord = /^[\p{L}\p{N}]*/u.exec(next)![0];
  if (/^\p{Lu}$/u.test(word)) return !STARTERS.has(nextWord);
  const lower = word.toLowerCase();
  if (SOMETIMES_LAST.has(lower)) return !STARTERS.has(nextWord);
  if (!NEVER_LAST.has(lower)) return false;
  // "No." is a number's sign only before a number: "He said no. They left."
  return lower === "no" || lower === "nos" ? /^\p{N}/u.test(next) : true;
}

function skip(text: string, from: number, characters: string): number {
  let at = from;
  while (at < text.length && characters.includes(text[at]!)) at++;
  return at;
}
