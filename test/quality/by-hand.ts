import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { explain } from "../../devnet/explain.ts";
import { describeError } from "../../node/base/errors.ts";
import { packageRoot } from "../../node/base/paths.ts";
import { bm25Owner } from "./bm25.ts";
import { type Fact, type FactSet, factSetNames, holdsValue, readFactSet } from "./facts.ts";
import { type Answered, type Form, Hand } from "./hand.ts";

/** Of 40 questions in the rows' own words: so many answered exactly, and so many traced to the right contributor. */
const GATE = 38;

type Wording = "own words" | "reworded";
const WORDINGS: readonly Wording[] = ["own words", "reworded"];

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
  --own-only           leave the reworded questions out
  --funder <account>   pays for the accounts that it makes (default: paula)
  --host <account>     answers (default: host)
  --payers <n>         questions asked at a time (default: 2)
  --method <file>      another method than the default

Status 0 only if, for every set of question and answer rows, ${GATE} of 40 questions in the rows' own words are answered
exactly and ${GATE} have the right contributor first. All else is printed beside it.
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      "data-dir": { type: "string" },
      rpc: { type: "string" },
      set: { type: "string" },
      "pairs-only": { type: "boolean" },
      "own-only": { type: "boolean" },
      funder: { type: "string", default: "paula" },
      host: { type: "string", default: "host" },
      payers: { type: "string", default: "2" },
      method: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const dataDir = values["data-dir"] ?? join(packageRoot(), ".data", "devnet");
  const { rpc, funder, host, method } = values;
  const hand = new Hand({ dataDir: resolve(dataDir), rpc, funder, host, method });
  const payers = Array.from({ length: Number(values.payers) }, (_, index) => `payer-${index + 1}`);
  const forms: Form[] = values["pairs-only"] ? ["pairs"] : ["pairs", "prose"];
  const wordings = values["own-only"] ? WORDINGS.slice(0, 1) : WORDINGS;
  for (const name of values.set === undefined ? factSetNames() : [values.set]) {
    const set = readFactSet(name);
    const contributors = set.contributors.map((contributor) => contributor.name);
    await hand.haveAccounts(["owner", "reviewer", ...payers, ...contributors]);
    for (const form of forms) {
      const holds = await runForm(hand, set, form, wordings, payers);
      if (form === "pairs" && !holds) process.exitCode = 1;
    }
  }
}

/** One datanet and its model, asked; prints what came of it. True if the gate holds. */
async function runForm(
  hand: Hand,
  set: FactSet,
  form: Form,
  wordings: readonly Wording[],
  payers: readonly string[],
): Promise<boolean> {
  const title = `${set.name}, ${form === "pairs" ? "rows of .jsonl" : "prose in .txt and .md"}`;
  say(`${title}: ${set.contributors.length} contributors, ${set.facts.length} facts`);
  const snapshot = await hand.fillDatanet(set, form);
  const model = await hand.makeModel(`${set.name}-${form}`, snapshot);
  say(`snapshot ${snapshot}, model ${model}`);
  let holds = true;
  for (const wording of wordings) {
    const outcomes = await askAll(hand, set, form, wording, model, payers);
    process.stdout.write(`\n${report(title, set, form, wording, outcomes)}\n`);
    if (wording === "reworded") continue;
    holds = count(outcomes, "exact") >= GATE && count(outcomes, "traced") >= GATE;
    process.stdout.write(`${await baseLine(hand, model, set)}\n`);
    await timeReceipts(hand, outcomes[0]!.request);
  }
  return holds;
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
  const waiting = [...set.facts.entries()];
  const work = async (payer: string): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, fact] = next;
      const question = wording === "own words" ? fact.question : fact.reworded;
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
    }
  };
  await Promise.all(payers.map(work));
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
  const gate = form === "pairs" && wording === "own words" ? `  (at least ${GATE} wanted)` : "";
  return [
    columns(["question", "answer", "first contributor"], rows),
    "",
    `${title}, ${wording}: ${of} questions`,
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

async function timeReceipts(hand: Hand, request: string): Promise<void> {
  await hand.publish(request);
  const folder = await hand.exportReceipt(request);
  for (const [what, args] of [
    ["receipt verify", [request]],
    ["receipt verify --index", [request, "--index"]],
    ["receipt verify --dir", [join(folder, "receipt.json"), "--dir", folder]],
  ] as const) {
    const { ok, seconds, line } = await hand.verify(args);
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
