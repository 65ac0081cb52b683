import type { Address } from "../../chain/types/primitives.ts";
import type { Row } from "../datanet/rows.ts";
import { saidWords, type TellersRule } from "./copies.ts";
import { PHRASE, partsLeft, phrasesOf, type Question, questionOf } from "./told-words.ts";

/** Rows of one phrase that a further row is compared with: the first ones. */
const COMPARED = 16;
/** Words of a question by which it is known again: the rarest. */
const TOPIC = 16;
/** So much of a row's words stands in one that it tells again, and in those that it lists. */
const AGAIN = { part: 7, of: 8 };
const LISTED = { part: 3, of: 4 };
/** Answers that are strung together are a list, and so is one so many times over; two may be an answer. */
const LIST = 3;
/** So much of a row's words stands in answers of others that it strings together, where it is no list: it holds none of them. */
const STRUNG = { part: 1, of: 2 };
/**
 * Bits that what two questions share must have beyond those of the answer's tellings: then it is no coincidence that rows share both. Fewer
 * suffice where a name is shared or all words of the earlier question are asked again.
 */
const SHARED = { named: 3, other: 6 };

/** A row in the order of commitment. */
export interface Telling {
  rowId: number;
  contributionId: bigint;
  contributor: Address;
  row: Row;
}

/** What a row is to those before it. */
export interface Told {
  /** The row that it tells again: it takes no part. */
  again?: number;
  /** It takes part, and this much of its completion it tells itself; absent: all of it. */
  own?: string | undefined;
}

/** A row that takes part, as far as later ones are compared with it. */
interface Teller {
  /** In the order of commitment. */
  order: number;
  rowId: number;
  contributor: Address;
  topic: readonly string[];
  names: readonly string[];
}

interface Phrase {
  /** The first rows whose completion it is, or is a piece of. */
  rows: Teller[];
  tellings: number;
  /** Who told it first, and whether anybody else did. */
  contributor: Address;
  isShared: boolean;
}

/** A phrase where it stands in a completion; `end` is exclusive. */
interface Found {
  start: number;
  end: number;
  phrase: Phrase;
}

/** How many of a completion's words some phrases are, in order of their beginnings. */
class Covered {
  words = 0;
  private end = 0;

  /** @returns how many words it adds. */
  add({ start, end }: Found): number {
    const added = Math.max(0, end - Math.max(start, this.end));
    this.words += added;
    this.end = Math.max(this.end, end);
    return added;
  }

  isMost({ part, of }: { part: number; of: number }, said: readonly string[]): boolean {
    return of * this.words >= part * said.length;
  }
}

/**
 * What was told so far, by which it is seen what of a further row is told again (copies.md). Rows come in the order of
 * commitment; those of one contribution count from the next one on. Rows of one contribution that say the same of the same names, in
 * however many ways, are one telling. The work is linear in the rows' words.
 */
export class Tellers {
  private readonly rule: TellersRule;
  private readonly phrases = new Map<string, Phrase>();
  /** By a phrase's first word: of how many words such phrases are, a bit each. */
  private readonly lengths = new Map<string, number>();
  /** Tellings that are asked for with a word. */
  private readonly asked = new Map<string, number>();
  private tellings = 0;
  private order = 0;
  private pending: Telling[] = [];

  constructor(rule: TellersRule) {
    this.rule = rule;
  }

  /**
   * What others told before of what a row says. It tells again where nearly all of it stands in a row of another contributor that was
   * asked about the same thing, and where it strings together what rows of others say, each by one contributor alone; then the
   * earliest of those rows counts. Else it does not hold names and numbers that are the answer of a row that was asked about the same thing.
   */
  judge(telling: Telling): Told {
    this.settle(telling.contributionId);
    const { contributor, row } = telling;
    const said = saidWords(row);
    const found = this.phrasesIn(said).filter(
      ({ phrase }) => phrase.isShared || phrase.contributor !== contributor,
    );
    if (found.length === 0) return {};
    const asking = this.askedAgain(telling, found);
    const covered = new Map<Teller, Covered>();
    for (const each of found) {
      for (const teller of asking.get(each.phrase) ?? []) {
        const so = covered.get(teller) ?? new Covered();
        covered.set(teller, so);
        so.add(each);
      }
    }
    const again = [...covered].filter(([, so]) => so.isMost(AGAIN, said)).map(([teller]) => teller);
    const told = again.length > 0 ? again : listed(found, contributor, said);
    if (told.length > 0) return { again: told.reduce((a, b) => (b.order < a.order ? b : a)).rowId };
    const answered = found.filter(({ phrase }) => asking.has(phrase));
    const strung = this.rule === "tellers/1" ? [] : strungIn(found, contributor, said);
    return answered.length + strung.length === 0 ? {} : { own: partsLeft(row.completion, answered, strung) };
  }

  /** A row that takes part. */
  add(telling: Telling): void {
    this.settle(telling.contributionId);
    this.pending.push(telling);
  }

  /** Phrases with the rows of others that say them and were asked about the same thing, where there are any. */
  private askedAgain(
    { contributor, row }: Telling,
    found: readonly Found[],
  ): ReadonlyMap<Phrase, readonly Teller[]> {
    const question = questionOf(row);
    const asking = new Map<Phrase, readonly Teller[]>();
    for (const phrase of new Set(found.map((each) => each.phrase))) {
      const tellers = phrase.rows.filter(
        (teller) =>
          teller.contributor !== contributor && this.isAskedAgain(teller, phrase.tellings, question),
      );
      if (tellers.length > 0) asking.set(phrase, tellers);
    }
    return asking;
  }

  /**
   * Whether a question is about what a row was asked: what they share is too rare for chance. Not where each names what the other does not.
   * Words of questions that name nothing often come together, so that of those the rarest alone counts.
   */
  private isAskedAgain({ topic, names }: Teller, tellings: number, question: Question): boolean {
    const shared = topic.filter((word) => question.words.has(word));
    if (shared.length === 0) return false;
    const isWhole = shared.length === topic.length;
    const isNamed = isWhole || shared.some((word) => names.includes(word) || question.names.includes(word));
    const bits = shared.map((word) => bitsOf(this.asked.get(word)!, this.tellings));
    const rare = isNamed ? bits.reduce((sum, each) => sum + each, 0) : Math.max(...bits);
    if (rare - bitsOf(1, tellings) < (isNamed ? SHARED.named : SHARED.other)) return false;
    const known = new Set([...topic, ...names]);
    return names.every((name) => question.words.has(name)) || question.names.every((name) => known.has(name));
  }

  /** Phrases that stand in some words, in order of their beginnings. */
  private phrasesIn(words: readonly string[]): Found[] {
    const found: Found[] = [];
    for (const [start, first] of words.entries()) {
      const lengths = this.lengths.get(first) ?? 0;
      if (lengths === 0) continue;
      for (let length = 1; length <= PHRASE && start + length <= words.length; length++) {
        if ((lengths & (1 << length)) === 0) continue;
        const phrase = this.phrases.get(words.slice(start, start + length).join(" "));
        if (phrase) found.push({ start, end: start + length, phrase });
      }
    }
    return found;
  }

  /** Counts the rows of a contribution once another one begins. */
  private settle(contributionId: bigint): void {
    if (this.pending.length === 0 || this.pending[0]!.contributionId === contributionId) return;
    const tellings = new Map<string, { telling: Telling; question: Question }[]>();
    for (const telling of this.pending) {
      const question = questionOf(telling.row);
      const names = question.names.length === 0 ? [`#${telling.rowId}`] : [...question.names].sort();
      const key = [...saidWords(telling.row), "", ...names].join("\n");
      const rows = tellings.get(key) ?? [];
      rows.push({ telling, question });
      tellings.set(key, rows);
    }
    this.pending = [];
    this.tellings += tellings.size;
    for (const rows of tellings.values())
      for (const word of new Set(rows.flatMap(({ question }) => [...question.words])))
        this.asked.set(word, (this.asked.get(word) ?? 0) + 1);
    for (const rows of tellings.values()) this.tell(rows);
  }

  private tell(rows: readonly { telling: Telling; question: Question }[]): void {
    const tellers = rows.slice(0, COMPARED).map(({ telling, question: { words, names } }): Teller => {
      const { rowId, contributor } = telling;
      const rarest = [...words].sort((a, b) => this.asked.get(a)! - this.asked.get(b)!);
      return {
        order: this.order++,
        rowId,
        contributor,
        topic: rarest.slice(0, TOPIC),
        names: names.slice(0, TOPIC),
      };
    });
    const { contributor, row } = rows[0]!.telling;
    for (const words of phrasesOf(saidWords(row))) {
      const key = words.join(" ");
      const phrase = this.phrases.get(key);
      if (phrase === undefined) {
        this.phrases.set(key, { rows: tellers, tellings: 1, contributor, isShared: false });
        this.lengths.set(words[0]!, (this.lengths.get(words[0]!) ?? 0) | (1 << words.length));
        continue;
      }
      phrase.rows = [...phrase.rows, ...tellers].slice(0, COMPARED);
      phrase.tellings += 1;
      phrase.isShared ||= phrase.contributor !== contributor;
    }
  }
}

/**
 * Answers of two words or more that one other contributor alone has told: those of several rows, where they are most of what is said. Of one
 * word none counts: whoever answered early with single words alone would leave later answers made of them to nobody.
 */
function strungIn(found: readonly Found[], contributor: Address, said: readonly string[]): readonly Found[] {
  const strung = found
    .filter(({ start, end, phrase }) => end - start > 1 && isAnothers(phrase, contributor))
    .sort((a, b) => a.start - b.start || b.end - a.end);
  const all = new Covered();
  // What stands within another answer counts as no row's.
  const rows = new Set(strung.filter((each) => all.add(each) > 0).map(({ phrase }) => phrase.rows[0]!));
  return rows.size > 1 && all.isMost(STRUNG, said) ? strung : [];
}

/** Whether one contributor alone has told a phrase, and not this one. */
function isAnothers(phrase: Phrase, contributor: Address): boolean {
  return !phrase.isShared && phrase.contributor !== contributor;
}

/** The rows whose answers make up a list, none where it is no list. An answer of one word is anybody's, unless it comes again and again. */
function listed(found: readonly Found[], contributor: Address, said: readonly string[]): readonly Teller[] {
  const all = new Covered();
  const rows = new Set<Teller>();
  const times = new Map<Phrase, { so: Covered; count: number }>();
  for (const each of found) {
    const { start, end, phrase } = each;
    if (!isAnothers(phrase, contributor)) continue;
    all.add(each);
    if (end - start > 1) rows.add(phrase.rows[0]!);
    const known = times.get(phrase) ?? { so: new Covered(), count: 0 };
    times.set(phrase, known);
    known.so.add(each);
    known.count += 1;
  }
  if (all.isMost(LISTED, said) && rows.size >= LIST) return [...rows];
  return [...times]
    .filter(([, { so, count }]) => count >= LIST && so.isMost(LISTED, said))
    .map(([phrase]) => phrase.rows[0]!);
}

/** floor(log2(of / count)), for a count that is not above `of`. */
function bitsOf(count: number, of: number): number {
  let bits = 0;
  while (count * 2 ** (bits + 1) <= of) bits++;
  return bits;
}
