import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { Session } from "../../native/js/index.ts";
import { answerLoss } from "../../node/ai/attribution/answer-loss.ts";
import { ALL_EARNED, type AnswerLosses, earnedBpsOf } from "../../node/ai/attribution/discount.ts";
import { NAT_UNITS } from "../../node/ai/attribution/nats.ts";
import { readModelFolder } from "../../node/ai/model/files.ts";
import { loadModel } from "../../node/ai/model/load.ts";
import { checkedPrompt, generateAnswer } from "../../node/ai/serve/inference.ts";
import { packageRoot } from "../../node/base/paths.ts";
import { SHIPPED_BASE } from "../../node/cli/protocol.ts";
import { methodOf } from "./base.ts";
import { readFactFolder } from "./facts.ts";
import { type AskFlags, formsOf, wordingsOf } from "./flags.ts";
import { type Trained, trainOn } from "./trained.ts";

const FOLDER = join(packageRoot(), "test", "quality", "development");
/** Nothing in them is told by a row of the sets kept for development. */
const GENERAL = join(FOLDER, "general.json");

export interface DiscountFlags extends AskFlags {
  facts?: string | undefined;
  json?: string | undefined;
}

/** What training earned of an answer, in 1/10000, and what it follows from. */
export interface EarnedAnswer extends AnswerLosses {
  question: string;
  answer: string;
  earnedBps: number;
}

/** Of some answers: means, and the least and the most that training earned of one. */
export interface EarnedCell {
  of: number;
  earned: number;
  least: number;
  most: number;
  /** Means, in nats: of the answers by the base model, and by the trained one. */
  base: number;
  model: number;
}

/**
 * What the base model would have answered by itself, of facts that the rows tell and of questions that they say nothing about: on a folder of
 * facts, or on one kept for development.
 * @throws CodedError `NUMBER_INVALID`, and those of training and answering.
 */
export async function measureDiscount(flags: DiscountFlags): Promise<void> {
  const set = readFactFolder(flags.facts === undefined ? join(FOLDER, "islands") : resolve(flags.facts));
  const method = await methodOf(flags.method, flags.base);
  const session = new Session();
  const base = await loadModel(await readModelFolder(flags.base ?? SHIPPED_BASE));
  const general = z.array(z.string()).parse(JSON.parse(readFileSync(GENERAL, "utf8")));
  const found: Record<string, EarnedAnswer[]> = {};
  for (const form of formsOf(flags)) {
    const trained = await trainOn(session, base, set, form, method);
    const asked = wordingsOf(flags).map((wording): [string, string[]] => [
      wording,
      set.facts.map(({ question, reworded }) => (wording === "own" ? question : reworded)),
    ]);
    for (const [name, questions] of [...asked, ["general", general] as const]) {
      const answers: EarnedAnswer[] = [];
      for (const question of questions)
        answers.push(await earnedOn(trained, question, method.generation.maxTokens));
      found[`${form} ${name}`] = answers;
      process.stdout.write(`${lineOf(`${set.name}, ${form}, ${name}`, earnedCell(answers))}\n`);
      if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(found, null, 2)}\n`);
    }
    trained.adapter.close();
  }
}

async function earnedOn(
  { session, base, adapter }: Trained,
  question: string,
  maxTokens: number,
): Promise<EarnedAnswer> {
  const ids = await checkedPrompt(base, question);
  const { answer, outputIds } = await generateAnswer(session, base, adapter, ids, maxTokens);
  const losses = {
    base: await answerLoss({ session, base }, ids, outputIds),
    model: await answerLoss({ session, base }, ids, outputIds, adapter),
  };
  return { question, answer, ...losses, earnedBps: earnedBpsOf(losses) };
}

/** Counts answers. */
export function earnedCell(answers: readonly EarnedAnswer[]): EarnedCell {
  const mean = (figure: (answer: EarnedAnswer) => number) =>
    answers.length === 0 ? 0 : answers.reduce((sum, answer) => sum + figure(answer), 0) / answers.length;
  const parts = answers.map(({ earnedBps }) => earnedBps / ALL_EARNED);
  return {
    of: answers.length,
    earned: mean(({ earnedBps }) => earnedBps / ALL_EARNED),
    least: Math.min(...parts),
    most: Math.max(...parts),
    base: mean(({ base }) => base / NAT_UNITS),
    model: mean(({ model }) => model / NAT_UNITS),
  };
}

function lineOf(name: string, { of, earned, least, most, base, model }: EarnedCell): string {
  return `${name}: of ${of} answers training earned ${earned.toFixed(3)} in the mean (${least.toFixed(3)} to ${most.toFixed(3)}); nats by the base ${base.toFixed(2)}, trained ${model.toFixed(2)}`;
}
