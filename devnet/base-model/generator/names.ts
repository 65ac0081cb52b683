import type { Random } from "../../../node/base/random.ts";
import { capital } from "./letters.ts";
import { ADJECTIVES, FIRST_NAMES, NOUNS } from "./lexicon.ts";

/**
 * Made-up names. A name is an index written in syllables: a bijection, so different indexes never share a name. Onsets are
 * consonants and nuclei vowels only, so a word splits into its syllables in one way.
 */
const ONSETS =
  "b br c ch d dr f fr g gl gr h j k kr l m n p pr qu r s sh st t th tr v vr w x y z sk pl".split(" ");
const NUCLEI = "a e i o u ai ea io ou".split(" ");
const CODAS = ["", "n", "l", "r", "s", "m", "x", "nd", "rk", "th"];

const SYLLABLES = ONSETS.length * NUCLEI.length;
const SHORT = SYLLABLES * SYLLABLES * CODAS.length;
const LONG = SHORT * SYLLABLES;

/** How many different names there are. */
export const NAME_COUNT = 2 * SHORT;

/** Names below this index belong to the fixed world of closed-book facts; fresh documents draw from it upwards. */
export const WORLD_NAMES = 8192;

/**
 * The name of an index in 0 … NAME_COUNT - 1, capitalised: two syllables for even indexes, three for odd ones.
 * Multiplying by a number coprime to the space's size permutes it, so neighbours look unrelated.
 */
export function nameAt(index: number): string {
  if (!Number.isInteger(index) || index < 0 || index >= NAME_COUNT) throw new RangeError(`no name ${index}`);
  const rank = index >>> 1;
  const long = (index & 1) === 1;
  let rest = long ? (rank * 15_485_863 + 11) % LONG : (rank * 611_957 + 7) % SHORT;
  let word = CODAS[rest % CODAS.length] as string;
  rest = Math.floor(rest / CODAS.length);
  for (let syllable = 0; syllable < (long ? 3 : 2); syllable++) {
    const code = rest % SYLLABLES;
    rest = Math.floor(rest / SYLLABLES);
    word = `${ONSETS[code % ONSETS.length]}${NUCLEI[Math.floor(code / ONSETS.length)]}${word}`;
  }
  return word[0]?.toUpperCase() + word.slice(1);
}

/** Hands out names that nobody else gets: indexes `start`, `start + 1`, … up to `limit` - 1. */
export class NameSource {
  private next: number;
  private readonly limit: number;

  constructor(start: number, limit: number) {
    this.next = start;
    this.limit = limit;
  }

  take(): string {
    if (this.next >= this.limit) throw new RangeError("the document's share of names is used up");
    return nameAt(this.next++);
  }
}

/** Ends of names of places and families, as they grow on plain words ("Stonebrook") and on syllables ("Vorelquist"). */
const ENDINGS = (
  "brook field ford gate ham ley mere mont stead ton wick worth well bury dale hurst burg sen son man wright strom quist " +
  "berg ries fir mill by low crest haven combe more shaw thorpe stow minster port holm garth water moor cliff back bank"
).split(" ");

/** Letters of European languages that stand in for plain ones. */
const MARKED: Readonly<Record<string, string>> = {
  a: "áàâäãåæ",
  c: "çćč",
  e: "éèêëęě",
  i: "íìîï",
  l: "ł",
  n: "ñńň",
  o: "óòôöõøő",
  r: "ř",
  s: "śšß",
  u: "úùûüů",
  y: "ý",
  z: "źżž",
};

/**
 * A name for a subject or a value. Half are names that nobody else gets; the others look more like real ones: made of
 * plain words, with an ending, with two parts, with a hyphen, an apostrophe or marked letters.
 */
export function madeName(random: Random, names: NameSource): string {
  const form = random.below(20);
  if (form < 9) return names.take();
  if (form < 12)
    return capital(`${random.pick(random.chance(70) ? NOUNS : ADJECTIVES)}${random.pick(ENDINGS)}`);
  if (form < 14) return `${names.take()}${random.pick(ENDINGS)}`;
  if (form < 16) return `${capital(random.pick(ADJECTIVES))} ${capital(random.pick(NOUNS))}`;
  if (form === 16) return `${names.take()}-${random.pick(FIRST_NAMES)}`;
  if (form === 17) return `${random.pick(["O'", "D'", "de ", "van ", "Mc", "la "])}${names.take()}`;
  if (form === 18) return marked(names.take(), random);
  return `${random.pick(FIRST_NAMES)}${random.pick(ENDINGS)}`;
}

/** Some of the letters with marks. */
function marked(name: string, random: Random): string {
  return [...name]
    .map((letter) => {
      const forms = MARKED[letter];
      return forms !== undefined && random.chance(30) ? random.pick([...forms]) : letter;
    })
    .join("");
}
