import { z } from "zod";
import { METHODS, type MethodName } from "./method-names.ts";

const interval = z.tuple([z.number(), z.number()]);
const mean = z.strictObject({ mean: z.number(), interval });
const figures = z.strictObject({
  /** Answers whose causal contributor is paid first; Wilson, 95 %. */
  first: z.strictObject({ count: z.number().int(), interval }),
  /** Mean share paid to the causal contributor; bootstrap over answers, 95 %, as all below. */
  share: mean,
  /** Rank correlation over contributors of what the method says and what leaving each out takes; absent for fewer than three. */
  spearman: mean.optional(),
  /** Linear datamodelling score over random halves of the rows (Park et al. 2023); absent without them. */
  lds: mean.optional(),
  /** The same, less that of EK-FAC in full (in fp64 where that was computed), answer by answer; absent where either is. */
  lessFull: mean.optional(),
});

const names = Object.keys(METHODS) as [MethodName, ...MethodName[]];

/** How good attribution is on a model, measured by training again. */
export const reportSchema = z.strictObject({
  format: z.literal("openledger/attribution-report/1"),
  manifestHash: z.string().regex(/^0x[0-9a-f]{64}$/),
  answers: z.number().int(),
  contributors: z.number().int(),
  halves: z.number().int(),
  /** Trainings of each half, where there are several; the halves' truth is the mean over them. */
  seeds: z.number().int().min(2).optional(),
  /** How far that truth agrees with itself: rank correlation between seeds, for their mean by Spearman and Brown (1910). */
  ceiling: mean.optional(),
  methods: z.strictObject({
    ...{ random: figures, bm25Question: figures, bm25Answer: figures, gradDot: figures, gradCos: figures },
    // Where all gradients would not have fitted in memory, these are not there.
    ...{ dataInf: figures.optional(), ekfacFull: figures.optional(), ekfacDoubles: figures.optional() },
    ...{ repSim: figures, factored: figures, influence: figures, spans: figures, fused: figures },
  }),
});

export type AttributionReport = z.infer<typeof reportSchema>;
export type MethodFigures = z.infer<typeof figures>;

const TITLES = ["first", "share", "Spearman", "LDS", "LDS, less in full"] as const;
/** Characters of a column. */
const CELL = 24;

/** A line a method. */
export function reportLines(report: AttributionReport): string[] {
  const { answers, contributors, halves, methods, seeds, ceiling } = report;
  const width = Math.max(...Object.values(METHODS).map(({ length }) => length));
  const number = (value: number) => value.toFixed(3);
  const shown = (found: { mean: number; interval: [number, number] } | undefined) =>
    found ? `${number(found.mean)} [${found.interval.map(number).join(", ")}]` : "-";
  const columns = TITLES.map((title) => title.padEnd(CELL)).join("");
  return [
    `judged on ${answers} answers by training again without each of ${contributors} contributors, and on ${halves} random halves of the rows${seeds === undefined ? "" : `, ${seeds} times each`}`,
    ...(ceiling ? [`  noise ceiling of LDS: ${shown(ceiling)}`] : []),
    `  ${"".padEnd(width)}  ${columns}`.trimEnd(),
    ...names.flatMap((name) => {
      const found = methods[name];
      if (found === undefined) return [];
      const { first, share, spearman, lds, lessFull } = found;
      const cells = [
        `${first.count} [${first.interval.map(number).join(", ")}]`,
        ...[share, spearman, lds, lessFull].map(shown),
      ];
      return [
        `  ${METHODS[name].padEnd(width)}  ${cells.map((cell) => cell.padEnd(CELL)).join("")}`.trimEnd(),
      ];
    }),
  ];
}
