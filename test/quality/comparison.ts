import type { Pay } from "../../node/ai/evaluation/pay.ts";
import { bootstrap, type Interval, mcnemar, wilson } from "../../node/ai/evaluation/statistics.ts";
import { overlapWith, type Verdict } from "./causal.ts";
import { RULES, type Rule } from "./pay.ts";

/** An answer whose causal contributor is known, and whom each rule pays for it. */
export interface JudgedAnswer extends Verdict {
  byRule: ReadonlyMap<Rule, Pay>;
}

/** How often a rule pays the causal contributor most, and what share it pays that one. */
export interface RuleFigures {
  of: number;
  causalFirst: number;
  /** Wilson, 95 %. */
  causalFirstInterval: Interval;
  causalShare: number;
  /** Bootstrap over answers, 95 %. */
  causalShareInterval: Interval;
  /** Against {@link RIVAL}, answer by answer: McNemar's p, and the part of resamples in which the share is not larger. */
  firstAgainstBm25: number;
  shareAgainstBm25: number;
  /** Mean overlap of pay with the Shapley values and its interval; absent where they were not computed. */
  shapley?: { overlap: number; interval: Interval };
}

const RIVAL: Rule = "bm25Answer";

/** Figures of each rule over the answers whose causal contributor is known. */
export function compareRules(answers: readonly JudgedAnswer[]): ReadonlyMap<Rule, RuleFigures> {
  const judged = answers.filter(({ causal }) => causal !== undefined);
  const isFirst = (rule: Rule) => judged.map(({ causal, byRule }) => byRule.get(rule)?.first === causal);
  const shares = (rule: Rule) =>
    judged.map(({ causal, byRule }) => byRule.get(rule)?.shares.get(causal!) ?? 0);
  const [rivalFirst, rivalShares] = [isFirst(RIVAL), shares(RIVAL)];
  const figures = (rule: Rule): RuleFigures => {
    const [first, share] = [isFirst(rule), shares(rule)];
    const causalFirst = first.filter(Boolean).length;
    const { mean, interval } = bootstrap(share);
    return {
      of: judged.length,
      causalFirst,
      causalFirstInterval: wilson(causalFirst, judged.length),
      causalShare: mean,
      causalShareInterval: interval,
      firstAgainstBm25: mcnemar(
        first.filter((holds, i) => holds && !rivalFirst[i]).length,
        first.filter((holds, i) => !holds && rivalFirst[i]).length,
      ),
      shareAgainstBm25: bootstrap(share.map((value, i) => value - rivalShares[i]!)).notAbove,
      ...overlapOf(rule, judged),
    };
  };
  return new Map((Object.keys(RULES) as Rule[]).map((rule) => [rule, figures(rule)]));
}

function overlapOf(rule: Rule, judged: readonly JudgedAnswer[]): Pick<RuleFigures, "shapley"> {
  if (judged.length === 0 || judged.some(({ shapley }) => shapley === undefined)) return {};
  const nobody = new Map<string, number>();
  const { mean, interval } = bootstrap(
    judged.map(({ shapley, byRule }) => overlapWith(shapley!, byRule.get(rule)?.shares ?? nobody)),
  );
  return { shapley: { overlap: mean, interval } };
}

/** A table, a line each rule. */
export function comparisonLines(title: string, answers: readonly JudgedAnswer[]): string[] {
  const figures = [...compareRules(answers)];
  const of = figures[0]?.[1].of ?? 0;
  if (of === 0) return [];
  const width = Math.max(...Object.values(RULES).map(({ length }) => length));
  const range = ([low, high]: Interval) => `[${low.toFixed(3)}, ${high.toFixed(3)}]`;
  const lines = figures.map(([rule, found]) =>
    [
      `  ${RULES[rule].padEnd(width)}`,
      `${found.causalFirst}`.padStart(4),
      range(found.causalFirstInterval),
      found.causalShare.toFixed(3),
      range(found.causalShareInterval),
      rule === RIVAL
        ? ""
        : `${found.firstAgainstBm25.toPrecision(2)} / ${found.shareAgainstBm25.toPrecision(2)}`,
      found.shapley ? `Shapley ${found.shapley.overlap.toFixed(3)} ${range(found.shapley.interval)}` : "",
    ]
      .join("  ")
      .trimEnd(),
  );
  return [
    `${title}: of ${of} answers, the contributor without whose rows the answer would be least likely is paid first,`,
    "with the 95 % interval, and paid this share, with its interval; p against BM25 from question and answer: first (McNemar) / share",
    ...lines,
  ];
}
