import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import type { Example, Session } from "../../../native/js/index.ts";
import { replaceFile } from "../../base/files.ts";
import { allScores } from "../attribution/sketch-index.ts";
import { comparedTokens } from "../fusion/texts.ts";
import { type Inference, runInference, type ServedModel } from "../serve/inference.ts";
import type { CommittedRows } from "../spans/model-spans.ts";
import { canonicalExamples, planTraining } from "../train/plan.ts";
import type { TrainingExample } from "../train/snapshot.ts";
import { denseScores } from "./dense-gradients.ts";
import { factoredScores } from "./factored-scores.ts";
import { hiddenCosines } from "./hidden-states.ts";
import type { MethodName } from "./method-names.ts";
import { type Ground, type Judged, judge } from "./methods.ts";
import { plainGradients } from "./plain-gradients.ts";
import type { AttributionReport, MethodFigures } from "./report.ts";
import { bootstrap, spearman, wilson } from "./statistics.ts";
import { type Ablation, lossesOf, lossesWithout, randomHalves, withoutEach } from "./truth.ts";

/** What is judged, and by how much work. */
export interface ModelEvaluation {
  session: Session;
  model: Pick<ServedModel, "registered" | "manifest" | "method" | "base" | "adapter" | "basis" | "index">;
  rows: Pick<CommittedRows, "set" | "completions">;
  /** Questions: those of as many rows, spread over all. */
  answers: number;
  /** Trainings on random halves of the rows. */
  halves: number;
  /** File in which each training's outcome is kept, so that the same evaluation goes on from there. */
  stateFile: string;
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
  const { session, model, rows, halves } = input;
  const { base, method, adapter, registered } = model;
  const { examples, places } = rows.set;
  const owners = examples.map(({ rowId }) => places[rowId]!.contributor);
  const asked = await askRows(input);
  const answers = asked.map(({ example }) => example);
  const plan = await planTraining(examples, method, base.tokenizer, base.config.contextLength);
  const [outs, random] = [withoutEach(owners), randomHalves(examples.length, halves)];
  const truth = { session, base, method, plan, examples: answers };
  const losses = await trainedLosses(input, [...outs, ...random], (ablation, onProgress) =>
    lossesWithout(truth, ablation, onProgress, input.signal),
  );
  const whole = await lossesOf(session, base, adapter, answers);
  const judged = await judgeAnswers(input, owners, asked);
  const taken = outs.map(({ name }) => losses.get(name)!.map((loss, i) => loss - whole[i]!));
  const kept = random.map(({ name }) => losses.get(name)!.map((loss) => -loss));
  const measured = { outs, random, owners, taken, kept, judged };
  const names = [...(judged[0]?.keys() ?? [])];
  const figures = names.map((name) => [name, figuresOf(name, measured)]);
  return {
    format: "openledger/attribution-report/1",
    manifestHash: registered.manifestHash,
    answers: asked.length,
    contributors: outs.length,
    halves,
    methods: Object.fromEntries(figures) as AttributionReport["methods"],
  };
}

/** All methods' judgement of every answer. */
async function judgeAnswers(
  { session, model, rows }: ModelEvaluation,
  owners: readonly string[],
  asked: readonly Asked[],
): Promise<Map<MethodName, Judged>[]> {
  const { base, adapter } = model;
  const { examples } = rows.set;
  const answers = asked.map(({ example }) => example);
  const canonical = await canonicalExamples(examples, base.tokenizer, base.config.contextLength);
  const plain = await plainGradients(session, base, adapter, canonical, answers);
  const repSim = await hiddenCosines(session, base, adapter, canonical, answers);
  const factored = await factoredScores(session, base, adapter, canonical, answers);
  const dense = await denseScores(session, base, adapter, canonical, answers);
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
    };
    judged.push(judge(ground, { question, answer, tokens, scores, ...others }, i));
  }
  return judged;
}

async function askRows(input: ModelEvaluation): Promise<Asked[]> {
  const { session, model, rows, answers, onProgress, signal } = input;
  const questions = spread(rows.set.examples, answers);
  const asked: Asked[] = [];
  for (const { row } of questions) {
    onProgress?.("asking", asked.length, questions.length);
    const { prompt, before } = row;
    const { maxTokens } = model.method.generation;
    const inference = await runInference(session, model, { prompt, before }, maxTokens, signal);
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

/** Losses of each ablation: those that are kept, and the others by training, each kept as it comes. */
async function trainedLosses(
  { model, answers, stateFile, onProgress, signal }: ModelEvaluation,
  ablations: readonly Ablation[],
  train: (ablation: Ablation, onProgress: (done: number, total: number) => void) => Promise<number[]>,
): Promise<Map<string, number[]>> {
  const { manifestHash } = model.registered;
  const format = "openledger/attribution-evaluation/1";
  const state = readState(stateFile, { format, manifestHash, answers, losses: {} });
  for (const [number, ablation] of ablations.entries()) {
    if (state.losses[ablation.name] !== undefined) continue;
    signal?.throwIfAborted();
    const what = `training ${number + 1} of ${ablations.length}, ${ablation.name}`;
    state.losses[ablation.name] = await train(ablation, (done, total) => onProgress?.(what, done, total));
    replaceFile(stateFile, `${JSON.stringify(state)}\n`);
  }
  return new Map(ablations.map(({ name }) => [name, state.losses[name]!]));
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

interface Measurements {
  outs: readonly Ablation[];
  random: readonly Ablation[];
  owners: readonly string[];
  /** By ablation, then by answer: what leaving a contributor out takes; how likely the answer is by a half. */
  taken: readonly (readonly number[])[];
  kept: readonly (readonly number[])[];
  judged: readonly ReadonlyMap<MethodName, Judged>[];
}

function figuresOf(
  name: MethodName,
  { outs, random, owners, taken, kept, judged }: Measurements,
): MethodFigures {
  const contributors = [...new Set(owners)].sort();
  const causal = judged.map((_, answer) => contributors[indexOfMost(taken.map((of) => of[answer]!))]!);
  const pays = judged.map((methods) => methods.get(name)!.pay);
  const count = pays.filter(({ first }, i) => first === causal[i]).length;
  const sumOver = (answer: number, isIn: (row: number) => boolean) =>
    judged[answer]!.get(name)!.values.reduce((sum, value, row) => (isIn(row) ? sum + value : sum), 0);
  const correlation = (sets: readonly Ablation[], truth: readonly (readonly number[])[], isIn: InSet) =>
    judged.map((_, answer) =>
      spearman(
        sets.map((set) => sumOver(answer, (row) => isIn(set, row))),
        truth.map((of) => of[answer]!),
      ),
    );
  return {
    first: { count, interval: [...wilson(count, judged.length)] },
    share: meanOf(pays.map(({ shares }, i) => shares.get(causal[i]!) ?? 0)),
    ...(outs.length < 3
      ? {}
      : { spearman: meanOf(correlation(outs, taken, (set, row) => set.isLeftOut(row))) }),
    ...(random.length < 3
      ? {}
      : { lds: meanOf(correlation(random, kept, (set, row) => !set.isLeftOut(row))) }),
  };
}

type InSet = (set: Ablation, row: number) => boolean;

function meanOf(values: readonly number[]): { mean: number; interval: [number, number] } {
  const { mean, interval } = bootstrap(values);
  return { mean, interval: [...interval] };
}

function indexOfMost(values: readonly number[]): number {
  return values.reduce((best, value, i) => (value > values[best]! ? i : best), 0);
}
