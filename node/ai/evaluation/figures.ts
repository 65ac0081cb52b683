import type { MethodName } from "./method-names.ts";
import type { Judged } from "./methods.ts";
import type { AttributionReport, MethodFigures } from "./report.ts";
import { bootstrap, spearman, wilson } from "./statistics.ts";
import type { Ablation } from "./truth.ts";

/** What was trained again, what it showed, and what the methods say. */
export interface Measurements {
  outs: readonly Ablation[];
  random: readonly Ablation[];
  owners: readonly string[];
  /** By ablation, then by answer: what leaving a contributor out takes; how likely the answer is by a half. */
  taken: readonly (readonly number[])[];
  kept: readonly (readonly number[])[];
  judged: readonly ReadonlyMap<MethodName, Judged>[];
}

/** Figures of every method. */
export function figuresOf(measured: Measurements): AttributionReport["methods"] {
  const names = [...(measured.judged[0]?.keys() ?? [])];
  const scores = new Map(
    names.map((name) => [name, measured.random.length < 3 ? [] : ldsOf(name, measured)]),
  );
  const exact = names.includes("ekfacDoubles") ? "ekfacDoubles" : "ekfacFull";
  const full = scores.get(exact) ?? [];
  const figures = names.map((name) => {
    const lds = scores.get(name)!;
    const less = full.map((value, answer) => lds[answer]! - value);
    return [
      name,
      {
        ...payFigures(name, measured),
        ...(lds.length === 0 ? {} : { lds: meanOf(lds) }),
        ...(less.length === 0 || name === exact ? {} : { lessFull: meanOf(less) }),
      },
    ];
  });
  return Object.fromEntries(figures) as AttributionReport["methods"];
}

function payFigures(name: MethodName, measured: Measurements): MethodFigures {
  const { outs, owners, taken, judged } = measured;
  const contributors = [...new Set(owners)].sort();
  const causal = judged.map((_, answer) => contributors[indexOfMost(taken.map((of) => of[answer]!))]!);
  const pays = judged.map((methods) => methods.get(name)!.pay);
  const count = pays.filter(({ first }, i) => first === causal[i]).length;
  return {
    first: { count, interval: [...wilson(count, judged.length)] },
    share: meanOf(pays.map(({ shares }, i) => shares.get(causal[i]!) ?? 0)),
    ...(outs.length < 3
      ? {}
      : {
          spearman: meanOf(correlations(name, judged, outs, taken, ({ isLeftOut }, row) => isLeftOut(row))),
        }),
  };
}

/** By answer: rank correlation over the halves of what a method says of their rows and how likely they make the answer. */
function ldsOf(name: MethodName, { judged, random, kept }: Measurements): number[] {
  return correlations(name, judged, random, kept, ({ isLeftOut }, row) => !isLeftOut(row));
}

function correlations(
  name: MethodName,
  judged: Measurements["judged"],
  sets: readonly Ablation[],
  truth: readonly (readonly number[])[],
  isIn: (set: Ablation, row: number) => boolean,
): number[] {
  return judged.map((methods, answer) => {
    const { values } = methods.get(name)!;
    const sums = sets.map((set) =>
      values.reduce((sum, value, row) => (isIn(set, row) ? sum + value : sum), 0),
    );
    return spearman(
      sums,
      truth.map((of) => of[answer]!),
    );
  });
}

/**
 * How far the truth of the halves agrees with itself: by answer the mean rank correlation between two seeds, and from it that of the mean over
 * all seeds (Spearman 1910; Brown 1910); not below 0.
 * @param bySeed by seed, by half, by answer.
 */
export function ceilingOf(bySeed: readonly (readonly (readonly number[])[])[]): ReturnType<typeof meanOf> {
  const answers = bySeed[0]?.[0]?.length ?? 0;
  const seeds = bySeed.length;
  const values = Array.from({ length: answers }, (_, answer) => {
    const truths = bySeed.map((halves) => halves.map((of) => of[answer]!));
    const pairs = truths.flatMap((one, i) => truths.slice(i + 1).map((other) => spearman(one, other)));
    const between = Math.max(0, pairs.reduce((sum, value) => sum + value, 0) / pairs.length);
    return (seeds * between) / (1 + (seeds - 1) * between);
  });
  return meanOf(values);
}

/** Means of lists of equal length, place by place. */
export function meanOver(lists: readonly (readonly number[])[]): number[] {
  return lists[0]!.map((_, i) => lists.reduce((sum, list) => sum + list[i]!, 0) / lists.length);
}

function meanOf(values: readonly number[]): { mean: number; interval: [number, number] } {
  const { mean, interval } = bootstrap(values);
  return { mean, interval: [...interval] };
}

function indexOfMost(values: readonly number[]): number {
  return values.reduce((best, value, i) => (value > values[best]! ? i : best), 0);
}
