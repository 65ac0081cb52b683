import type { Random } from "../../base/random.ts";
import { isProse, type Row } from "../datanet/rows.ts";
import type { AnswerKind, ReaskSettings, ReaskVariation } from "./variation.ts";
import { loosen } from "./vary-words.ts";

/** What a question begins with, to be replaced by another opening. English; a part of method format 2. */
const QUESTION_WORDS =
  /^(?:(?:at|in|on|for|from|by|to|with|of) )?(?:what|which|who|whom|whose|when|where|why|how(?: (?:many|much|long|often|far|wide|high|heavy|tall|deep|old|large|fast))?)\b(?: (?:is|are|was|were|does|do|did|can)\b)?/i;

const NUMBER =
  /\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty)\b/i;

/** Capitals of Latin 1: fixed here, because Unicode's own list grows with the runtime. */
const CAPITAL = /^[A-ZÀ-ÖØ-Þ]/;
const CAPITAL_OR_JOINT = /^(?:[A-ZÀ-ÖØ-Þ].*|and|the|of|&)$/;

/** What words tell of a number's kind, in this order. */
const KINDS_OF_NUMBERS: readonly (readonly [AnswerKind, RegExp])[] = [
  ["time", /\d:\d\d/],
  ["share", /percent|%/i],
  ["date", /\b(?:january|february|march|april|may|june|july|august|september|october|november|december)\b/i],
  ["length", /\b(?:km|cm|mm|m|kilomet(?:er|re)s?|met(?:er|re)s?|miles?|feet)\b/i],
  ["mass", /\b(?:kg|g|kilograms?|tonn?es?|tons?|grams?|pounds)\b/i],
  ["dose", /\b(?:ml|mg|drops?|tablets?|micrograms)\b/i],
  ["temperature", /\b(?:degrees?|kelvin)\b/i],
  ["duration", /\b(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|times|once|twice)\b/i],
  ["money", /\$|€|\b(?:OPEN|coins?|euros?|francs?|dollars?|credits|tokens)\b/],
];

const DAY = /\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b/i;

/**
 * A prompt of one visit by a method of format 2. A question keeps its content words, in other forms and another order behind
 * another opening; a sentence of prose loses a run of words, and the opening asks for what they were.
 */
export function reask(row: Row, variation: ReaskVariation, random: Random): string {
  const prose = isProse(row);
  const settings = prose ? variation.prose : variation.pairs;
  if (!random.chance(settings.chance)) return row.prompt;
  const mark = /[.?!]$/.exec(row.prompt)?.[0] ?? "";
  const text = row.prompt.slice(0, row.prompt.length - mark.length);
  let words: readonly string[] = text.split(" ");
  let opening: readonly string[] = [];
  if (random.chance(settings.openingChance)) {
    const asked = prose ? askedFor(words, variation, random) : askedAgain(text, variation, random);
    opening = asked.opening.split(" ");
    words = asked.words;
  }
  const kept = [...opening, ...loosen(words, settings, random)];
  return `${rephrased(kept, settings, variation, random)}${mark || "?"}`;
}

/** Words with small words put in, some in other forms. */
export function rephrased(
  words: readonly string[],
  { smallWordChance, wordFormChance }: Pick<ReaskSettings, "smallWordChance" | "wordFormChance">,
  { smallWords, endings }: Pick<ReaskVariation, "smallWords" | "endings">,
  random: Random,
): string {
  const varied: string[] = [];
  for (const word of words) {
    if (random.chance(smallWordChance)) varied.push(random.pick(smallWords));
    varied.push(random.chance(wordFormChance) ? otherForm(word, endings, random) : word);
  }
  return varied.join(" ");
}

/** An opening and what is left of the text. */
interface Asked {
  opening: string;
  words: readonly string[];
}

function askedAgain(text: string, { openings }: ReaskVariation, random: Random): Asked {
  const rest = text.replace(QUESTION_WORDS, "").trim();
  return { opening: random.pick(openings), words: (rest === "" ? text : rest).split(" ") };
}

function askedFor(words: readonly string[], { openingsByKind }: ReaskVariation, random: Random): Asked {
  const { opening, before, after } = withoutRun(words, openingsByKind, random);
  return { opening, words: [...before, ...after] };
}

/** What is left of a sentence before and after a run that could be an answer, and an opening that asks for the run. */
export function withoutRun(
  words: readonly string[],
  openingsByKind: ReaskVariation["openingsByKind"],
  random: Random,
): { opening: string; before: readonly string[]; after: readonly string[] } {
  const [from, to] = answerRun(words, random);
  const run = words.slice(from, to).join(" ");
  const kind = random.chance(25) ? "thing" : kindOf(run);
  const opening = random.pick(openingsByKind[kind]);
  if (to - from === words.length) return { opening, before: words, after: [] };
  return { opening, before: words.slice(0, from), after: words.slice(to) };
}

/** From and to of a run that could be an answer: a name, a number with its unit, or words at the end or at the front. */
function answerRun(words: readonly string[], random: Random): readonly [from: number, to: number] {
  const runs: (readonly [number, number])[] = [];
  for (let i = 0; i < words.length; i++) {
    let last = i;
    if (CAPITAL.test(words[i]!) && (i > 0 || CAPITAL.test(words[1] ?? ""))) {
      while (last + 1 < words.length && CAPITAL_OR_JOINT.test(words[last + 1]!)) last += 1;
    } else if (NUMBER.test(words[i]!)) {
      last = Math.min(words.length - 1, i + random.below(3));
    } else continue;
    runs.push([i, last + 1]);
    i = last;
  }
  const length = Math.min(1 + random.below(Math.max(1, Math.ceil(words.length / 2))), words.length - 1);
  runs.push([words.length - length, words.length], [0, length]);
  return random.pick(runs);
}

/** What the run looks like. */
function kindOf(run: string): AnswerKind {
  if (NUMBER.test(run)) return KINDS_OF_NUMBERS.find(([, words]) => words.test(run))?.[0] ?? "count";
  if (DAY.test(run)) return "date";
  return run.split(" ").some((word) => CAPITAL.test(word)) ? "name" : "thing";
}

/** Another form of an English word in small letters. */
function otherForm(word: string, endings: readonly string[], random: Random): string {
  if (!/^[a-z]{4,}$/.test(word)) return word;
  return word.replace(/ies$/, "y").replace(/(?:ing|ed|es|s|d)$/, "") + random.pick(endings);
}
