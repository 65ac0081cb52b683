import { concatBytes } from "../base/bytes.ts";
import { Turns } from "../base/turns.ts";
import { BLOOM_BITS, BLOOM_BYTES, type BloomQuery, bloomMatches } from "../chain/rules/bloom.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { BUCKET, hashKey, numberKey, toHash } from "./keys.ts";
import type { KeyValueStore, Write } from "./level.ts";

/** Finds blocks by the bloom filters of their headers without reading the blocks. */
export interface LogIndex {
  /**
   * Numbers of the canonical blocks in `from` to `to` whose logs may match, ascending. It gives the thread away every few
   * milliseconds; blocks that change meanwhile may be missed.
   */
  candidates(query: BloomQuery, from: bigint, to: bigint): AsyncIterableIterator<bigint>;
  /** Indexes what is whole up to `head` and not indexed yet, in turns. One at a time. */
  extend(head: bigint, signal?: AbortSignal): Promise<void>;
}

/** Blocks of a section: it keeps one vector of bits, one a block, for each bit of the filters. */
export const SECTION = 2_048;
const VECTOR_BYTES = SECTION / 8;
/** Behind the filters' own: blocks with any log. */
const ANY = BLOOM_BITS;
/** Behind the vectors: the hash of the section's last block, which vouches for all of them. */
const LAST_HASH = BLOOM_BITS + 1;

/** Where things are in a header's RLP: a list of more than 255 bytes, and fields of fixed length up to the filter. */
const PARENT_AT = 3 + 1;
const BLOOM_AT = 3 + 2 * 33 + 21 + 3 * 33 + 3;

/** Of one block, as it is stored. */
interface BlockBloom {
  parentHash: Uint8Array;
  bloom: Uint8Array;
}

function sectionKey(section: number, vector: number): Uint8Array {
  return concatBytes(numberKey(BUCKET.logIndex, BigInt(section)), Uint8Array.of(vector >> 8, vector & 255));
}

/** The index over a chain's database. */
export function createLogIndex(level: KeyValueStore): LogIndex {
  return new LevelLogIndex(level);
}

class LevelLogIndex implements LogIndex {
  private readonly level: KeyValueStore;
  /** Sections from 0 on that were found whole: the next to look at. */
  private next = 0;

  constructor(level: KeyValueStore) {
    this.level = level;
  }

  async *candidates(query: BloomQuery, from: bigint, to: bigint): AsyncIterableIterator<bigint> {
    const turns = new Turns();
    const end = Number(to) + 1;
    for (let at = Number(from); at < end; ) {
      const section = Math.floor(at / SECTION);
      const stop = Math.min(end, (section + 1) * SECTION);
      const found = this.isWhole(section) ? this.bitsOf(section, query) : undefined;
      for (; at < stop; at++) {
        const inSection = at % SECTION;
        // Eight blocks without a bit are passed over at once.
        if (found !== undefined && inSection % 8 === 0 && found[inSection >> 3] === 0) {
          at += 7;
          continue;
        }
        const matches =
          found === undefined
            ? this.blockMatches(at, query)
            : (found[inSection >> 3]! & (1 << (inSection & 7))) !== 0;
        if (matches) yield BigInt(at);
        if (turns.isOver) await turns.next();
      }
      if (turns.isOver) await turns.next();
    }
  }

  async extend(head: bigint, signal?: AbortSignal): Promise<void> {
    const whole = Math.floor((Number(head) + 1) / SECTION);
    // A reorg may have taken sections away behind what was found whole.
    while (this.next > 0 && !this.isWhole(this.next - 1)) this.next--;
    for (; this.next < whole; this.next++) {
      if (signal?.aborted === true) return;
      if (!this.isWhole(this.next) && !(await this.build(this.next, signal))) return;
    }
  }

  private canonicalHash(number: number): Uint8Array | undefined {
    return this.level.get(numberKey(BUCKET.canonical, BigInt(number)));
  }

  /** True where the section was indexed, and its blocks are canonical still. */
  private isWhole(section: number): boolean {
    const last = this.level.get(sectionKey(section, LAST_HASH));
    if (last === undefined) return false;
    const canonical = this.canonicalHash((section + 1) * SECTION - 1);
    return canonical !== undefined && toHash(canonical) === toHash(last);
  }

  /** One bit for each block of the section that may match. */
  private bitsOf(section: number, query: BloomQuery): Uint8Array {
    const vector = (number: number) =>
      this.level.get(sectionKey(section, number)) ?? new Uint8Array(VECTOR_BYTES);
    if (query.length === 0) return vector(ANY);
    const known = new Map<number, Uint8Array>();
    const bit = (number: number) => {
      const found = known.get(number) ?? vector(number);
      known.set(number, found);
      return found;
    };
    const result = new Uint8Array(VECTOR_BYTES).fill(255);
    for (const group of query) {
      const alternatives = new Uint8Array(VECTOR_BYTES);
      for (const [a, b, c] of group) {
        const [x, y, z] = [bit(a), bit(b), bit(c)];
        for (let i = 0; i < VECTOR_BYTES; i++) alternatives[i] = alternatives[i]! | (x[i]! & y[i]! & z[i]!);
      }
      for (let i = 0; i < VECTOR_BYTES; i++) result[i] = result[i]! & alternatives[i]!;
    }
    return result;
  }

  private blockMatches(number: number, query: BloomQuery): boolean {
    const hash = this.canonicalHash(number);
    const block = hash && this.blockBloom(toHash(hash));
    return block !== undefined && bloomMatches(query, block.bloom);
  }

  /** Read at its place, without decoding the header. */
  private blockBloom(hash: Hash): BlockBloom | undefined {
    const record = this.level.get(hashKey(BUCKET.block, hash));
    if (record === undefined) return undefined;
    const header = 4 + new DataView(record.buffer, record.byteOffset).getUint32(0);
    return {
      parentHash: record.subarray(header + PARENT_AT, header + PARENT_AT + 32),
      bloom: record.subarray(header + BLOOM_AT, header + BLOOM_AT + BLOOM_BYTES),
    };
  }

  /** Indexes a section; false where its blocks are not all there, or changed meanwhile. */
  private async build(section: number, signal: AbortSignal | undefined): Promise<boolean> {
    const turns = new Turns();
    const vectors = new Map<number, Uint8Array>();
    let before: Hash | undefined;
    for (let i = 0; i < SECTION; i++) {
      const stored = this.canonicalHash(section * SECTION + i);
      const hash = stored && toHash(stored);
      const block = hash && this.blockBloom(hash);
      if (block === undefined || (before !== undefined && toHash(block.parentHash) !== before)) return false;
      addBits(vectors, i, block.bloom);
      before = hash;
      if (!turns.isOver) continue;
      await turns.next();
      if (signal?.aborted === true) return false;
    }
    await this.level.write(this.sectionWrites(section, vectors, before!), false);
    return this.isWhole(section);
  }

  private sectionWrites(section: number, vectors: Map<number, Uint8Array>, last: Hash): Write[] {
    const key = sectionKey(section, LAST_HASH);
    const isAgain = this.level.get(key) !== undefined;
    const writes: Write[] = [{ key, value: hashKey(BUCKET.block, last).subarray(1) }];
    for (let vector = 0; vector <= ANY; vector++) {
      const value = vectors.get(vector);
      if (value !== undefined || isAgain) writes.push({ key: sectionKey(section, vector), value });
    }
    return writes;
  }
}

/** Adds a block's filter to the vectors of its section. */
function addBits(vectors: Map<number, Uint8Array>, block: number, bloom: Uint8Array): void {
  const set = (vector: number) => {
    const bits = vectors.get(vector) ?? new Uint8Array(VECTOR_BYTES);
    bits[block >> 3] = bits[block >> 3]! | (1 << (block & 7));
    vectors.set(vector, bits);
  };
  let isEmpty = true;
  for (const [i, byte] of bloom.entries()) {
    if (byte === 0) continue;
    isEmpty = false;
    for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) set(8 * i + bit);
  }
  if (!isEmpty) set(ANY);
}
