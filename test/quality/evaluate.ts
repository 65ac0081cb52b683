import { writeFileSync } from "node:fs";
import { Session } from "../../native/js/index.ts";
import { bm25Owner } from "../../node/ai/evaluation/bm25.ts";
import { readModelFolder } from "../../node/ai/model/files.ts";
import { loadModel } from "../../node/ai/model/load.ts";
import type { Method } from "../../node/ai/train/method.ts";
import { CodedError } from "../../node/base/errors.ts";
import { SHIPPED_BASE } from "../../node/cli/protocol.ts";
import type { Judge } from "./causal.ts";
import { type Cell, meanCells } from "./cell.ts";
import { compareRules, type RuleFigures } from "./comparison.ts";
import type { FactSet } from "./facts.ts";
import type { Answered } from "./hand.ts";
import type { Rule } from "./pay.ts";
import { shareOut } from "./share-out.ts";
import { type Form, rowsOf, runTrial, type TrialAnswer, textsOf, type Wording } from "./trial.ts";

/** Rows of questions asked in their own words and reworded; prose asked in its facts' own words and reworded. */
export interface Evaluation {
  own: Cell;
  reworded: Cell;
  prose: Cell;
  proseReworded: Cell;
}

/** Asks where the pay is decided; absent: in this process, as a host would. */
export interface AskOnChain {
  /** Who ask, each one question at a time. */
  payers: readonly string[];
  /** A fact in a wording of a form. */
  ask: (
    fact: { form: Form; wording: Wording; index: number },
    payer: string,
  ) => Promise<Pick<Answered, "answer" | "first" | "shares">>;
}

/** What is measured, and how. */
export interface EvaluationInput {
  set: FactSet;
  /** Folder of the base model; the shipped one unless given. */
  baseFolder?: string | undefined;
  method: Method;
  forms: readonly Form[];
  wordings: readonly Wording[];
  judge: Judge;
  askOnChain?: AskOnChain | undefined;
}

/** Cells by form and wording ("pairs own"), and all answers with whom each rule would pay. */
export interface Measured {
  cells: ReadonlyMap<string, Cell>;
  answers: readonly TrialAnswer[];
}

/**
 * Measures a fact set against the truth of training again without each contributor, same plan.
 * @throws CodedError `ANSWER_DIFFERS` when the chain's host gave another answer than training again from the same rows does.
 */
export async function evaluate(input: EvaluationInput): Promise<Measured> {
  const { set, baseFolder, method, forms, wordings, judge, askOnChain } = input;
  const session = new Session();
  const base = await loadModel(await readModelFolder(baseFolder ?? SHIPPED_BASE));
  const cells = new Map<string, Cell>();
  const all: TrialAnswer[] = [];
  for (const form of forms) {
    const trial = await runTrial({ session, base, set, form, method, judge }, wordings);
    for (const wording of wordings) {
      const answers = trial.get(wording)!;
      const paid = askOnChain ? await paidOnChain(answers, form, wording, askOnChain) : answers;
      cells.set(`${form} ${wording}`, cellOf(set, form, paid));
      all.push(...paid);
    }
  }
  return { cells, answers: all };
}

async function paidOnChain(
  answers: readonly TrialAnswer[],
  form: Form,
  wording: Wording,
  { payers, ask }: AskOnChain,
): Promise<TrialAnswer[]> {
  const paid: TrialAnswer[] = new Array(answers.length);
  await shareOut(answers, payers, async (answer, index, payer) => {
    const found = await ask({ form, wording, index }, payer);
    if (found.answer !== answer.answer) {
      throw new CodedError("ANSWER_DIFFERS", "fatal", {
        message: `"${answer.question}": the host answered "${found.answer}", training again gives "${answer.answer}"`,
        fix: "give the base and the method that the host serves",
        facts: { form, wording, index },
      });
    }
    paid[index] = { ...answer, first: found.first, shares: found.shares };
  });
  return paid;
}

/** Counts one cell. */
export function cellOf(set: FactSet, form: Form, answers: readonly TrialAnswer[]): Cell {
  const texts = textsOf(set, form);
  const sources = rowsOf(set, form).map(({ contributor: owner }, i) => ({ text: texts[i]!, owner }));
  const count = (holds: (answer: TrialAnswer) => boolean) => answers.filter(holds).length;
  const share = answers.reduce((sum, { shares, causal }) => sum + (shares.get(causal ?? "") ?? 0), 0);
  return {
    exact: count(({ exact }) => exact),
    of: answers.length,
    owner: count(({ first, fact }) => first === fact.contributor),
    causalFirst: count(({ first, causal }) => first !== undefined && first === causal),
    causalShare: answers.length === 0 ? 0 : share / answers.length,
    bm25Causal: count(({ question, causal }) => bm25Owner(sources, question) === causal),
  };
}

function evaluationOf(cells: ReadonlyMap<string, Cell>): Evaluation {
  return {
    own: cells.get("pairs own")!,
    reworded: cells.get("pairs reworded")!,
    prose: cells.get("prose own")!,
    proseReworded: cells.get("prose reworded")!,
  };
}

/** Writes the cells of all forms and wordings, of each training and their means, and the figures of each rule over all answers. */
export function writeEvaluation(file: string, measured: readonly Measured[]): void {
  const answers = measured.flatMap((found) => found.answers);
  const evaluation = {
    ...evaluationOf(meanCells(measured.map(({ cells }) => cells))),
    seeds: measured.map(({ cells }) => evaluationOf(cells)),
    rules: Object.fromEntries(compareRules(answers)) as Record<Rule, RuleFigures>,
  };
  writeFileSync(file, `${JSON.stringify(evaluation, null, 2)}\n`);
}

/** One line a cell; what the judge found is left out where there was none. */
export function evaluationLines(name: string, { cells, answers }: Measured): string[] {
  const isJudged = answers.some(({ causal }) => causal !== undefined);
  return [...cells].map(([cell, of]) =>
    [
      `${name} ${cell}`.padEnd(26),
      `exact ${of.exact} of ${of.of}`,
      `fact's contributor first ${of.owner}`,
      ...(isJudged
        ? [
            `causal contributor first ${of.causalFirst}, paid ${of.causalShare.toFixed(3)}`,
            `BM25 ${of.bm25Causal}`,
          ]
        : []),
    ].join("  "),
  );
}
