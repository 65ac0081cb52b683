/**
 * Seeded random numbers in 32-bit integer arithmetic alone (xoshiro128**, Blackman and Vigna 2018; the seed is spread by
 * the murmur3 finaliser), so that every machine draws the same sequence.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d: number;

  /** A stream named by any number of 32-bit words; streams with different words are independent. */
  constructor(...words: readonly number[]) {
    let state = 0x9e3779b9;
    for (const word of words) state = mix((state ^ word) + 0x6d2b79f5);
    this.a = mix(state + 0x9e3779b9);
    this.b = mix(state + 0x3c6ef372);
    this.c = mix(state + 0xdaa66d2b);
    this.d = mix(state + 0x78dde6e4) | 1;
  }

  /** Uniform in 0 … 2^32 - 1. */
  next(): number {
    const product = Math.imul(this.b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= shifted;
    this.d = (this.d << 11) | (this.d >>> 21);
    return result >>> 0;
  }

  /** Uniform in 0 … bound - 1, for bounds up to 2^21 (the product stays an exact double). */
  below(bound: number): number {
    return Math.floor((this.next() * bound) / 4294967296);
  }

  /** Uniform in low … high, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True in `percent` of 100 draws. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  /** One item, all equally likely. Throws on an empty list. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError("pick from an empty list");
    return items[this.below(items.length)] as T;
  }

  /** A new list of `count` different items in random order. */
  sample<T>(items: readonly T[], count: number): T[] {
    const pool = [...items];
    const taken = Math.min(count, pool.length);
    for (let i = 0; i < taken; i++) {
      const j = i + this.below(pool.length - i);
      [pool[i], pool[j]] = [pool[j] as T, pool[i] as T];
    }
    return pool.slice(0, taken);
  }
}

function mix(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}
