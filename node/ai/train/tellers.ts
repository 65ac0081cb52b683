import type { Address } from "../../chain/types/primitives.ts";
import type { Row } from "../datanet/rows.ts";
import { ASKING, plainWords, SMALL, saidWords } from "./copies.ts";

/** Words of a phrase: a shorter completion is one as a whole, a longer one is cut into pieces of so many. */
const PHRASE = 8;
/** Rows of one phrase that a further row is compared with: the first ones. */
const COMPARED = 16;
/** Words of a question by which it is known again: the rarest. */
const TOPIC = 16;
/** A row tells again what stands in this part of its words. */
const AGAIN = { part: 3, of: 4 };
/** Rows that are strung together are a list; two of them may be an answer. */
const LIST = 3;
/** By chance fewer than one row in so many may be expected to share answer and word with an earlier one: where the word names something, or
 * all words of the earlier question are asked again; and where not. */
const CHANCE = { named: 8, other: 64 };
/** Words that go with many questions of one kind, besides those that open them. */
const MEASURING = new Set(
  "many much long often far high old big large deep tall wide fast heavy number amount name kind time day year person people place one there s in at by for from to on with".split(
    " ",
  ),
);

/** A row in the order of commitment. */
export interface Telling {
  rowId: number;
  contributionId: bigint;
  contributor: Address;
  row: Row;
}

/** A row that takes part, as far as later ones are compared with it. */
interface Told {
  /** In the order of commitment. */
  order: number;
  rowId: number;
  contributor: Address;
  topic: readonly string[];
  names: readonly string[];
}

interface Phrase {
  /** The first rows whose completion it is, or is a piece of. */
  rows: Told[];
  /** Contributions that tell it. */
  tellings: number;
  /** Who told it first, and whether anybody else did. */
  contributor: Address;
  isShared: boolean;
}

/** Which words of a completion stand in a row, in how many tellings. */
interface Again {
  words: number;
  end: number;
  tellings: number;
}

interface Question {
  words: ReadonlySet<string>;
  names: readonly string[];
}

interface Asking extends Telling {
  question: Question;
}

/**
 * What was told so far, by which a further row is seen to tell it again (`tellers/1` of copies.ts). Rows of one contribution count from the
 * next one on. A contribution that asks for the same thing in many ways tells it once. The work is linear in the rows' words.
 */
export class Tellers {
  private readonly phrases = new Map<string, Phrase>();
  /** By a phrase's first word: of how many words such phrases are, a bit each. */
  private readonly lengths = new Map<string, number>();
  /** Tellings that are asked for with a word. */
  private readonly asked = new Map<string, number>();
  private tellings = 0;
  private order = 0;
  private pending: Telling[] = [];

  /**
   * The earlier row that a row tells again: one of another contributor that says nearly all that it says and is asked about the same thing;
   * or, where it strings together what several rows of others say, the earliest of them.
   * @returns undefined for a row that tells something of its own.
   */
  toldBy(telling: Telling): Told["rowId"] | undefined {
    this.settle(telling.contributionId);
    const said = saidWords(telling.row);
    const again = new Map<Told, Again>();
    const strung = { words: 0, end: 0, rows: new Set<Told>() };
    for (const [start, end, phrase] of this.phrasesIn(said)) {
      for (const told of phrase.rows) {
        if (told.contributor === telling.contributor) continue;
        const found = again.get(told) ?? { words: 0, end: 0, tellings: phrase.tellings };
        again.set(told, found);
        found.tellings = Math.min(found.tellings, phrase.tellings);
        cover(found, start, end);
      }
      if (phrase.isShared || phrase.contributor === telling.contributor) continue;
      cover(strung, start, end);
      // An answer of one word is anybody's.
      if (end - start > 1) strung.rows.add(phrase.rows[0]!);
    }
    const isMost = ({ words }: { words: number }) => AGAIN.of * words >= AGAIN.part * said.length;
    const question = questionOf(telling.row);
    const found = [...again].filter(([told, by]) => isMost(by) && this.isAsked(told, by.tellings, question));
    const tellers = found.length > 0 ? found.map(([told]) => told) : [...strung.rows];
    if (found.length === 0 && !(isMost(strung) && strung.rows.size >= LIST)) return undefined;
    return tellers.reduce((first, told) => (told.order < first.order ? told : first)).rowId;
  }

  /** A row that takes part. */
  add(telling: Telling): void {
    this.settle(telling.contributionId);
    this.pending.push(telling);
  }

  /** Counts the rows of a contribution once another one begins. */
  private settle(contributionId: bigint): void {
    if (this.pending.length === 0 || this.pending[0]!.contributionId === contributionId) return;
    const tellings = new Map<string, Asking[]>();
    for (const telling of this.pending) {
      const question = questionOf(telling.row);
      const said = saidWords(telling.row).join(" ");
      const key = [said, ...(question.names.length === 0 ? [`${telling.rowId}`] : [...question.names].sort())].join("\n");
      const rows = tellings.get(key) ?? [];
      rows.push({ ...telling, question });
      tellings.set(key, rows);
    }
    this.pending = [];
    this.tellings += tellings.size;
    for (const rows of tellings.values()) {
      for (const word of new Set(rows.flatMap(({ question }) => [...question.words])))
        this.asked.set(word, (this.asked.get(word) ?? 0) + 1);
    }
    for (const rows of tellings.values()) this.tell(rows);
  }

  private tell(rows: readonly Asking[]): void {
    const told = rows.slice(0, COMPARED).map(({ rowId, contributor, question: { words, names } }): Told => {
      const rarest = [...words].sort((a, b) => this.asked.get(a)! - this.asked.get(b)!);
      const topic = rarest.slice(0, TOPIC);
      return { order: this.order++, rowId, contributor, topic, names: names.slice(0, TOPIC) };
    });
    const { contributor, row } = rows[0]!;
    for (const piece of piecesOf(saidWords(row))) {
      const phrase = this.phrases.get(piece.join(" "));
      if (phrase === undefined) {
        this.phrases.set(piece.join(" "), { rows: told, tellings: 1, contributor, isShared: false });
        this.lengths.set(piece[0]!, (this.lengths.get(piece[0]!) ?? 0) | (1 << piece.length));
        continue;
      }
      phrase.rows = [...phrase.rows, ...told].slice(0, COMPARED);
      phrase.tellings += 1;
      phrase.isShared ||= phrase.contributor !== contributor;
    }
  }

  /** Phrases that stand in some words, by where they begin. */
  private *phrasesIn(words: readonly string[]): Generator<[start: number, end: number, phrase: Phrase]> {
    for (let start = 0; start < words.length; start++) {
      const lengths = this.lengths.get(words[start]!) ?? 0;
      for (let length = 1; 1 << length <= lengths && start + length <= words.length; length++) {
        if ((lengths & (1 << length)) === 0) continue;
        const phrase = this.phrases.get(words.slice(start, start + length).join(" "));
        if (phrase) yield [start, start + length, phrase];
      }
    }
  }

  /**
   * Whether a question is about what a row was asked: they share a word which, together with the answer, is too rare for chance. Not where
   * each names what the other does not.
   */
  private isAsked({ topic, names }: Told, tellings: number, question: Question): boolean {
    const shared = topic.filter((word) => question.words.has(word));
    const isWhole = shared.length === topic.length;
    const isRare = (word: string) => {
      const isNamed = isWhole || names.includes(word) || question.names.includes(word);
      const most = isNamed ? CHANCE.named : CHANCE.other;
      return most * tellings * this.asked.get(word)! <= this.tellings;
    };
    if (!shared.some(isRare)) return false;
    const known = new Set([...topic, ...names]);
    return names.every((name) => question.words.has(name)) || question.names.every((name) => known.has(name));
  }
}

function cover(so: { words: number; end: number }, start: number, end: number): void {
  so.words += Math.max(0, end - Math.max(start, so.end));
  so.end = Math.max(so.end, end);
}

/** A completion's phrases: all of it, or pieces of it with one that ends where it ends. */
function piecesOf(words: readonly string[]): readonly (readonly string[])[] {
  if (words.length <= PHRASE) return [words];
  const pieces = new Map<string, readonly string[]>();
  for (let start = 0; start < words.length; start += PHRASE) {
    const from = Math.min(start, words.length - PHRASE);
    const piece = words.slice(from, from + PHRASE);
    pieces.set(piece.join(" "), piece);
  }
  return [...pieces.values()];
}

const isContent = (word: string) => !SMALL.has(word) && !ASKING.has(word) && !MEASURING.has(word);

/** The words that a question has of its own, and those of them that are names or numbers; what was said before belongs to it. */
function questionOf({ prompt, before = [] }: Row): Question {
  const text = [...before.map(({ content }) => content), prompt].join("\n");
  return { words: new Set(plainWords(text).filter(isContent)), names: namesOf(text) };
}

/** Words with a digit, and words with a capital that do not open a sentence. */
function namesOf(text: string): readonly string[] {
  const names = new Set<string>();
  let end: number | undefined;
  const written = text.normalize("NFKC");
  for (const { 0: word, index } of written.matchAll(/[\p{L}\p{N}]+/gu)) {
    const isOpening = end === undefined || /[.!?:;\n]/.test(written.slice(end, index));
    end = index + word.length;
    const isName = /\p{N}/u.test(word) || (!isOpening && /^\p{Lu}/u.test(word));
    if (isName && isContent(word.toLowerCase())) names.add(word.toLowerCase());
  }
  return [...names];
}
