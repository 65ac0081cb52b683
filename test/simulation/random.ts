/** Numbers of a game: the same seed gives the same game on every machine. */
export interface Random {
  /** A whole number from 0 up to `end`, `end` left out. At most 2^32. */
  below(end: number): number;
  /** True once in a while: `parts` of 10,000. */
  chance(parts: number): boolean;
}

const UINT32 = 2 ** 32;

/** mulberry32: a known small generator, good enough for games, not for keys. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (end: number): number => Math.floor((next() * end) / UINT32);
  return { below, chance: (parts) => below(10_000) < parts };
}
