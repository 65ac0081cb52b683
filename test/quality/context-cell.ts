import { NAT_UNITS } from "../../node/ai/context/nats.ts";
import { type ContextLosses, contextPart, dropsOf, partsOf } from "../../node/ai/context/rule.ts";
import type { Row } from "../../node/ai/datanet/rows.ts";
import { type Fact, holdsValue } from "./facts.ts";

/** An answer, and what the rows in its prompt did for it. */
export interface JudgedAnswer {
  answer: string;
  isExact: boolean;
  losses: ContextLosses;
}

/** One question with the rows that were shown, and what came of it. */
export interface ShownAnswer {
  fact: Fact;
  rows: readonly { rowId: number; row: Row; contributor: string }[];
  /** Of the base model with rows, of the trained one with rows, and of the trained one without. */
  base: JudgedAnswer;
  both: JudgedAnswer;
  trained: Pick<JudgedAnswer, "answer" | "isExact">;
}

/** What is counted of one answerer with rows. */
export interface ContextFigures {
  exact: number;
  /** Answers that hold the fact's value, whatever is around it. */
  named: number;
  /** Answers of which the row with the largest drop is the fact's contributor's. */
  contributor: number;
  /** Answers that a shown row says, and those of them of which such a row has the largest drop. */
  said: number;
  saidFirst: number;
  /** Means over all answers, in nats. */
  training: number;
  context: number;
  /** What the rows added for the base model alone. */
  byBase: number;
  /** Mean part of the context in both gains. */
  part: number;
}

export interface ContextCell {
  of: number;
  /** Questions with a row of the fact's contributor in the prompt that holds its value. */
  goldShown: number;
  /** Exact answers of the trained model without rows. */
  trainedExact: number;
  base: ContextFigures;
  both: ContextFigures;
}

/** Counts the answers of a set in one form and wording. */
export function contextCell(answers: readonly ShownAnswer[]): ContextCell {
  return {
    of: answers.length,
    goldShown: answers.filter(isGoldShown).length,
    trainedExact: answers.filter(({ trained }) => trained.isExact).length,
    base: figuresOf(answers, ({ base }) => base),
    both: figuresOf(answers, ({ both }) => both),
  };
}

function isGoldShown({ fact, rows }: ShownAnswer): boolean {
  return rows.some(
    ({ row, contributor }) => contributor === fact.contributor && holdsValue(row.completion, fact.answer),
  );
}

function figuresOf(
  answers: readonly ShownAnswer[],
  of: (answer: ShownAnswer) => JudgedAnswer,
): ContextFigures {
  const judged = answers.map((answer) => {
    const { losses, ...found } = of(answer);
    const first = firstOf(losses);
    const { fact, rows } = answer;
    const isSaid = rows.map(({ row }) => holdsValue(found.answer, row.completion));
    const { training, context } = partsOf(losses);
    const byDrop = { ...losses, rows: losses.rows.map((row) => ({ ...row, gain: 1 })) };
    return {
      ...{ isExact: found.isExact, isNamed: holdsValue(found.answer, fact.answer) },
      isContributors: first !== undefined && rows[first]!.contributor === fact.contributor,
      isSaid: isSaid.includes(true),
      isSaidFirst: first !== undefined && isSaid[first]!,
      ...{ training: training / NAT_UNITS, context: context / NAT_UNITS, part: contextPart(byDrop) },
      byBase: (losses.base.none - losses.base.all) / NAT_UNITS,
    };
  });
  const count = (holds: (one: (typeof judged)[number]) => boolean) => judged.filter(holds).length;
  const mean = (value: (one: (typeof judged)[number]) => number) =>
    judged.length === 0 ? 0 : judged.reduce((sum, one) => sum + value(one), 0) / judged.length;
  return {
    exact: count(({ isExact }) => isExact),
    named: count(({ isNamed }) => isNamed),
    contributor: count(({ isContributors }) => isContributors),
    said: count(({ isSaid }) => isSaid),
    saidFirst: count(({ isSaidFirst }) => isSaidFirst),
    training: mean(({ training }) => training),
    context: mean(({ context }) => context),
    byBase: mean(({ byBase }) => byBase),
    part: mean(({ part }) => part) / 10_000,
  };
}

/** The place of the row with the largest drop; undefined where none has one, or several have. */
function firstOf(losses: ContextLosses): number | undefined {
  const drops = dropsOf(losses);
  const most = Math.max(...drops);
  const places = [...drops.keys()].filter((place) => drops[place] === most);
  return most > 0 && places.length === 1 ? places[0] : undefined;
}

/** Lines for people. */
export function contextLines(
  title: string,
  { of, goldShown, trainedExact, base, both }: ContextCell,
): string[] {
  const line = (who: string, figures: ContextFigures) =>
    [
      `  ${who.padEnd(24)}exact ${figures.exact}, value named ${figures.named}`,
      `leaving each row out: contributor ${figures.contributor} of ${of}, a row that says the answer ${figures.saidFirst} of ${figures.said}`,
      `nats: training ${figures.training.toFixed(2)}, rows ${figures.context.toFixed(2)} (by the base ${figures.byBase.toFixed(2)}); the rows' part ${figures.part.toFixed(3)}`,
    ].join("; ");
  return [
    `${title}: ${of} questions, the fact's row among those shown ${goldShown}`,
    line("base, rows", base),
    line("base and adapter, rows", both),
    `  ${"base and adapter".padEnd(24)}exact ${trainedExact}`,
  ];
}
