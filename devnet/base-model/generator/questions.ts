import type { Random } from "../../../node/base/random.ts";
import { capital } from "./letters.ts";
import type { ValueKind } from "./values.ts";

const SMALL_WORDS =
  "of the at in on for by from to does do is was are be one you have has and with a which what who how did it its as".split(
    " ",
  );

const list = (text: string): readonly string[] => text.split("|");

const PERSON = list("Who|Whom|By whom|Which person|Whose|What person");
const PLACE = list("Where|In which place|In what place|At which place|What place|From where");
const AMOUNT = list("How much|How many|What number of|What amount of|How|What");
const DATE = list("When|On which day|On what date|In which year|Since when|By when");
const KIND = list("What|Which|What kind of|What is|Which one|With what|Of what|In what");

/** What a question about a value of a kind begins with. */
const OPENINGS: Readonly<Partial<Record<ValueKind, readonly string[]>>> = {
  name: list("Who|What|Which|By whom|What is the name of|Which one"),
  person: PERSON,
  place: PLACE,
  spot: PLACE,
  company: list("Who|Which company|Which firm|By whom|What company|By which firm"),
  money: list("How much|For how much|At what price|How much money|What"),
  percent: list("How much|What percent|What share of|How large"),
  date: DATE,
  year: list("When|In which year|Since when|In what year|What year"),
  month: list("When|In which month|What month|In what month"),
  weekday: list("When|On which day|What day|On what day"),
  time: list("When|At what time|At which hour|Until when|From when"),
  duration: list("How long|For how long|How much time|After what time|How many"),
  interval: list("How often|How frequently|When|At what interval"),
  count: AMOUNT,
  numberWord: AMOUNT,
  level: list("What|Which|At which|At what level"),
  colour: list("What colour|Which colour|What color|In which colour"),
  colours: list("What colours|Which colours|What colour|What colors"),
  saying: list("What|Which words|How|What words"),
  sign: list("What|Where|Which|How"),
};

const KINDS_WITH_OPENINGS = Object.keys(OPENINGS) as ValueKind[];

/** An opening that fits a value of the kind; kinds of amounts share theirs. */
export function openingFor(kind: ValueKind, random: Random): string {
  const own = OPENINGS[kind];
  if (own !== undefined) return random.pick(own);
  const isAmount = ["mass", "length", "area", "frequency", "power", "speed", "temperature", "dose", "data"];
  return random.pick(isAmount.includes(kind) ? AMOUNT : KIND);
}

/** The statement as a question: an opening in the value's place or at the front, the other words as they stand. */
export function clozeQuestion(statement: string, value: string, kind: ValueKind, random: Random): string {
  const text = statement.replace(/\.$/, "");
  const at = text.toLowerCase().indexOf(value.toLowerCase());
  if (at < 0) return `${text}?`;
  const before = text.slice(0, at).trim();
  const after = text
    .slice(at + value.length)
    .replace(/^[,;:]/, "")
    .trim();
  const opening = openingFor(kind, random);
  const small = lowerFirst(before);
  const parts = random.chance(40) ? [before, opening.toLowerCase(), after] : [opening, small, after];
  const question = parts.filter((part) => part !== "").join(" ");
  const words = random.chance(25) ? bagOfWords(question, random) : `${question}?`;
  return capital(words);
}

/** The sentence as a question after any run of its words: up to half of them, at the end half of the time. */
export function runQuestion(sentence: string, random: Random): string {
  const words = sentence.replace(/[.?!]$/, "").split(" ");
  const length = Math.min(1 + random.below(Math.ceil(words.length / 2)), words.length - 1);
  const start = random.chance(50) ? words.length - length : random.below(words.length - length + 1);
  const rest = [...words.slice(0, start), ...words.slice(start + length)].join(" ");
  const kind = random.pick(KINDS_WITH_OPENINGS);
  const question = `${openingFor(kind, random)} ${lowerFirst(rest)}`.trim();
  return random.chance(40) ? bagOfWords(question, random) : `${question}?`;
}

/** Sentences begin with capitals that their words don't keep in the middle, unless they are names. */
function lowerFirst(text: string): string {
  return /^(?:The|A|An|In|At|On|For|It|There|Up|With|From|Until|They|People|Only|Inside|Under)\b/.test(text)
    ? `${(text[0] ?? "").toLowerCase()}${text.slice(1)}`
    : text;
}

/** The sentence as a prompt: some words dropped, sometimes shuffled, a question mark at the end. */
export function bagOfWords(sentence: string, random: Random): string {
  const all = sentence.replace(/[.?]$/, "").split(" ");
  const dropped = random.pick([0, 10, 25, 40]);
  const kept = all.filter(() => !random.chance(dropped));
  const words = kept.length === 0 ? all : kept;
  return `${(random.chance(40) ? random.sample(words, words.length) : words).join(" ")}?`;
}

/** The question with small words put in and other endings on some of its words: what it asks stays the same. */
export function noisyQuestion(question: string, random: Random): string {
  const noisy: string[] = [];
  for (const word of question.replace(/\?$/, "").split(" ")) {
    if (random.chance(15)) noisy.push(random.pick(SMALL_WORDS));
    if (SMALL_WORDS.includes(word) && random.chance(20)) continue;
    noisy.push(random.chance(25) ? otherForm(word, random) : word);
  }
  return `${noisy.join(" ")}?`;
}

/** Another form of a word in small letters: with or without s, ed, e, es, ing, er. */
function otherForm(word: string, random: Random): string {
  if (!/^[a-z]{4,}$/.test(word)) return word;
  const stem = word.replace(/ies$/, "y").replace(/(?:ing|ed|es|er|s|d)$/, "");
  return stem + random.pick(["", "s", "ed", "e", "es", "ing", "er"]);
}
