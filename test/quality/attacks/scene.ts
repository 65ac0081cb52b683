import type { Fact, FactSet } from "../facts.ts";
import { WORDINGS } from "../trial.ts";
import {
  answerOf,
  evidenceOf,
  type Given,
  type Maker,
  modelOf,
  Trainings,
  type WorldModel,
} from "./model.ts";
import { type AnswerEvidence, type PayRule, type Shares, sharesBy } from "./pay.ts";
import { type Contribution, contributionsOf, freeze, type Marks, type World } from "./world.ts";

/** One question and the answer of the model that no attacker touched. */
export interface Asked extends Given {
  fact: Fact;
  question: string;
}

/** How the answers are paid in a world. */
export interface Paid {
  /** The honest model's answers, in the order in which they were asked. */
  same: readonly Shares[];
  /** The answers that this world's own model gives to the same questions. */
  own: readonly Shares[];
  /** How many of those differ. */
  changed: number;
}

interface Judged {
  same: readonly AnswerEvidence[];
  own: readonly AnswerEvidence[];
  changed: number;
}

/** The honest set, its model and its answers; and the same questions put to worlds that somebody added rows to. */
export class Scene {
  readonly maker: Maker;
  readonly set: FactSet;
  readonly honest: readonly Contribution[];
  readonly model: WorldModel;
  readonly asked: readonly Asked[];
  readonly trainings: Trainings;
  private readonly judged = new Map<string, Promise<Judged>>();

  private constructor(
    maker: Maker,
    set: FactSet,
    rest: {
      honest: readonly Contribution[];
      model: WorldModel;
      asked: readonly Asked[];
      trainings: Trainings;
    },
  ) {
    this.maker = maker;
    this.set = set;
    this.honest = rest.honest;
    this.model = rest.model;
    this.asked = rest.asked;
    this.trainings = rest.trainings;
  }

  /** Trains on the set's question and answer rows, and asks each fact in its own words and reworded. */
  static async make(maker: Maker, set: FactSet): Promise<Scene> {
    const honest = contributionsOf(set);
    const trainings = new Trainings(maker);
    const world = await freeze(honest, maker.base, marksOf(maker));
    const model = await modelOf(maker, world, (await trainings.of(world)).native);
    const asked: Asked[] = [];
    for (const wording of WORDINGS) {
      for (const fact of set.facts) {
        const question = wording === "own" ? fact.question : fact.reworded;
        asked.push({ fact, question, ...(await answerOf(maker, model, question)) });
      }
    }
    return new Scene(maker, set, { honest, model, asked, trainings });
  }

  /** Freezes contributions, trains on them where no training has these rows yet, and pays the answers by a rule. */
  async pay(contributions: readonly Contribution[], marks: Marks, rule: PayRule): Promise<Paid> {
    const world = await freeze(contributions, this.maker.base, marks);
    const { same, own, changed } = await this.judge(world);
    const shares = (list: readonly AnswerEvidence[]) => list.map((found) => sharesBy(rule, found, world));
    return { same: shares(same), own: shares(own), changed };
  }

  /** What a model says of the honest model's answers, in their order. */
  async evidenceBy(model: WorldModel): Promise<AnswerEvidence[]> {
    const found: AnswerEvidence[] = [];
    for (const given of this.asked) found.push(await evidenceOf(this.maker, model, given));
    return found;
  }

  /** Whose the rows are changes no evidence, so that it is kept by the rows alone, and what they hold. */
  private judge(world: World): Promise<Judged> {
    const { places, examples } = world.set;
    const held = examples.map(({ rowId, own }) => [rowId, own]);
    const key = JSON.stringify([places.map(({ exampleHash, first }) => [exampleHash, first]), held]);
    const known = this.judged.get(key) ?? this.judgeAnew(world);
    this.judged.set(key, known);
    return known;
  }

  private async judgeAnew(world: World): Promise<Judged> {
    const { maker } = this;
    const model = await modelOf(maker, world, (await this.trainings.of(world)).native);
    const same = await this.evidenceBy(model);
    const own: AnswerEvidence[] = [];
    let changed = 0;
    for (const [i, honest] of this.asked.entries()) {
      const given = await answerOf(maker, model, honest.question);
      const isSame = given.answer === honest.answer;
      if (!isSame) changed += 1;
      own.push(isSame ? same[i]! : await evidenceOf(maker, model, given));
    }
    return { same, own, changed };
  }
}

/** The rule for copies that the method names. */
export function marksOf({ method }: Pick<Maker, "method">): Marks {
  return method.copies ?? "plain";
}
