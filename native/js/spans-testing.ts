import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SpanDocuments } from "./spans.ts";

/** Documents for the tests of spans, and answers about them straight from the definitions. */

/** Mulberry32: a small seeded generator of whole numbers below `bound`. */
export function seeded(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}

/** The lists of token ids as documents; row i is 10 * i, its contributor 20 bytes of i mod 7. */
export function documentsOf(lists: readonly (readonly number[])[]): SpanDocuments {
  let length = 0;
  const ends = Uint32Array.from(lists, (list) => {
    length += list.length;
    return length;
  });
  const contributors = new Uint8Array(20 * lists.length);
  lists.forEach((_, i) => {
    contributors.fill(i % 7, 20 * i, 20 * i + 20);
  });
  return {
    tokens: Uint32Array.from(lists.flat()),
    ends,
    rows: Uint32Array.from(lists, (_, i) => 10 * i),
    contributors,
  };
}

export function randomLists(
  seed: number,
  documents: number,
  longest: number,
  alphabet: number,
  base = 0,
): number[][] {
  const random = seeded(seed);
  return Array.from({ length: documents }, () =>
    Array.from({ length: random(longest + 1) }, () => base + random(alphabet)),
  );
}

/** Token lists as one text of symbols. */
export function symbolsOfLists(lists: readonly (readonly number[])[]): number[] {
  return lists.flatMap((list) => [...list.map((token) => token + 1), 0]);
}

/** Positions by comparing suffixes, symbol by symbol. */
export function naiveOrder(text: readonly number[]): number[] {
  return text
    .map((_, position) => position)
    .sort((a, b) => {
      for (let i = 0; ; i++) {
        const [left, right] = [text[a + i]!, text[b + i]!];
        if (left !== right) return left - right;
        if (left === 0) return a - b;
      }
    });
}

export function naiveCommon(text: readonly number[], order: readonly number[]): number[] {
  return order.map((position, rank) => {
    if (rank === 0) return 0;
    const before = order[rank - 1]!;
    let shared = 0;
    while (text[position + shared] === text[before + shared] && text[position + shared] !== 0) shared++;
    return shared;
  });
}

/** Prefix doubling over (rank, rank after) pairs: another algorithm for texts that are too long to compare naively. */
export function doublingOrder(text: readonly number[]): Uint32Array {
  const n = text.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  // An end is smaller than every token, and earlier ends are smaller than later ones.
  let rank = Float64Array.from(text, (symbol, i) => (symbol === 0 ? i : n + symbol));
  for (let width = 1; ; width *= 2) {
    const second = (i: number) => (i + width < n ? rank[i + width]! : -1);
    order.sort((a, b) => rank[a]! - rank[b]! || second(a) - second(b));
    const next = new Float64Array(n);
    for (let r = 1; r < n; r++) {
      const [a, b] = [order[r - 1]!, order[r]!];
      next[b] = next[a]! + (rank[a] === rank[b] && second(a) === second(b) ? 0 : 1);
    }
    rank = next;
    if (rank[order[n - 1]!] === n - 1) return order;
  }
}

export function scratchFolder(): string {
  return mkdtempSync(join(tmpdir(), "openledger-spans-"));
}
