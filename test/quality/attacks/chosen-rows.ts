import { dimensionOf, sketchBy } from "../../../node/ai/attribution/model-basis.ts";
import { exampleHash, type Row } from "../../../node/ai/datanet/rows.ts";
import { canonicalExamples } from "../../../node/ai/train/plan.ts";
import type { Fact } from "../facts.ts";
import { candidates } from "./rows.ts";
import { marksOf, type Scene } from "./scene.ts";
import { freeze } from "./world.ts";

/*
 * Rules are public: an attacker chooses among rows that the product would let take part.
 */

/**
 * Of each fact's candidates the one with the largest influence on the answers to its questions, by a model of the attacker's own: here
 * the honest one, the best that it could train (the shadow attack of Wang et al. 2024, arXiv 2409.05657, for rows of words).
 */
export function shadows(facts: readonly Fact[], scene: Scene): Promise<Row[]> {
  return bestOf(facts, scene, async (fact, rows) => {
    const { model, maker } = scene;
    const answers = scene.asked.filter((asked) => asked.fact === fact).map(({ example }) => example);
    const examples = [...(await examplesOf(rows, scene)), ...answers];
    const request = { model: maker.base.native, adapter: model.adapter, basis: model.basis, examples };
    const sketches = await sketchBy(maker.session, request).wait();
    const k = dimensionOf(model.basis);
    const dot = (a: number, b: number) =>
      sketches.subarray(a * k, a * k + k).reduce((sum, x, j) => sum + x * sketches[b * k + j]!, 0);
    return rows.map((_, row) => answers.reduce((sum, __, i) => sum + dot(row, rows.length + i), 0));
  });
}

/** Of each fact's candidates the one that a model of the attacker's own expects least (the outlier attack of the same paper). */
export function outliers(facts: readonly Fact[], scene: Scene): Promise<Row[]> {
  return bestOf(facts, scene, async (_, rows) => {
    const { model, maker } = scene;
    const examples = await examplesOf(rows, scene);
    const request = { model: maker.base.native, adapter: model.adapter, examples };
    return [...(await maker.session.evaluate(request).wait()).losses];
  });
}

async function bestOf(
  facts: readonly Fact[],
  scene: Scene,
  worth: (fact: Fact, rows: readonly Row[]) => Promise<number[]>,
): Promise<Row[]> {
  const chosen: Row[] = [];
  for (const fact of facts) {
    const rows = await unmarked(candidates(fact), scene);
    const worths = await worth(fact, rows);
    chosen.push(rows[worths.indexOf(Math.max(...worths))]!);
  }
  return chosen;
}

/** Those rows that would take part behind the honest ones; all where none would. */
async function unmarked(rows: readonly Row[], { honest, maker }: Scene): Promise<readonly Row[]> {
  const { set } = await freeze([...honest, { wallet: "an attacker", rows }], maker.base, marksOf(maker));
  const added = set.places.slice(-rows.length);
  const left = rows.filter((_, i) => added[i]!.first === added[i]!.rowId);
  return left.length > 0 ? left : rows;
}

function examplesOf(rows: readonly Row[], { maker: { base } }: Scene) {
  const numbered = rows.map((row, rowId) => ({ rowId, row, exampleHash: exampleHash(row) }));
  return canonicalExamples(numbered, base.tokenizer, base.config.contextLength);
}
