import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Session } from "../../native/js/index.ts";
import { attributionOf } from "../../node/ai/attribution/build.ts";
import { hashOfList, listFiles } from "../../node/ai/attribution/manifest.ts";
import { keccakOf } from "../../node/ai/codec/hash.ts";
import { evaluateModel } from "../../node/ai/evaluation/evaluate-model.ts";
import { type AttributionReport, reportLines } from "../../node/ai/evaluation/report.ts";
import { completionsOf } from "../../node/ai/fusion/texts.ts";
import { readModelFolder } from "../../node/ai/model/files.ts";
import { loadModel } from "../../node/ai/model/load.ts";
import { hashOfWeights } from "../../node/ai/model/weight-bytes.ts";
import type { Method } from "../../node/ai/train/method.ts";
import { planTraining } from "../../node/ai/train/plan.ts";
import { trainPlan } from "../../node/ai/train/train.ts";
import { packageRoot } from "../../node/base/paths.ts";
import type { Hash } from "../../node/chain/types/primitives.ts";
import { SHIPPED_BASE } from "../../node/cli/protocol.ts";
import { freeze } from "./attacks/world.ts";
import { methodOf } from "./base.ts";
import { inDoubles } from "./doubles.ts";
import { type FactSet, readFactFolder } from "./facts.ts";
import { type AskFlags, formsOf, numberOf, wordingsOf } from "./flags.ts";
import { type Form, rowsOf, type Wording } from "./trial.ts";

/** Methods are compared on facts that are kept for development: the judging sets stay unseen. */
const DEVELOPMENT = join(packageRoot(), "test", "quality", "development", "islands");

/** Where the trainings' outcomes are kept, so that a run that was broken off goes on, and another way to attribute is judged by the same. */
const KEPT = join(packageRoot(), ".data", "quality");

export interface LdsFlags extends AskFlags {
  facts?: string | undefined;
  json?: string | undefined;
  halves: string;
  seeds: string;
}

/**
 * Judges every method of attribution on a model of a folder of facts, in this process: by training again without each contributor and on
 * random halves of the rows. Each fact is asked in its own words and reworded.
 * @throws CodedError `NUMBER_INVALID`, and those of training and answering.
 */
export async function measureLds(flags: LdsFlags): Promise<void> {
  const set = readFactFolder(flags.facts === undefined ? DEVELOPMENT : resolve(flags.facts));
  const [halves, seeds] = [numberOf("halves", flags.halves, 0), numberOf("seeds", flags.seeds, 1)];
  const method = await methodOf(flags.method, flags.base);
  const baseFolder = flags.base ?? SHIPPED_BASE;
  const reports: Partial<Record<Form, AttributionReport>> = {};
  const wordings = wordingsOf(flags);
  for (const form of formsOf(flags)) {
    const report = await judge({ set, form, wordings, method, baseFolder, halves, seeds });
    process.stdout.write(`${set.name}, ${form}: ${reportLines(report).join("\n")}\n\n`);
    reports[form] = report;
    if (flags.json !== undefined)
      writeFileSync(flags.json, `${JSON.stringify({ set: set.name, ...reports }, null, 2)}\n`);
  }
}

interface Judging {
  set: FactSet;
  form: Form;
  wordings: readonly Wording[];
  method: Method;
  baseFolder: string;
  halves: number;
  seeds: number;
}

/** Makes the model as the product does, and judges what its host would say. */
async function judge({
  set,
  form,
  wordings,
  method,
  baseFolder,
  halves,
  seeds,
}: Judging): Promise<AttributionReport> {
  const session = new Session();
  const baseFiles = await readModelFolder(baseFolder);
  const base = await loadModel(baseFiles);
  const owned = rowsOf(set, form);
  const contributions = set.contributors.map(({ name }) => ({
    wallet: name,
    rows: owned.filter(({ contributor }) => contributor === name).map(({ row }) => row),
  }));
  const world = await freeze(contributions, base, method.copies ?? "plain");
  const { examples } = world.set;
  const plan = await planTraining(examples, method, base.tokenizer, base.config.contextLength);
  const { native: adapter, files } = await trainPlan(session, base, plan, method);
  const { basis, index } = await attributionOf(session, base, adapter, world.set, method);
  const completions = await completionsOf(examples, base.tokenizer);
  const questions = wordings.flatMap((wording) =>
    set.facts.map(({ question, reworded }) => ({ prompt: wording === "own" ? question : reworded })),
  );
  const baseHash = hashOfList(listFiles(baseFiles, hashOfWeights));
  const manifestHash = keyOf({ baseHash, plan, lora: method.lora, training: method.training, questions });
  mkdirSync(KEPT, { recursive: true });
  return evaluateModel({
    session,
    model: { registered: { manifestHash }, method, base, adapter, basis, index },
    rows: { set: world.set, completions },
    ...{ questions, answers: questions.length, halves, seeds },
    inDoubles: inDoubles(baseFolder, base, files),
    stateFile: join(KEPT, `${manifestHash.slice(2)}.state`),
    onProgress: told(),
  });
}

/** Names what training depends on, and what is asked: whatever else a method says, the same trainings judge it. */
function keyOf(trained: unknown): Hash {
  return keccakOf(new TextEncoder().encode(JSON.stringify(trained)));
}

/** Tells each training once. */
function told(): (what: string) => void {
  let last = "";
  return (what) => {
    if (what !== last) process.stderr.write(`${what}\n`);
    last = what;
  };
}
