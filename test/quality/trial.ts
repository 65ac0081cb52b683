import type { Adapter, Example, Session } from "../../native/js/index.ts";
import { attributionOf, querySketch } from "../../node/ai/attribution/build.ts";
import { allScores } from "../../node/ai/attribution/sketch-index.ts";
import { ContextRows } from "../../node/ai/context/compose.ts";
import { exampleHash, type Row, rowOfSentence } from "../../node/ai/datanet/rows.ts";
import type { Pay } from "../../node/ai/evaluation/pay.ts";
import { comparedTokens, completionsOf } from "../../node/ai/fusion/texts.ts";
import type { LoadedModel } from "../../node/ai/model/load.ts";
import { checkedPrompt, generateAnswer, shownPrompt } from "../../node/ai/serve/inference.ts";
import type { Method } from "../../node/ai/train/method.ts";
import { planTraining } from "../../node/ai/train/plan.ts";
import type { RowPlace, TrainingExample } from "../../node/ai/train/snapshot.ts";
import { trainPlan } from "../../node/ai/train/train.ts";
import { Coalitions, type Judge, type Verdict } from "./causal.ts";
import { type Fact, type FactSet, holdsValue } from "./facts.ts";
import { payByRules, type Rule } from "./pay.ts";

export type Form = "pairs" | "prose";
export type Wording = "own" | "reworded";
export const WORDINGS: readonly Wording[] = ["own", "reworded"];

/** What a trial needs; it trains and answers in this process, with no chain beside it. */
export interface TrialInput {
  session: Session;
  base: LoadedModel;
  set: FactSet;
  form: Form;
  method: Method;
  /** How it is found out whose rows made the answers. */
  judge: Judge;
}

/** One question and what came of it, and whom the host's claim pays. */
export interface TrialAnswer extends Pay, Verdict {
  fact: Fact;
  question: string;
  answer: string;
  exact: boolean;
  /** Whom each rule would pay. */
  byRule: ReadonlyMap<Rule, Pay>;
}

/** Rows of a set in snapshot order, each with its contributor. */
export function rowsOf(set: FactSet, form: Form): { row: Row; contributor: string }[] {
  return form === "pairs"
    ? set.facts.map(({ question, answer, contributor }) => ({
        row: { prompt: question, completion: answer },
        contributor,
      }))
    : set.sentences.map(({ text, contributor }) => ({ row: rowOfSentence(text), contributor }));
}

/** What BM25 reads of each row. */
export function textsOf(set: FactSet, form: Form): string[] {
  return rowsOf(set, form).map(({ row }) =>
    form === "pairs" ? `${row.prompt} ${row.completion}` : row.completion,
  );
}

/** Trains on a set's rows and asks every fact in the wordings; what it gives depends on its input only. */
export async function runTrial(
  input: TrialInput,
  wordings: readonly Wording[],
): Promise<ReadonlyMap<Wording, readonly TrialAnswer[]>> {
  const { session, base, set, form, method } = input;
  const owned = rowsOf(set, form);
  const rows = owned.map(
    ({ row }, rowId): TrainingExample => ({ rowId, row, exampleHash: exampleHash(row) }),
  );
  const plan = await planTraining(rows, method, base.tokenizer, base.config.contextLength);
  const { native: adapter } = await trainPlan(session, base, plan, method);
  const names = set.contributors.map(({ name }) => name);
  const places = owned.map(
    ({ contributor }, rowId): RowPlace => ({
      rowId,
      first: rowId,
      row: rowId,
      contributor: "0x",
      contributionId: BigInt(1 + names.indexOf(contributor)),
      exampleHash: rows[rowId]!.exampleHash,
    }),
  );
  const { basis, index } = await attributionOf(session, base, adapter, { places, examples: rows }, method);
  const { commitment } = index;
  const completions = await completionsOf(rows, base.tokenizer);
  const candidates = new ContextRows(rows);
  const shown = { method, rows: async () => candidates };
  const owners = owned.map(({ contributor }) => contributor);
  const texts = textsOf(set, form);
  const coalitions = await Coalitions.train(input, plan, adapter, names, owners);
  const results = new Map<Wording, readonly TrialAnswer[]>();
  for (const wording of wordings) {
    const answers: TrialAnswer[] = [];
    for (const fact of set.facts) {
      const question = wording === "own" ? fact.question : fact.reworded;
      const { answer, example } = await ask(session, base, adapter, question, shown);
      const query = await querySketch(session, base.native, adapter, basis, commitment, example);
      const scores = await allScores(index, query);
      const answerTokens = await comparedTokens(answer, base.tokenizer);
      const seen = { terms: commitment, owners, scores, completions, answerTokens, texts, question, answer };
      const byRule = payByRules(seen);
      answers.push({
        ...{ fact, question, answer },
        exact: isExact(answer, fact, form, owned),
        ...byRule.get("fused")!,
        byRule,
        ...(await coalitions.judge(example)),
      });
    }
    results.set(wording, answers);
  }
  return results;
}

/** A model's greedy answer to a question, in words and in tokens behind the question alone; behind rows where its method shows them. */
export async function ask(
  session: Session,
  base: LoadedModel,
  adapter: Adapter,
  question: string,
  shown?: { method: Method; rows: () => Promise<ContextRows> },
): Promise<{ answer: string; example: Example }> {
  const ids = await checkedPrompt(base, question);
  const { method, rows } = shown ?? {};
  const composed = method && (await shownPrompt({ base, method }, { prompt: question }, ids, rows));
  const { answer, outputIds } = await generateAnswer(session, base, adapter, composed?.ids ?? ids, 64);
  return { answer, example: { ids: [...ids, ...outputIds], completionStart: ids.length } };
}

/** Prose is answered with its sentence: the one of this fact is the one with the fact's value. */
export function isExact(
  answer: string,
  fact: Fact,
  form: Form,
  owned: readonly { row: Row; contributor: string }[],
): boolean {
  if (form === "pairs") return answer === fact.answer;
  return holdsValue(answer, fact.answer) && owned.some(({ row }) => row.completion === answer);
}
