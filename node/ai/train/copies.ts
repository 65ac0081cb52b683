import type { Row } from "../datanet/rows.ts";

/**
 * By which rule rows that say the same are one. `plain`: they differ in case, white space or punctuation only. `words/1`: also in
 * small words, and in the order and repetition of the words of what is asked. `tellers/1`: the same, and a row that
 * only tells again what others told before takes no part either (tellers.ts). `tellers/2`: the same, and a row that strings
 * answers of others together holds none of them. A rule never changes: methods name it.
 */
export const COPY_RULES = ["plain", "words/1", "tellers/1", "tellers/2"] as const;
export type CopyRule = (typeof COPY_RULES)[number];
/** Those of tellers.ts. */
export type TellersRule = Extract<CopyRule, `tellers/${number}`>;

/** Words that carry no fact wherever they stand. No negation, number, preposition of place or word of time is among them. */
const SMALL = new Set("a an the of that this these those very just also please so".split(" "));
/** Words that open a question, and its present auxiliaries. Past ones stay: what was is not what is. */
export const ASKING = new Set(
  "what which who whom whose where how is are do does has have tell me say can could you i us know about".split(
    " ",
  ),
);

/** Whether a word is none of those that carry no fact. */
export const isLarge = (word: string): boolean => !SMALL.has(word);

/** Rows with the same key are copies of one another. */
export function copyKey({ prompt, completion, before = [] }: Row, rule: CopyRule): string {
  const turns = before.map(({ content }) => plainWords(content).join(" "));
  if (rule === "plain")
    return [...turns, plainWords(prompt).join(" "), plainWords(completion).join(" ")].join("\n");
  const asked = [
    ...new Set(without(plainWords(prompt), (word) => !isLarge(word) || ASKING.has(word))),
  ].sort();
  return [...turns, asked.join(" "), saidWords({ completion }).join(" ")].join("\n");
}

/** A completion's words without the small ones; at least one. */
export function saidWords({ completion }: Pick<Row, "completion">): readonly string[] {
  return without(plainWords(completion), (word) => !isLarge(word));
}

/** Words and numbers in lower case; the text itself where it has none. */
export function plainWords(text: string): string[] {
  return (
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [text]
  );
}

/** The words that are left; all of them where none would be. */
function without(words: readonly string[], isLeftOut: (word: string) => boolean): readonly string[] {
  const left = words.filter((word) => !isLeftOut(word));
  return left.length === 0 ? words : left;
}
