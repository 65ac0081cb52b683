import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import type { Example, Session } from "../../../native/js/index.ts";
import { replaceFile } from "../../base/files.ts";
import { placed, sketchedExamples } from "../attribution/row-sketches.ts";
import { allScores } from "../attribution/sketch-index.ts";
import { ContextRows } from "../context/compose.ts";
import type { Question } from "../datanet/row-tokens.ts";
import { comparedTokens } from "../fusion/texts.ts";
import { type Inference, runInference, type ServedModel } from "../serve/inference.ts";
import type { CommittedRows } from "../spans/model-spans.ts";
import { canonicalExamples, planTraining } from "../train/plan.ts";
import type { TrainingExample } from "../train/snapshot.ts";
import { denseScores, type OtherScores } from "./dense-gradients.ts";
import { factoredScores } from "./factored-scores.ts";
import { ceilingOf, figuresOf, meanOver } from "./figures.ts";
import { hiddenCosines } from "./hidden-states.ts";
import type { MethodName } from "./method-names.ts";
import { type Ground, type Judged, judge } from "./methods.ts";
import { plainGradients } from "./plain-gradients.ts";
import type { AttributionReport } from "./report.ts";
import { reseeded } from "./reseeded.ts";
import {
  type Ablation,
  lossesOf,
  lossesWithout,
  randomHalves,
  type TruthInput,
  withoutEach,
} from "./truth.ts";

/** What is judged, and by how much work. */
export interface ModelEvaluation {
  session: Session;
  model: Pick<ServedModel, "method" | "base" | "adapter" | "basis" | "index"> & {
    registered: Pick<ServedModel["registered"], "manifestHash">;
  };
  rows: Pick<CommittedRows, "set" | "completions">;
  /** Questions: those of as many rows, spread over all; or these. */
  answers: number;
  questions?: readonly Question[];
  /** Random halves of the rows. */
  halves: number;
  /** Trainings of each half, each with seeds of its own; default 1. */
  seeds?: number;
  /** File in which each training's outcome is kept, so that the same evaluation goes on from there. */
  stateFile: string;
  /** EK-FAC in full by other arithmetic: judged beside the others, and what they are compared with. */
  inDoubles?: OtherScores;
  onProgress?: (what: string, done: number, total: number) => void;
  signal?: AbortSignal;
}

const stateSchema = z.strictObject({
  format: z.literal("openledger/attribution-evaluation/1"),
  manifestHash: z.string(),
  answers: z.number().int(),
  /** Loss of each answer, by the ablation's name. */
  losses: z.record(z.string(), z.array(z.number())),
});
type State = z.infer<typeof stateSchema>;

interface Asked {
  question: string;
  inference: Inference;
  example: Example;
}

/**
 * Judges every method on a model's own answers by what training the same plan again without each contributor's rows takes from them, and
 * without random halves of all rows.
 * @throws CodedError and NativeError of answering and training; what the signal says when aborted.
 */
export async function evaluateModel(input: ModelEvaluation): Promise<AttributionReport> {
  const { session, model, rows, halves, seeds = 1 } = input;
  const { base, adapter, registered } = model;
  const { examples, places } = rows.set;
  const owners = examples.map(({ rowId }) => places[rowId]!.contributor);
  const asked = await askRows(input);
  const answers = asked.map(({ example }) => example);
  const [outs, random] = [withoutEach(owners), randomHalves(examples.length, halves)];
  const again = Array.from({ length: seeds }, (_, seed) => random.map((half) => ({ ...half, seed })));
  const losses = await trainedLosses(input, [...outs, ...again.flat()], answers);
  const whole = await lossesOf(session, base, adapter, answers);
  const judged = await judgeAnswers(input, owners, asked);
  const taken = outs.map((out) => losses.get(nameOf(out))!.map((loss, i) => loss - whole[i]!));
  const bySeed = again.map((trained) =>
    trained.map((half) => losses.get(nameOf(half))!.map((loss) => -loss)),
  );
  const kept = random.map((_, half) => meanOver(bySeed.map((of) => of[half]!)));
  const figures = figuresOf({ outs, random, owners, taken, kept, judged });
  return {
    format: "openledger/attribution-report/1",
    manifestHash: registered.manifestHash,
    answers: asked.length,
    contributors: outs.length,
    halves,
    ...(seeds < 2 ? {} : { seeds }),
    ...(seeds < 2 || halves < 3 ? {} : { ceiling: ceilingOf(bySeed) }),
    methods: figures,
  };
}

/** All methods' judgement of every answer. */
async function judgeAnswers(
  { session, model, rows, inDoubles }: ModelEvaluation,
  owners: readonly string[],
  asked: readonly Asked[],
): Promise<Map<MethodName, Judged>[]> {
  const { base, adapter } = model;
  const { examples } = rows.set;
  const answers = asked.map(({ example }) => example);
  const canonical = await canonicalExamples(examples, base.tokenizer, base.config.contextLength);
  const sketched = await sketchedExamples(placed(examples), model.method, base);
  const plain = await plainGradients(session, base, adapter, sketched, answers);
  const repSim = await hiddenCosines(session, base, adapter, canonical, answers);
  const factored = await factoredScores(session, base, adapter, sketched, answers);
  const dense = await denseScores(session, base, adapter, sketched, answers);
  const doubles = await inDoubles?.(sketched, answers);
  const ground: Ground = {
    terms: model.index.commitment,
    completions: rows.completions,
    texts: examples.map(({ row }) => `${row.prompt} ${row.completion}`),
    owners,
  };
  const judged: Map<MethodName, Judged>[] = [];
  for (const [i, { question, inference }] of asked.entries()) {
    const tokens = await comparedTokens(inference.answer, base.tokenizer);
    const { answer, query } = inference;
    const scores = await allScores(model.index, query);
    const others = {
      ...{ gradDot: plain.dot[i]!, gradCos: plain.cos[i]! },
      ...{ repSim: repSim[i]!, factored: factored[i]! },
      ...(dense && { dense: { ekfacFull: dense.ekfacFull[i]!, dataInf: dense.dataInf[i]! } }),
      ekfacDoubles: doubles?.[i],
    };
    judged.push(judge(ground, { question, answer, tokens, scores, ...others }, i));
  }
  return judged;
}

async function askRows(input: ModelEvaluation): Promise<Asked[]> {
  const { session, model, rows, answers, onProgress, signal } = input;
  const questions = input.questions ?? spread(rows.set.examples, answers).map(({ row }) => row);
  const asked: Asked[] = [];
  const shown = new ContextRows(rows.set.examples);
  // What the base model answers by itself is not judged: it need not be made.
  const plain = { ...model, method: { ...model.method, discount: undefined } };
  for (const { prompt, before } of questions) {
    onProgress?.("asking", asked.length, questions.length);
    const { maxTokens } = model.method.generation;
    const inference = await runInference(session, plain, { prompt, before }, maxTokens, {
      rows: async () => shown,
      signal,
    });
    const { promptIds, outputIds } = inference;
    const example = { ids: [...promptIds, ...outputIds], completionStart: promptIds.length };
    asked.push({ question: prompt, inference, example });
  }
  return asked;
}

function spread(rows: readonly TrainingExample[], count: number): TrainingExample[] {
  if (rows.length <= count) return [...rows];
  return Array.from({ length: count }, (_, i) => rows[Math.floor((i * rows.length) / count)]!);
}

/** An ablation, and with which seeds it is trained; 0 and absent: the model's own. */
type Trained = Ablation & { seed?: number };

/** Names a training where its outcome is kept. */
const nameOf = ({ name, seed = 0 }: Trained) => (seed === 0 ? name : `${name}, seed ${seed}`);

/** Losses of the answers after each training, by its name: those that are kept, and the others by training, each kept as it comes. */
async function trainedLosses(
  { session, model, rows, stateFile, onProgress, signal }: ModelEvaluation,
  trainings: readonly Trained[],
  examples: readonly Example[],
): Promise<Map<string, number[]>> {
  const { base } = model;
  const { manifestHash } = model.registered;
  const format = "openledger/attribution-evaluation/1";
  const state = readState(stateFile, { format, manifestHash, answers: examples.length, losses: {} });
  const plans = new Map<number, Omit<TruthInput, "session" | "base" | "examples">>();
  for (const [number, training] of trainings.entries()) {
    const name = nameOf(training);
    if (state.losses[name] !== undefined) continue;
    signal?.throwIfAborted();
    const { seed = 0 } = training;
    if (!plans.has(seed)) {
      const method = reseeded(model.method, seed);
      const plan = await planTraining(rows.set.examples, method, base.tokenizer, base.config.contextLength);
      plans.set(seed, { method, plan });
    }
    const what = `training ${number + 1} of ${trainings.length}, ${name}`;
    const truth = { session, base, examples, ...plans.get(seed)! };
    const told = (done: number, total: number) => onProgress?.(what, done, total);
    state.losses[name] = await lossesWithout(truth, training, told, signal);
    replaceFile(stateFile, `${JSON.stringify(state)}\n`);
  }
  return new Map(trainings.map((training) => [nameOf(training), state.losses[nameOf(training)]!]));
}

/** What an earlier run of the same evaluation left; the new state where there is none. */
function readState(file: string, fresh: State): State {
  if (!existsSync(file)) return fresh;
  try {
    const kept = stateSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    return kept.manifestHash === fresh.manifestHash && kept.answers === fresh.answers ? kept : fresh;
  } catch {
    return fresh;
  }
}
