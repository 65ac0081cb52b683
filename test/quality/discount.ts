import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { Session } from "../../native/js/index.ts";
import { ALL_EARNED, DISCOUNT_RULE, earnedOver, ownTokens } from "../../node/ai/fusion/discount.ts";
import { completionsOf } from "../../node/ai/fusion/texts.ts";
import { readModelFolder } from "../../node/ai/model/files.ts";
import { loadModel } from "../../node/ai/model/load.ts";
import { checkedPrompt, generateAnswer } from "../../node/ai/serve/inference.ts";
import { packageRoot } from "../../node/base/paths.ts";
import { SHIPPED_BASE } from "../../node/cli/protocol.ts";
import { methodOf } from "./base.ts";
import { type Fact, readFactFolder } from "./facts.ts";
import type { AskFlags } from "./flags.ts";
import { type Trained, trainOn } from "./trained.ts";

const FOLDER = join(packageRoot(), "test", "quality", "development");
/** What models that read the web know before they are taught. */
const KNOWN = join(FOLDER, "known.json");
const STRANGER = "a stranger";

export interface DiscountFlags extends AskFlags {
  facts?: string | undefined;
  json?: string | undefined;
}

/** An answer, what the base model answers by itself, and what training earned beside that, in 1/10000. */
export interface EarnedAnswer {
  question: string;
  answer: string;
  isExact: boolean;
  own: string;
  earnedBps: number;
}

/** Of some answers: how many are exact, what training earned of them in the mean, and of how many nothing or all. */
export interface EarnedCell {
  of: number;
  exact: number;
  earned: number;
  nothing: number;
  all: number;
}

/**
 * What training earned beside the base model's own answers, on a folder of facts, or on one kept for development: of its facts, and of what a
 * stranger taught besides that is known to everybody.
 * @throws CodedError of training and answering.
 */
export async function measureDiscount(flags: DiscountFlags): Promise<void> {
  const set = readFactFolder(flags.facts === undefined ? join(FOLDER, "islands") : resolve(flags.facts));
  const method = await methodOf(flags.method, flags.base);
  const session = new Session();
  const base = await loadModel(await readModelFolder(flags.base ?? SHIPPED_BASE));
  const pairs = z.array(z.object({ question: z.string(), answer: z.string() }));
  const known = pairs
    .parse(JSON.parse(readFileSync(KNOWN, "utf8")))
    .map((fact): Fact => ({ ...fact, reworded: fact.question, contributor: STRANGER }));
  const taught = { ...set, facts: [...set.facts, ...known] };
  const trained = await trainOn(session, base, taught, "pairs", method);
  const found: Record<string, EarnedAnswer[]> = {};
  for (const [name, facts, wording] of [
    ["own words", set.facts, "question"],
    ["reworded", set.facts, "reworded"],
    ["known to everybody", known, "question"],
  ] as const) {
    const answers: EarnedAnswer[] = [];
    for (const fact of facts)
      answers.push(await earnedOn(trained, fact, fact[wording], method.generation.maxTokens));
    found[name] = answers;
    process.stdout.write(`${lineOf(`${set.name}, ${name}`, earnedCell(answers))}\n`);
    if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(found, null, 2)}\n`);
  }
  trained.adapter.close();
}

async function earnedOn(
  { session, base, adapter, examples }: Trained,
  fact: Fact,
  question: string,
  maxTokens: number,
): Promise<EarnedAnswer> {
  const ids = await checkedPrompt(base, question);
  const { answer, outputIds } = await generateAnswer(session, base, adapter, ids, maxTokens);
  const most = ownTokens(outputIds.length, maxTokens);
  const { answer: own } = await generateAnswer(session, base, undefined, ids, most);
  const discount = { rule: DISCOUNT_RULE, answer: own } as const;
  const completions = await completionsOf(examples, base.tokenizer);
  const earnedBps = await earnedOver(answer, discount, completions, base.tokenizer);
  return { question, answer, isExact: answer === fact.answer, own, earnedBps };
}

/** Counts answers. */
export function earnedCell(answers: readonly EarnedAnswer[]): EarnedCell {
  const sum = answers.reduce((all, { earnedBps }) => all + earnedBps, 0);
  return {
    of: answers.length,
    exact: answers.filter(({ isExact }) => isExact).length,
    earned: answers.length === 0 ? 0 : sum / answers.length / ALL_EARNED,
    nothing: answers.filter(({ earnedBps }) => earnedBps === 0).length,
    all: answers.filter(({ earnedBps }) => earnedBps === ALL_EARNED).length,
  };
}

function lineOf(name: string, { of, exact, earned, nothing, all }: EarnedCell): string {
  return `${name}: ${of} answers, ${exact} exact; training earned ${earned.toFixed(3)} of them in the mean, all of ${all}, nothing of ${nothing}`;
}
