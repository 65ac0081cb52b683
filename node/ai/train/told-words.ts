import type { Row } from "../datanet/rows.ts";
import { ASKING, isLarge, plainWords, saidWords } from "./copies.ts";

/** Words of a phrase: a shorter completion is one as a whole, a longer one is cut into pieces of so many. */
export const PHRASE = 8;

/** Words that go with many questions of one kind, besides those that open them. */
const MEASURING = new Set(
  "many much long often far high old big large deep tall wide fast heavy name called number amount kind time day year month person people place one there s in at by for from to on with".split(
    " ",
  ),
);

/** What a row is asked by. */
export interface Question {
  /** The words that are its own. */
  words: ReadonlySet<string>;
  /** Those of them with a digit, and those with a capital that open no sentence. */
  names: readonly string[];
}

const isContent = (word: string) => isLarge(word) && !ASKING.has(word) && !MEASURING.has(word);

/** A row's question; what was said before belongs to it. */
export function questionOf({ prompt, before = [] }: Pick<Row, "prompt" | "before">): Question {
  const text = [...before.map(({ content }) => content), prompt].join("\n");
  return { words: new Set(plainWords(text).filter(isContent)), names: namesOf(text) };
}

function namesOf(text: string): readonly string[] {
  const names = new Set<string>();
  const written = text.normalize("NFKC");
  let end: number | undefined;
  for (const { 0: word, index } of written.matchAll(WORDS)) {
    const isOpening = end === undefined || /[.!?:;\n]/.test(written.slice(end, index));
    end = index + word.length;
    const isName = /\p{N}/u.test(word) || (!isOpening && /^\p{Lu}/u.test(word));
    if (isName && isContent(word.toLowerCase())) names.add(word.toLowerCase());
  }
  return [...names];
}

const WORDS = /[\p{L}\p{N}]+/gu;

/** The phrases of a completion's words: all of it, or pieces of it with one that ends where it ends. */
export function phrasesOf(said: readonly string[]): readonly (readonly string[])[] {
  if (said.length <= PHRASE) return [said];
  const pieces = new Map<string, readonly string[]>();
  for (let start = 0; start < said.length; start += PHRASE) {
    const from = Math.min(start, said.length - PHRASE);
    const piece = said.slice(from, from + PHRASE);
    pieces.set(piece.join(" "), piece);
  }
  return [...pieces.values()];
}

/** Words of `saidWords`; `end` is exclusive. */
interface Range {
  start: number;
  end: number;
}

/**
 * A completion without what others told before, a line each part that is left.
 * @param answered of these only those with a name or a number are cut: a unit or a common word is nobody's, whoever answered with it alone.
 * @param strung all of these are.
 * @returns undefined where nothing is cut, as where the text's words in small letters are not the words of its small letters.
 */
export function partsLeft(
  completion: string,
  answered: readonly Range[],
  strung: readonly Range[],
): string | undefined {
  const text = completion.normalize("NFKC");
  const said = saidWords({ completion });
  const all = [...text.matchAll(WORDS)].map(({ 0: word, index }) => ({ word, start: index }));
  const large = all.filter(({ word }) => isLarge(word.toLowerCase()));
  const words = large.length > 0 ? large : all;
  const isSame = words.length === said.length && words.every(({ word }, i) => word.toLowerCase() === said[i]);
  if (!isSame) return undefined;
  const isCut = said.map(() => false);
  const isNamed = ({ start, end }: Range) =>
    words.slice(start, end).some(({ word }) => /[\p{Lu}\p{N}]/u.test(word));
  for (const { start, end } of [...answered.filter(isNamed), ...strung]) isCut.fill(true, start, end);
  if (!isCut.includes(true)) return undefined;
  const parts: string[] = [];
  let from = 0;
  for (const [i, { word, start }] of words.entries()) {
    if (!isCut[i]) continue;
    // What stands between two words that are cut goes with them.
    if (!isCut[i - 1]) parts.push(text.slice(from, start));
    from = start + word.length;
  }
  return [...parts, text.slice(from)].join("\n");
}
