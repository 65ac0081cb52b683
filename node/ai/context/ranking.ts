import type { Question } from "../datanet/row-tokens.ts";
import { isProse, type Row } from "../datanet/rows.ts";
import { documentWeight } from "../spans/bm25.ts";
import { plainWords } from "../train/copies.ts";

/** A row of the index, as it may be shown. */
export interface ContextRow {
  rowId: number;
  row: Row;
}

/** What a question is looked for by: what the user said, the question last. */
export function questionWords({ prompt, before = [] }: Question): ReadonlySet<string> {
  const said = before.filter(({ role }) => role === "user").map(({ content }) => content);
  return new Set(wordsIn([...said, prompt].join("\n")));
}

/** What is read of a row: all that it asks and its answer; of prose, which is asked with its own words, the sentence alone. */
export function rowWords({ row }: Pick<ContextRow, "row">): string[] {
  const { prompt, completion, before = [] } = row;
  const asked = isProse(row) ? [] : [...before.map(({ content }) => content), prompt];
  return wordsIn([...asked, completion].join("\n"));
}

/** Words as the rules of copies read them; a text without any has none. */
function wordsIn(text: string): string[] {
  const words = plainWords(text);
  return words.length === 1 && words[0] === text && !/[\p{L}\p{N}]/u.test(text.normalize("NFKC"))
    ? []
    : words;
}

/** Ranks rows by how well their words fit a question's, in whole numbers: BM25 with k1 = 6/5 and b = 3/4. The same on every machine. */
export class RowRanking {
  private readonly rows: readonly ContextRow[];
  /** A number for each word. */
  private readonly words = new Map<string, number>();
  /** Where each word's rows begin in `places` and `times`. */
  private readonly starts: Uint32Array;
  /** Rows that hold a word, by their place, ascending; and how often each does. */
  private readonly places: Uint32Array;
  private readonly times: Uint32Array;
  /** Words of each row, and of all. */
  private readonly lengths: Uint32Array;
  private readonly total: number;

  /** @param rows those that take part, in ascending order of their ids. */
  constructor(rows: readonly ContextRow[]) {
    this.rows = rows;
    this.lengths = new Uint32Array(rows.length);
    const holding: number[] = [];
    let total = 0;
    for (const [place, row] of rows.entries()) {
      const words = rowWords(row);
      this.lengths[place] = words.length;
      total += words.length;
      for (const word of new Set(words)) {
        const id = this.words.get(word) ?? this.words.size;
        this.words.set(word, id);
        holding[id] = (holding[id] ?? 0) + 1;
      }
    }
    this.total = total;
    this.starts = new Uint32Array(holding.length + 1);
    for (const [id, count] of holding.entries()) this.starts[id + 1] = this.starts[id]! + count;
    const size = this.starts[holding.length]!;
    [this.places, this.times] = [new Uint32Array(size), new Uint32Array(size)];
    this.fill(rows);
  }

  /**
   * Rows for a question, the best first: score descending, ties the lower row; those that share no word with it are left out.
   * @param limit rows at most.
   */
  best(question: Question, limit: number): ContextRow[] {
    const scores = new Map<number, bigint>();
    for (const word of questionWords(question)) this.addWord(word, scores);
    return [...scores]
      .filter(([, score]) => score > 0n)
      .sort(([a, x], [b, y]) => (x === y ? a - b : x > y ? -1 : 1))
      .slice(0, limit)
      .map(([place]) => this.rows[place]!);
  }

  private fill(rows: readonly ContextRow[]): void {
    const next = this.starts.slice();
    for (const [place, row] of rows.entries()) {
      const counts = new Map<string, number>();
      for (const word of rowWords(row)) counts.set(word, (counts.get(word) ?? 0) + 1);
      for (const [word, count] of counts) {
        const at = next[this.words.get(word)!]!++;
        this.places[at] = place;
        this.times[at] = count;
      }
    }
  }

  /** floor(weight f (k1 + 1) / (f + k1 (1 - b + b length / mean length))), both sides of the fraction times 20 total. */
  private addWord(word: string, scores: Map<number, bigint>): void {
    const id = this.words.get(word);
    if (id === undefined) return;
    const [from, to] = [this.starts[id]!, this.starts[id + 1]!];
    const weight = BigInt(documentWeight(this.rows.length, to - from));
    const total = BigInt(this.total);
    for (let at = from; at < to; at++) {
      const place = this.places[at]!;
      const times = BigInt(this.times[at]!);
      const rest = 6n * total + 18n * BigInt(this.lengths[place]!) * BigInt(this.rows.length);
      const score = (44n * weight * times * total) / (20n * times * total + rest);
      scores.set(place, (scores.get(place) ?? 0n) + score);
    }
  }
}
