import { Random } from "../../base/random.ts";

/** Lower and upper bound. */
export type Interval = readonly [low: number, high: number];

const Z95 = 1.959963984540054;

/** 95 % interval of a share of `count` in `of` (Wilson 1927). */
export function wilson(count: number, of: number): Interval {
  if (of === 0) return [0, 1];
  const share = count / of;
  const z2 = Z95 * Z95;
  const centre = share + z2 / (2 * of);
  const half = Z95 * Math.sqrt((share * (1 - share)) / of + z2 / (4 * of * of));
  return [(centre - half) / (1 + z2 / of), (centre + half) / (1 + z2 / of)];
}

/**
 * Exact two-sided p of McNemar's test.
 * @param onlyFirst answers on which the first rule is right and the second wrong.
 * @param onlySecond the other way round.
 */
export function mcnemar(onlyFirst: number, onlySecond: number): number {
  const of = onlyFirst + onlySecond;
  let tail = 0;
  let term = 0.5 ** of;
  for (let k = 0; k <= Math.min(onlyFirst, onlySecond); k++) {
    tail += term;
    term *= (of - k) / (k + 1);
  }
  return Math.min(1, 2 * tail);
}

const RESAMPLES = 10_000;

/** The mean's 95 % interval, and the part of resamples whose mean is not above 0; seeded, so the same for the same values. */
export function bootstrap(values: readonly number[]): { mean: number; interval: Interval; notAbove: number } {
  if (values.length === 0) return { mean: Number.NaN, interval: [Number.NaN, Number.NaN], notAbove: 1 };
  const random = new Random(values.length, RESAMPLES);
  const means = Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[random.below(values.length)]!;
    return sum / values.length;
  });
  means.sort((a, b) => a - b);
  const at = (part: number) => means[Math.floor(part * (RESAMPLES - 1))]!;
  return {
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    interval: [at(0.025), at(0.975)],
    notAbove: means.filter((mean) => mean <= 0).length / RESAMPLES,
  };
}

/**
 * Rank correlation of two lists of equal length (Spearman 1904): Pearson's correlation of ranks, equal values sharing their mean rank; 0
 * where one of them says nothing.
 */
export function spearman(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [ranksOf(a), ranksOf(b)];
  const mean = (a.length - 1) / 2;
  let [product, xx, yy] = [0, 0, 0];
  for (const [i, rank] of x.entries()) {
    const [dx, dy] = [rank - mean, y[i]! - mean];
    product += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx === 0 || yy === 0 ? 0 : product / Math.sqrt(xx * yy);
}

function ranksOf(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((i, j) => values[i]! - values[j]!);
  const ranks = new Array<number>(values.length);
  for (let at = 0; at < order.length; ) {
    let end = at + 1;
    while (end < order.length && values[order[end]!] === values[order[at]!]) end++;
    for (let i = at; i < end; i++) ranks[order[i]!] = (at + end - 1) / 2;
    at = end;
  }
  return ranks;
}
