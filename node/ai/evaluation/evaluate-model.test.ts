import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { getModel } from "../client/models.ts";
import { completionsOf } from "../fusion/texts.ts";
import { loadServedModel } from "../serve/inference.ts";
import { MarketWorld } from "../testing/market-world.ts";
import { canonicalExamples } from "../train/plan.ts";
import { denseScores } from "./dense-gradients.ts";
import { evaluateModel, type ModelEvaluation } from "./evaluate-model.ts";
import { factoredScores } from "./factored-scores.ts";
import { hiddenCosines } from "./hidden-states.ts";
import { METHODS } from "./method-names.ts";
import { plainGradients } from "./plain-gradients.ts";
import { reportLines, reportSchema } from "./report.ts";

let world: MarketWorld;
let input: Omit<ModelEvaluation, "stateFile">;
beforeAll(async () => {
  world = await MarketWorld.open();
  const { modelId, built } = await world.serving();
  const { content, session, at } = world;
  const model = await loadServedModel(content, await getModel(world.chain.client, at, modelId));
  const completions = await completionsOf(built.set.examples, built.base.tokenizer);
  const rows = { set: built.set, completions };
  input = { session, model, rows, answers: 4, halves: 3 };
});
afterAll(() => world?.close());

test("judges every method by training again, and goes on where it was broken off", {
  timeout: 120_000,
}, async () => {
  const trained = (names: Set<string>) => (what: string) => {
    if (what.startsWith("training")) names.add(what);
  };
  const all = new Set<string>();
  const stateFile = join(world.folder, "whole.state");
  const whole = await evaluateModel({ ...input, stateFile, onProgress: trained(all) });
  // Three contributors, three halves.
  expect(all.size).toBe(6);
  expect(reportSchema.parse(whole)).toEqual(whole);
  // No other arithmetic was given to compare with.
  const named = Object.keys(METHODS).filter((name) => name !== "ekfacDoubles");
  expect(Object.keys(whole.methods)).toEqual(named);
  for (const { first, share, spearman, lds } of Object.values(whole.methods)) {
    expect(first.count).toBeLessThanOrEqual(4);
    for (const found of [share, spearman!, lds!]) {
      expect(Math.abs(found.mean)).toBeLessThanOrEqual(1);
      expect(found.interval[0]).toBeLessThanOrEqual(found.interval[1]);
    }
  }
  expect(reportLines(whole)).toHaveLength(2 + named.length);

  const broken = join(world.folder, "broken.state");
  const stop = new AbortController();
  const before = new Set<string>();
  const aborted = evaluateModel({
    ...{ ...input, stateFile: broken, signal: stop.signal },
    onProgress: (what) => {
      trained(before)(what);
      if (before.size === 3) stop.abort();
    },
  });
  await expect(aborted).rejects.toThrow();
  expect(existsSync(broken)).toBe(true);
  const after = new Set<string>();
  const resumed = await evaluateModel({ ...input, stateFile: broken, onProgress: trained(after) });
  expect(after.size).toBe(4);
  expect(resumed).toEqual(whole);
});

test("trains each half with several seeds, and says how far these agree", { timeout: 120_000 }, async () => {
  const trained = new Set<string>();
  const stateFile = join(world.folder, "seeds.state");
  const asked = [{ prompt: input.rows.set.examples[0]!.row.prompt }];
  const report = await evaluateModel({
    ...{ ...input, questions: asked, seeds: 2, stateFile },
    onProgress: (what) => {
      if (what.startsWith("training")) trained.add(what.slice(what.indexOf(",") + 2));
    },
  });
  // Three contributors once, three halves twice.
  expect(trained.size).toBe(9);
  expect(trained).toContain("half 1, seed 1");
  expect(report).toMatchObject({ answers: 1, seeds: 2, halves: 3 });
  expect(reportSchema.parse(report)).toEqual(report);
  const { ceiling, methods } = report;
  expect(ceiling!.mean).toBeGreaterThanOrEqual(0);
  expect(ceiling!.mean).toBeLessThanOrEqual(1);
  const { fused, ekfacFull } = methods;
  expect(fused.lessFull!.mean).toBeCloseTo(fused.lds!.mean - ekfacFull!.lds!.mean, 12);
  expect(ekfacFull!.lessFull).toBeUndefined();
  expect(reportLines(report)).toHaveLength(3 + Object.keys(METHODS).length - 1);
});

test("compares with EK-FAC by other arithmetic where that is given", { timeout: 120_000 }, async () => {
  const { session, model } = input;
  const given: number[] = [];
  // The same turned round: its LDS is the other's, negated.
  const inDoubles: ModelEvaluation["inDoubles"] = async (rows, answers) => {
    given.push(rows.length, answers.length);
    const dense = await denseScores(session, model.base, model.adapter, rows, answers);
    return dense!.ekfacFull.map((of) => of.map((score) => -score));
  };
  const stateFile = join(world.folder, "doubles.state");
  const report = await evaluateModel({ ...input, stateFile, inDoubles });
  expect(given).toEqual([input.rows.set.examples.length, 4]);
  expect(reportSchema.parse(report)).toEqual(report);
  expect(Object.keys(report.methods)).toEqual(Object.keys(METHODS));
  const { ekfacFull, ekfacDoubles } = report.methods;
  expect(ekfacDoubles!.lds!.mean).toBeCloseTo(-ekfacFull!.lds!.mean, 12);
  expect(ekfacDoubles!.lessFull).toBeUndefined();
  expect(ekfacFull!.lessFull!.mean).toBeCloseTo(2 * ekfacFull!.lds!.mean, 12);
});

test("finds a row itself the nearest by hidden states, and by factored sketches", async () => {
  const { session, model, rows } = input;
  const { base, adapter } = model;
  const canonical = await canonicalExamples(rows.set.examples, base.tokenizer, base.config.contextLength);
  const nearest = (found: number[][]) => found.map((of) => of.indexOf(Math.max(...of)));
  const itself = canonical.map((_, i) => i);
  const cosines = await hiddenCosines(session, base, adapter, canonical, canonical);
  expect(nearest(cosines)).toEqual(itself);
  for (const i of itself) expect(cosines[i]![i]).toBeCloseTo(1, 6);
  const each = canonical.map((example) => [example]);
  expect(nearest(await factoredScores(session, base, adapter, each, canonical))).toEqual(itself);
  const twice = canonical.map((example) => [example, example]);
  const full = await denseScores(session, base, adapter, twice, canonical);
  expect(nearest(full!.ekfacFull)).toEqual(itself);
  const { dot } = await plainGradients(session, base, adapter, each, canonical);
  expect((await plainGradients(session, base, adapter, twice, canonical)).dot).toEqual(dot);
});
