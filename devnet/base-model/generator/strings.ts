import type { Random } from "../../../node/base/random.ts";
import { capital } from "./letters.ts";
import { COMMON, NOUNS } from "./lexicon.ts";

/** First and last code points of the letters of writing systems, and of some signs. */
const SCRIPTS: readonly (readonly [first: number, last: number])[] = [
  [0xa1, 0xbf], // signs of Latin 1
  [0xc0, 0xff], // Latin 1
  [0x100, 0x17f], // Latin A
  [0x180, 0x24f], // Latin B
  [0x250, 0x2af], // phonetic
  [0x2b0, 0x36f], // modifiers and combining marks
  [0x391, 0x3c9], // Greek
  [0x410, 0x44f], // Cyrillic
  [0x450, 0x52f], // more Cyrillic
  [0x561, 0x586], // Armenian
  [0x5d0, 0x5ea], // Hebrew
  [0x621, 0x64a], // Arabic
  [0x671, 0x6d3], // more Arabic
  [0x6ee, 0x6ff], // Arabic digits and more
  [0x700, 0x7bf], // Syriac, Thaana
  [0x7c0, 0x7ff], // N'Ko
  [0x905, 0x939], // Devanagari
  [0x995, 0x9b9], // Bengali
  [0xb85, 0xbb9], // Tamil
  [0xe01, 0xe3a], // Thai
  [0x10d0, 0x10fa], // Georgian
  [0x1200, 0x1357], // Ethiopic
  [0x1780, 0x17b3], // Khmer
  [0x1e00, 0x1eff], // Latin with marks
  [0x2010, 0x2044], // dashes and quotation marks
  [0x20a0, 0x20bf], // currencies
  [0x2190, 0x22ff], // arrows and mathematics
  [0x2500, 0x27bf], // boxes and dingbats
  [0x3041, 0x3096], // Hiragana
  [0x30a1, 0x30fa], // Katakana
  [0x3400, 0x4dbf], // Han A
  [0x4e00, 0x9fa5], // Han
  [0xa000, 0xa48c], // Yi
  [0xac00, 0xd7a3], // Hangul
  [0xe000, 0xf8ff], // private use
  [0xf900, 0xfa6d], // Han, compatibility
  [0xfe70, 0xfefc], // Arabic presentation forms
  [0xff01, 0xff5e], // full width
  [0x10330, 0x1034a], // Gothic
  [0x1d400, 0x1d7cb], // mathematical letters
  [0x1f300, 0x1f64f], // pictures
  [0x1f680, 0x1f9ff], // more pictures
  [0x20000, 0x2a6d6], // Han B
];

const SIGNS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
const CONTROLS = Array.from({ length: 33 }, (_, i) => (i === 32 ? 0x7f : i)).filter((code) => code !== 0x0a);

/**
 * A string that no sentence holds, for the model to copy: pieces of words, signs, bytes of any script. Without it some
 * tokens would never be seen, and the model could not tell them apart.
 */
export function oddString(random: Random, pieces: readonly string[]): string {
  const form = random.below(20);
  if (form < 11) return gluedPieces(random, pieces);
  if (form < 12) return signs(random, random.between(1, 6));
  if (form < 17) return scriptWords(random);
  return form < 19 ? anyCharacters(random) : signedWord(random);
}

/** Two to five pieces of the vocabulary; mostly with a digit or a sign between them, so that each stands alone. */
function gluedPieces(random: Random, pieces: readonly string[]): string {
  let text = "";
  for (let i = random.between(2, 5); i > 0; i--) {
    const piece = pieces.length > 0 && random.chance(85) ? random.pick(pieces) : fragment(random);
    const joint = random.below(8);
    if (joint < 4) text += random.pick([...SIGNS]);
    else if (joint < 7) text += String(random.below(10));
    text += piece;
  }
  return text.replaceAll("\n", " ").trim() || "0";
}

/** A part of a plain word. */
function fragment(random: Random): string {
  const word = random.pick(random.chance(50) ? COMMON : NOUNS);
  const start = random.below(Math.max(1, word.length - 2));
  return word.slice(start, start + random.between(2, 5));
}

function signs(random: Random, count: number): string {
  return Array.from({ length: count }, () => random.pick([...SIGNS])).join("");
}

function signedWord(random: Random): string {
  const word = random.pick(random.chance(50) ? COMMON : NOUNS);
  const form = random.pick([word, capital(word), word.toUpperCase()]);
  return `${signs(random, random.between(0, 2))}${form}${signs(random, random.between(1, 2))}`;
}

/** One to three words of one script. */
function scriptWords(random: Random): string {
  const [first, last] = random.pick(SCRIPTS);
  return Array.from({ length: random.between(1, 3) }, () => {
    let word = "";
    for (let i = random.between(1, 4); i > 0; i--) word += String.fromCodePoint(random.between(first, last));
    return word;
  }).join(" ");
}

/** Any code points, control characters among them; never a line feed, which ends an answer. */
function anyCharacters(random: Random): string {
  let text = "";
  for (let i = random.between(1, 4); i > 0; i--) {
    if (random.chance(60)) {
      text += `${String.fromCharCode(random.pick(CONTROLS))}${random.chance(50) ? random.pick(NOUNS) : ""}`;
    } else {
      // Surrogates are no characters of their own.
      const code = random.between(0x80, 0x10ffff - 0x800);
      text += String.fromCodePoint(code < 0xd800 ? code : code + 0x800);
    }
  }
  return text;
}
