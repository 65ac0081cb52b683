import { type LoraAdapter, loadAdapter } from "../../../node/ai/model/adapter.ts";
import { nativeAdapter } from "../../../node/ai/model/load.ts";
import type { Method } from "../../../node/ai/train/method.ts";
import { type AttackFigure, INFLATION_TARGET } from "./measure.ts";
import { type Maker, modelOf, type WorldModel } from "./model.ts";
import { type AnswerEvidence, inflationOf, meanPay, type PayRule, sharesBy } from "./pay.ts";
import type { Scene } from "./scene.ts";

/** Modules that a trainer scales: A by the factor, B by its inverse, which changes no answer. A power of two is exact. */
const GAUGES: readonly { part: RegExp; factor: number }[] = [
  { part: /./, factor: 8 },
  { part: /mlp/, factor: 8 },
  { part: /attn/, factor: 8 },
  { part: /layers\.0\./, factor: 8 },
  { part: /mlp/, factor: 1 / 8 },
  { part: /attn/, factor: 1 / 8 },
];

/** What a trainer may try before it commits to a method. */
const SHOPPED: readonly Partial<Pick<Method["attribution"], "damping" | "topK">>[] = [
  { damping: 0.001 },
  { damping: 0.01 },
  { damping: 1 },
  { damping: 10 },
  { topK: 1 },
  { topK: 16 },
];

/**
 * What a trainer who is also a contributor gains by choice: for every contributor, and every choice, its pay for each unit that it is
 * paid by the default; the largest counts.
 */
export async function measureSteering(scene: Scene): Promise<AttackFigure[]> {
  const files = (await scene.trainings.of(scene.model.world)).files;
  const { config } = scene.maker.base;
  const gauged: WorldModel[] = [];
  for (const gauge of GAUGES) {
    const adapter = nativeAdapter(config, inGauge(loadAdapter(files, config), gauge));
    gauged.push(await modelOf(scene.maker, scene.model.world, adapter));
  }
  const shopped: WorldModel[] = [];
  for (const terms of SHOPPED)
    shopped.push(await modelOf(withTerms(scene.maker, terms), scene.model.world, scene.model.adapter));
  return [
    await figureOf(scene, `gauge steering (best of ${GAUGES.length})`, gauged),
    await figureOf(scene, `parameter shopping (best of ${SHOPPED.length})`, shopped),
  ];
}

async function figureOf(scene: Scene, attack: string, models: readonly WorldModel[]): Promise<AttackFigure> {
  const before = await scene.evidenceBy(scene.model);
  const after: (readonly AnswerEvidence[])[] = [];
  for (const model of models) after.push(await scene.evidenceBy(model));
  const of = { attack, attacker: "trainer", defence: "spans choose", measure: "inflation" } as const;
  const most = (rule: PayRule) => mostInflation(scene, rule, before, after);
  return { ...of, on: most("product"), off: most("influence"), target: INFLATION_TARGET };
}

function mostInflation(
  { set, model: { world } }: Scene,
  rule: PayRule,
  before: readonly AnswerEvidence[],
  after: readonly (readonly AnswerEvidence[])[],
): number {
  const payOf = (found: readonly AnswerEvidence[], name: string) =>
    meanPay(
      found.map((one) => sharesBy(rule, one, world)),
      [name],
    );
  const factors = set.contributors.flatMap(({ name }) => {
    const without = payOf(before, name);
    return without > 0 ? after.map((found) => inflationOf(payOf(found, name), without)) : [];
  });
  return Math.max(...factors);
}

/** The same adapter in another gauge: (A, B) becomes (f A, B / f). */
export function inGauge(
  adapter: LoraAdapter,
  { part, factor }: { part: RegExp; factor: number },
): LoraAdapter {
  const modules = [...adapter.modules].map(([name, { a, b }]) =>
    part.test(name)
      ? ([name, { a: a.map((x) => x * factor), b: b.map((x) => x / factor) }] as const)
      : ([name, { a, b }] as const),
  );
  return { ...adapter, modules: new Map(modules) };
}

function withTerms(maker: Maker, terms: (typeof SHOPPED)[number]): Maker {
  const { method } = maker;
  return { ...maker, method: { ...method, attribution: { ...method.attribution, ...terms } } as Method };
}
