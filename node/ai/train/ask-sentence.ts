import type { Random } from "../../base/random.ts";
import type { Row } from "../datanet/rows.ts";
import { rephrased, withoutRun } from "./reask.ts";
import type { SentenceVariation } from "./variation.ts";
import { loosen } from "./vary-words.ts";

/**
 * A prompt of one visit to a sentence of prose by a method of format 3: the opening asks for a run of words that is left out, as by
 * format 2, and the rest may follow in a question's order: what came after the run, a helping verb, what came before it.
 */
export function askSentence({ prompt }: Row, variation: SentenceVariation, random: Random): string {
  const { prose, openingsByKind, helpingVerbs, firstWords } = variation;
  if (!random.chance(prose.chance)) return prompt;
  const mark = /[.?!]$/.exec(prompt)?.[0] ?? "";
  const all = prompt.slice(0, prompt.length - mark.length).split(" ");
  let words: readonly string[] = all;
  let opening: readonly string[] = [];
  let { shuffleChance } = prose;
  if (random.chance(prose.openingChance)) {
    const asked = withoutRun(all, openingsByKind, random);
    opening = asked.opening.split(" ");
    const [first, ...rest] = asked.before;
    // A word that has a capital only because the sentence begins with it.
    const before =
      first === undefined ? [] : [firstWords.includes(first) ? first.toLowerCase() : first, ...rest];
    words = [...before, ...asked.after];
    if (random.chance(prose.orderChance)) {
      const verb = random.chance(prose.helpingVerbChance) ? [random.pick(helpingVerbs)] : [];
      words = [...asked.after, ...verb, ...before];
      shuffleChance = prose.orderedShuffleChance;
    }
  }
  const kept = [...opening, ...loosen(words, { ...prose, shuffleChance }, random)];
  return `${rephrased(kept, prose, variation, random)}${mark || "?"}`;
}
