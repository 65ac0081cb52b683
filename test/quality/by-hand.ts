import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { explain } from "../../devnet/explain.ts";
import { bm25Owner } from "../../node/ai/evaluation/bm25.ts";
import { describeError } from "../../node/base/errors.ts";
import { packageRoot } from "../../node/base/paths.ts";
import { measureAttacks } from "./attacks/by-hand.ts";
import { measureContextAttacks } from "./attacks/context.ts";
import { baseOf, methodOf } from "./base.ts";
import { comparisonLines } from "./comparison.ts";
import { measureContext } from "./context.ts";
import { measureDiscount } from "./discount.ts";
import { evaluate, evaluationLines } from "./evaluate.ts";
import { type Fact, type FactSet, factSetNames, holdsValue, readFactSet } from "./facts.ts";
import { type AskFlags, formsOf, payersOf, wordingsOf } from "./flags.ts";
import { type Answered, Hand } from "./hand.ts";
import { measureLds } from "./lds.ts";
import { measureFacts } from "./measure-facts.ts";
import { shareOut } from "./share-out.ts";
import { StepMeter } from "./steps.ts";
import type { Form, TrialAnswer, Wording } from "./trial.ts";

/** Of 40 questions in the rows' own words: so many answered exactly, and so many traced to the right contributor. */
const GATE = 38;

const TITLES: Readonly<Record<Wording, string>> = { own: "own words", reworded: "reworded" };

interface Outcome extends Answered {
  fact: Fact;
  question: string;
  exact: boolean;
  /** The answer holds the value, whatever is around it. */
  named: boolean;
  traced: boolean;
  /** Contributors whose rows teach the answer that was given, right or wrong. */
  teachers: readonly string[];
}

const HELP = `Does the main job by hand on a running devnet, with facts and contributors that are not the demo's.

  npm run quality -- [options]

  --data-dir <folder>  the devnet's data folder (default: .data/devnet)
  --rpc <url>          another node than the devnet's first
  --set <name>         one set of facts alone; there are ${factSetNames().join(" and ")}
  --pairs-only         leave the prose out
  --prose-only         leave the question and answer rows out
  --own-only           leave the reworded questions out
  --no-causal          leave out what takes most of the time: training again without each contributor, and whom each rule
                       would have paid of what that shows
  --funder <account>   pays for the accounts that it makes (default: paula)
  --host <account>     answers (default: host)
  --payers <n>         questions asked at a time (default: 2)
  --method <file>      another method than the default
  --base <path>        another base model than the shipped one: a folder, a .gguf file, or smollm2, which is fetched once (98 MB);
                       its method is the default for its size unless one is given; of smollm2 a receipt is verified in full
  --replay             verify a receipt by training again, too
  --facts <folder>     measure a folder of facts instead, against training again without each contributor: on a devnet of
                       its own, or on the one that --data-dir names
  --shapley            with --facts: judge by training again with every coalition of the contributors (30 trainings more for five)
  --no-chain           with --facts: train and answer in this process, with no devnet
  --seeds <n>          with --no-chain: so many trainings, each with seeds of its own, and the means over them (default: 1)
  --lds                judge each way to attribute, in this process: by training again without each contributor and on random
                       halves of the rows; on --facts, or on facts kept for development. Broken off, it goes on where it was
                       (where the Python of OPENLEDGER_PYTHON has torch, EK-FAC in full in fp64 is among them)
  --halves <n>         with --lds: random halves (default: 24), each trained with as many seeds as --seeds says
  --attacks            measure what attacks on pay bring, in this process: on --facts, or on facts kept for development
  --only <name>        with --attacks: those whose name begins so
  --context            answer with rows in the prompt, in this process, and leave each out: on --facts, or on facts kept for development
                       (with --attacks too: what rows added by a stranger take of the shares that this gives)
  --discount           what of its answers training earned beside what the base model answers by itself, in this process: on --facts, or on
                       facts kept for development, and on what a stranger teaches besides that everybody knows
  --rows <n>           with --context: rows in a prompt, at most (default: 3)
  --json <file>        with --facts, --lds, --attacks, --context or --discount: where the figures go

Status 0 only if, for every set of question and answer rows, ${GATE} of 40 questions in the rows' own words are answered
exactly and ${GATE} have the right contributor first. All else is printed beside it, and what each step took.
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      "data-dir": { type: "string" },
      rpc: { type: "string" },
      set: { type: "string" },
      "pairs-only": { type: "boolean" },
      "prose-only": { type: "boolean" },
      "own-only": { type: "boolean" },
      "no-causal": { type: "boolean" },
      funder: { type: "string", default: "paula" },
      host: { type: "string", default: "host" },
      payers: { type: "string", default: "2" },
      method: { type: "string" },
      base: { type: "string" },
      replay: { type: "boolean" },
      facts: { type: "string" },
      "no-chain": { type: "boolean" },
      seeds: { type: "string", default: "1" },
      shapley: { type: "boolean" },
      lds: { type: "boolean" },
      halves: { type: "string", default: "24" },
      attacks: { type: "boolean" },
      only: { type: "string" },
      context: { type: "boolean" },
      discount: { type: "boolean" },
      rows: { type: "string", default: "3" },
      json: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const isSmollm2 = values.base === "smollm2";
  values.base = baseOf(values.base);
  if (values.attacks && values.context) return await measureContextAttacks(values);
  if (values.attacks) return await measureAttacks(values);
  if (values.lds) return await measureLds(values);
  if (values.context) return await measureContext(values);
  if (values.discount) return await measureDiscount(values);
  if (values.facts !== undefined) return await measureFacts({ ...values, facts: values.facts });
  const dataDir = values["data-dir"] ?? join(packageRoot(), ".data", "devnet");
  const { rpc, funder, host, method, base } = values;
  const hand = new Hand({ dataDir: resolve(dataDir), rpc, funder, host, method, base });
  const meter = new StepMeter(hand.devnetPid);
  const work: Work = { hand, meter, replays: values.replay ?? isSmollm2 };
  try {
    await judgeSets(work, values);
  } finally {
    process.stdout.write(`\nwhat each step took\n${meter.lines().join("\n")}\n`);
  }
}

interface SetFlags extends AskFlags {
  set?: string;
}

/** Every set in every form, asked on chain and judged by training again. */
async function judgeSets(work: Work, flags: SetFlags): Promise<void> {
  const { base, method } = flags;
  const payers = payersOf(flags);
  const [forms, wordings] = [formsOf(flags), wordingsOf(flags)];
  const judged: TrialAnswer[] = [];
  for (const name of flags.set === undefined ? factSetNames() : [flags.set]) {
    const set = readFactSet(name);
    const contributors = set.contributors.map((contributor) => contributor.name);
    await work.hand.haveAccounts(["owner", "reviewer", ...payers, ...contributors]);
    for (const form of forms) {
      const { holds, outcomes } = await runForm(work, set, form, wordings, payers);
      if (form === "pairs" && !holds) process.exitCode = 1;
      if (flags["no-causal"]) continue;
      say(`${name}, ${form}: training again without each contributor`);
      const measured = await evaluate({
        ...{ set, baseFolder: base, method: await methodOf(method, base), forms: [form], wordings },
        judge: "leave-one-out",
        askOnChain: {
          payers: payers.slice(0, 1),
          ask: async ({ wording, index }) => outcomes.get(wording)![index]!,
        },
      });
      process.stdout.write(`\n${evaluationLines(name, measured).join("\n")}\n`);
      judged.push(...measured.answers);
    }
  }
  process.stdout.write(`\n${comparisonLines("all questions", judged).join("\n")}\n`);
}

/** What the steps are done and measured with. */
interface Work {
  hand: Hand;
  meter: StepMeter;
  /** A receipt is verified by training again, too. */
  replays: boolean;
}

/** One datanet and its model, asked; prints what came of it. Holds if the gate does. */
async function runForm(
  work: Work,
  set: FactSet,
  form: Form,
  wordings: readonly Wording[],
  payers: readonly string[],
): Promise<{ holds: boolean; outcomes: ReadonlyMap<Wording, readonly Outcome[]> }> {
  const title = `${set.name}, ${form === "pairs" ? "rows of .jsonl" : "prose in .txt and .md"}`;
  say(`${title}: ${set.contributors.length} contributors, ${set.facts.length} facts`);
  const { hand, meter } = work;
  const name = `${set.name}-${form}`;
  const snapshot = await meter.step(`${name}: contribute, review, freeze`, () => hand.fillDatanet(set, form));
  const build = await meter.step(`${name}: train, sketch, store`, () => hand.trainModel(name, snapshot));
  const model = await meter.step(`${name}: register, serve`, () => hand.registerModel(build));
  say(`snapshot ${snapshot}, model ${model}`);
  let holds = true;
  const all = new Map<Wording, readonly Outcome[]>();
  for (const wording of wordings) {
    const outcomes = await meter.step(`${name}: ask ${set.facts.length} (${wording})`, () =>
      askAll(hand, set, form, wording, model, payers),
    );
    all.set(wording, outcomes);
    process.stdout.write(`\n${report(title, set, form, wording, outcomes)}\n`);
    if (wording === "reworded") continue;
    holds = count(outcomes, "exact") >= GATE && count(outcomes, "traced") >= GATE;
    process.stdout.write(`${await baseLine(hand, model, set)}\n`);
    await timeReceipts(work, name, outcomes[0]!.request);
  }
  return { holds, outcomes: all };
}

/** A training row: what BM25 reads, the answer that it teaches, whose it is. */
interface Source {
  text: string;
  answer: string;
  owner: string;
}

function sourcesOf(set: FactSet, form: Form): Source[] {
  return form === "pairs"
    ? set.facts.map(({ question, answer, contributor: owner }) => ({
        text: `${question} ${answer}`,
        answer,
        owner,
      }))
    : set.sentences.map(({ text, contributor: owner }) => ({ text, answer: text, owner }));
}

async function askAll(
  hand: Hand,
  set: FactSet,
  form: Form,
  wording: Wording,
  model: string,
  payers: readonly string[],
): Promise<Outcome[]> {
  const rows = sourcesOf(set, form);
  const outcomes: Outcome[] = new Array(set.facts.length);
  await shareOut(set.facts, payers, async (fact, index, payer) => {
    const question = wording === "own" ? fact.question : fact.reworded;
    const found = await hand.ask(model, question, payer);
    const teachers = rows.filter(({ answer }) => answer === found.answer).map(({ owner }) => owner);
    const named = holdsValue(found.answer, fact.answer);
    // Prose is answered with its sentence: the one of this fact is the one with the fact's value.
    const exact = form === "pairs" ? found.answer === fact.answer : named && teachers.length > 0;
    outcomes[index] = {
      ...found,
      ...{ fact, question, exact, named, teachers },
      traced: found.first === fact.contributor,
    };
  });
  return outcomes;
}

function report(
  title: string,
  set: FactSet,
  form: Form,
  wording: Wording,
  outcomes: readonly Outcome[],
): string {
  const rows = outcomes.map(({ question, answer, fact, exact, first, traced }) => [
    question,
    exact ? answer : `${answer.replaceAll(/\s+/g, " ")}  (expected: ${fact.answer})`,
    traced ? fact.contributor : `${first ?? "nobody"}  (expected: ${fact.contributor})`,
  ]);
  const sources = sourcesOf(set, form);
  const of = outcomes.length;
  const many = (holds: (outcome: Outcome) => boolean, all = outcomes) =>
    `${all.filter(holds).length} of ${all.length}`;
  const rival = (query: (outcome: Outcome) => string) =>
    many((outcome) => bm25Owner(sources, query(outcome)) === outcome.fact.contributor);
  const taught = outcomes.filter(({ teachers }) => teachers.length > 0);
  const gate = form === "pairs" && wording === "own" ? `  (at least ${GATE} wanted)` : "";
  return [
    columns(["question", "answer", "first contributor"], rows),
    "",
    `${title}, ${TITLES[wording]}: ${of} questions`,
    `  answered exactly            ${many(({ exact }) => exact)}${gate}`,
    `  value in the answer         ${many(({ named }) => named)}`,
    `  right contributor first     ${many(({ traced }) => traced)}${gate}`,
    `  BM25, from the question     ${rival(({ question }) => question)}`,
    `  BM25, and the answer        ${rival(({ question, answer }) => `${question} ${answer}`)}`,
    `  of answers, right or wrong, that a row teaches: its contributor first ${many(
      ({ teachers, first }) => first !== undefined && teachers.includes(first),
      taught,
    )}`,
  ].join("\n");
}

/** What the base model knew before. */
async function baseLine(hand: Hand, model: string, set: FactSet): Promise<string> {
  const { baseAnswers } = await explain(
    hand.rpcUrl,
    model,
    set.facts.map(({ question }) => question),
  );
  const known = set.facts.filter(({ answer }, index) => holdsValue(baseAnswers[index]!, answer)).length;
  return `  base model alone            ${known} of ${set.facts.length}`;
}

async function timeReceipts({ hand, meter, replays }: Work, name: string, request: string): Promise<void> {
  await hand.publish(request);
  const folder = await hand.exportReceipt(request);
  for (const [what, args] of [
    ["receipt verify", [request]],
    ["receipt verify --index", [request, "--index"]],
    ["receipt verify --dir", [join(folder, "receipt.json"), "--dir", folder]],
    ...(replays ? ([["receipt verify --train", [request, "--index", "--train"]]] as const) : []),
  ] as const) {
    const { ok, seconds, line } = await meter.step(`${name}: ${what}`, () => hand.verify(args));
    process.stdout.write(`  ${what.padEnd(26)}  ${seconds.toFixed(1)} s: ${line}\n`);
    if (!ok) process.exitCode = 1;
  }
}

/** Lines of left-justified columns. */
function columns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, at) => Math.min(60, Math.max(...all.map((row) => row[at]!.length))));
  return all
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function count(outcomes: readonly Outcome[], what: "exact" | "named" | "traced"): number {
  return outcomes.filter((outcome) => outcome[what]).length;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = 1;
}
