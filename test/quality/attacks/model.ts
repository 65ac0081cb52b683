import type { Adapter, Example, Session } from "../../../native/js/index.ts";
import { attributionOf, querySketch } from "../../../node/ai/attribution/build.ts";
import { dimensionOf, type ModelBasis, sketchBy } from "../../../node/ai/attribution/model-basis.ts";
import type { ScoredRow } from "../../../node/ai/attribution/score.ts";
import { type AttributionIndex, allScores } from "../../../node/ai/attribution/sketch-index.ts";
import type { Completions } from "../../../node/ai/fusion/completions.ts";
import { informationSums } from "../../../node/ai/fusion/information.ts";
import { coverOf } from "../../../node/ai/fusion/rule.ts";
import { comparedTokens, completionsOf } from "../../../node/ai/fusion/texts.ts";
import type { LoadedModel } from "../../../node/ai/model/load.ts";
import type { Method } from "../../../node/ai/train/method.ts";
import { canonicalExamples, planTraining } from "../../../node/ai/train/plan.ts";
import { type TrainedAdapter, trainPlan } from "../../../node/ai/train/train.ts";
import { ask } from "../trial.ts";
import type { AnswerEvidence } from "./pay.ts";
import type { World } from "./world.ts";

/** What models are made with. */
export interface Maker {
  session: Session;
  base: LoadedModel;
  method: Method;
}

/** An answer in words and tokens, as some model gave it. */
export interface Given {
  answer: string;
  example: Example;
}

/** A model over a world's rows, as a host serves it. */
export interface WorldModel {
  world: World;
  adapter: Adapter;
  basis: ModelBasis;
  index: AttributionIndex;
  completions: Completions;
  /** By row id: whole bits of information of its completion. */
  completionBits: ReadonlyMap<number, number>;
  /** [examples, k] fp32: the rows' sketches before they are cut and rounded. */
  coordinates: Float32Array;
}

/** Trains rows; the same rows are trained once, since training depends on nothing else. */
export class Trainings {
  private readonly made = new Map<string, Promise<TrainedAdapter>>();
  private readonly maker: Maker;

  constructor(maker: Maker) {
    this.maker = maker;
  }

  of({ set: { examples } }: World): Promise<TrainedAdapter> {
    const key = examples.map(({ exampleHash }) => exampleHash).join();
    const known = this.made.get(key) ?? this.train(examples);
    this.made.set(key, known);
    return known;
  }

  private async train(examples: World["set"]["examples"]): Promise<TrainedAdapter> {
    const { session, base, method } = this.maker;
    const plan = await planTraining(examples, method, base.tokenizer, base.config.contextLength);
    return trainPlan(session, base, plan, method);
  }
}

/** Basis, index and completions of a world's rows under an adapter. */
export async function modelOf(maker: Maker, world: World, adapter: Adapter): Promise<WorldModel> {
  const { session, base, method } = maker;
  const { examples: rows } = world.set;
  const { basis, index } = await attributionOf(session, base, adapter, world.set, method);
  const examples = await canonicalExamples(rows, base.tokenizer, base.config.contextLength);
  const coordinates = await sketchBy(session, { model: base.native, adapter, basis, examples }).wait();
  const completions = await completionsOf(rows, base.tokenizer);
  return { world, adapter, basis, index, completions, completionBits: bitsOf(completions), coordinates };
}

function bitsOf({ tokens, ends, rows, information }: Completions): Map<number, number> {
  const sums = informationSums(information, tokens);
  return new Map([...rows].map((rowId, i) => [rowId, sums[ends[i]!]! - sums[ends[i - 1] ?? 0]!]));
}

/** The model's own answer. */
export async function answerOf(
  { session, base }: Maker,
  model: WorldModel,
  question: string,
): Promise<Given> {
  return ask(session, base, model.adapter, question);
}

/** What a model says of an answer, whoever gave it. */
export async function evidenceOf(maker: Maker, model: WorldModel, given: Given): Promise<AnswerEvidence> {
  const { session, base } = maker;
  const { index, adapter, basis, completions } = model;
  const { example, answer } = given;
  const query = await querySketch(session, base.native, adapter, basis, index.commitment, example);
  const tokens = await comparedTokens(answer, base.tokenizer);
  const natural = await sketchBy(session, {
    ...{ model: base.native, adapter, basis },
    examples: [example],
  }).wait();
  return {
    terms: index.commitment,
    scores: await allScores(index, query),
    uncapped: uncappedScores(model, natural),
    cover: coverOf(tokens, completions),
    completionBits: model.completionBits,
  };
}

/** Fractions of the largest product of sketches that count in whole numbers. */
const UNCAPPED_UNITS = 2 ** 40;

function uncappedScores({ coordinates, basis, world }: WorldModel, query: Float32Array): ScoredRow[] {
  const k = dimensionOf(basis);
  const dots = world.set.examples.map((_, i) =>
    query.reduce((sum, x, j) => sum + x * coordinates[i * k + j]!, 0),
  );
  const most = Math.max(...dots.map(Math.abs), Number.MIN_VALUE);
  return world.set.examples.map(({ rowId }, i) => ({
    rowId,
    score: BigInt(Math.round((dots[i]! / most) * UNCAPPED_UNITS)),
  }));
}
