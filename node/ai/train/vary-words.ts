import type { Random } from "../../base/random.ts";
import { isProse, type Row } from "../datanet/rows.ts";
import type { WordVariation } from "./variation.ts";

/** A prompt of one visit by a method of format 1, its question mark kept at the end. */
export function varyWords(row: Row, variation: WordVariation, random: Random): string {
  const prose = isProse(row);
  if (!random.chance(prose ? variation.proseChance : variation.pairChance)) return row.prompt;
  const mark = /[.?!]$/.exec(row.prompt)?.[0] ?? "";
  const words = row.prompt.slice(0, row.prompt.length - mark.length).split(" ");
  if (!prose || !random.chance(variation.asked.chance))
    return `${loosen(words, variation, random).join(" ")}${mark}`;
  const opening = random.pick(variation.asked.openings);
  const rest = loosen(withoutRun(words, random), variation.asked, random);
  return `${opening} ${rest.join(" ")}${mark}`;
}

/** Some words dropped, sometimes shuffled; never none. */
export function loosen(
  words: readonly string[],
  { dropWords, shuffleChance }: Pick<WordVariation, "dropWords" | "shuffleChance">,
  random: Random,
): readonly string[] {
  const dropped = random.pick(dropWords);
  const left = words.filter(() => !random.chance(dropped));
  const kept = left.length === 0 ? words : left;
  return random.chance(shuffleChance) ? random.sample(kept, kept.length) : kept;
}

/** Without what is asked for: a run of up to half of the words, at the end half of the time. */
function withoutRun(words: readonly string[], random: Random): readonly string[] {
  const length = 1 + random.below(Math.ceil(words.length / 2));
  if (length >= words.length) return words;
  const start = random.chance(50) ? words.length - length : random.below(words.length - length + 1);
  return [...words.slice(0, start), ...words.slice(start + length)];
}
