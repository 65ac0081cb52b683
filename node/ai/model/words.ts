import { compareBytes } from "../../base/bytes.ts";

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * A list of words as one run of UTF-8. A vocabulary of strings takes ten times the room, and leaves the heap as large when it
 * is gone.
 */
export class Words {
  readonly length: number;
  /** All of them, one after the other. */
  readonly bytes: Uint8Array;
  private readonly ends: Uint32Array;

  /** @param ends where each word ends in `bytes`: whole characters, in order. */
  constructor(bytes: Uint8Array, ends: Uint32Array) {
    this.length = ends.length;
    this.bytes = bytes;
    this.ends = ends;
  }

  /** Where word `index` begins in {@link bytes}. */
  start(index: number): number {
    return index === 0 ? 0 : this.ends[index - 1]!;
  }

  end(index: number): number {
    return this.ends[index]!;
  }

  /** Word `index` as a string, or undefined where there is none. */
  text(index: number): string | undefined {
    if (index < 0 || index >= this.length) return undefined;
    return utf8.decode(this.bytes.subarray(this.start(index), this.end(index)));
  }

  *[Symbol.iterator](): Generator<string> {
    for (let index = 0; index < this.length; index++) yield this.text(index)!;
  }

  /** True where two of the words are the same. Takes n log n steps for whatever words. */
  hasTwice(): boolean {
    const hashes = new Uint32Array(this.length);
    for (let index = 0; index < hashes.length; index++) hashes[index] = this.hash(index);
    const sorted = hashes.slice().sort();
    const shared = new Set<number>();
    for (let at = 1; at < sorted.length; at++) if (sorted[at] === sorted[at - 1]) shared.add(sorted[at]!);
    if (shared.size === 0) return false;
    // A stranger can choose words of one hash as he likes: they are sorted, too.
    const words: Uint8Array[] = [];
    for (let index = 0; index < hashes.length; index++)
      if (shared.has(hashes[index]!)) words.push(this.bytes.subarray(this.start(index), this.end(index)));
    words.sort(compareBytes);
    return words.some((word, at) => at > 0 && compareBytes(words[at - 1]!, word) === 0);
  }

  /** FNV-1a, of 31 bits. */
  private hash(index: number): number {
    let hash = 0x811c9dc5;
    const end = this.end(index);
    for (let at = this.start(index); at < end; at++) hash = Math.imul(hash ^ this.bytes[at]!, 0x01000193);
    return hash >>> 1;
  }
}

/** Collects words. What it keeps them in is garbage at last, so it is told how much will come. */
export class WordsBuilder {
  length = 0;
  private size = 0;
  private bytes: Uint8Array;
  private ends: Uint32Array;

  /** @param bytes of all words, and their number, as far as that can be guessed: more than that fits, too. */
  constructor(bytes: number, words: number) {
    this.bytes = new Uint8Array(bytes);
    this.ends = new Uint32Array(words);
  }

  /** Adds the word that `source` holds from `start` to before `end`. */
  push(source: Uint8Array, start: number, end: number): void {
    const at = this.room(end - start);
    // Most words are shorter than what a copy in one call costs.
    for (let from = start, to = at; from < end; from++, to++) this.bytes[to] = source[from]!;
  }

  build(): Words {
    return new Words(this.bytes.subarray(0, this.size), this.ends.subarray(0, this.length));
  }

  /** Where a word of so many bytes goes. */
  private room(bytes: number): number {
    const at = this.size;
    this.size += bytes;
    if (this.size > this.bytes.length) {
      const larger = new Uint8Array(Math.max(this.size, 2 * this.bytes.length));
      larger.set(this.bytes);
      this.bytes = larger;
    }
    if (this.length === this.ends.length) {
      const more = new Uint32Array(2 * this.ends.length + 16);
      more.set(this.ends);
      this.ends = more;
    }
    this.ends[this.length++] = this.size;
    return at;
  }
}
