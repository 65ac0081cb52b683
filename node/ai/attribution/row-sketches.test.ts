import { beforeAll, expect, test } from "vitest";
import { type Adapter, Session } from "../../../native/js/index.ts";
import { exampleHash, rowOfSentence } from "../datanet/rows.ts";
import { type LoadedModel, loadModel } from "../model/load.ts";
import { TINY_METHOD, tinyModelFiles } from "../testing/tiny-model.ts";
import { checkMethod, decodeMethod, encodeMethod, type Method } from "../train/method.ts";
import { canonicalExamples, planTraining } from "../train/plan.ts";
import type { TrainingExample } from "../train/snapshot.ts";
import { trainPlan } from "../train/train.ts";
import { buildIndex, type FittedBasis, fitModelBasis } from "./build.ts";
import { dimensionOf, type ModelBasis, sketchBy } from "./model-basis.ts";
import { placed, promptsOf, sketchedExamples, sketchRows } from "./row-sketches.ts";

const withPrompts = (prompts: number): Method => ({
  ...TINY_METHOD,
  training: { ...TINY_METHOD.training, warmupSteps: 2 },
  attribution: { ...TINY_METHOD.attribution, prompts },
});
const method = withPrompts(4);
const rows = ["one two three four.", "five six seven eight.", "nine ten one three."].map(
  (text, rowId): TrainingExample => {
    const row = rowOfSentence(text);
    return { rowId, row, exampleHash: exampleHash(row) };
  },
);

let session: Session;
let base: LoadedModel;
let adapter: Adapter;
let basis: ModelBasis;
let sketched: FittedBasis["sketched"];
beforeAll(async () => {
  session = new Session();
  base = await loadModel(tinyModelFiles());
  const plan = await planTraining(rows, method, base.tokenizer, base.config.contextLength);
  adapter = (await trainPlan(session, base, plan, method)).native;
  ({ basis, sketched } = await fitModelBasis(session, base, adapter, rows, method));
});

test("a row is sketched by prompts that training asks it with, as many as there are epochs at most", async () => {
  const plan = await planTraining(rows, method, base.tokenizer, base.config.contextLength);
  const visited = plan.steps.flat().map((at) => `${plan.rows[at]}: ${plan.examples[at]!.ids}`);
  const examples = await sketchedExamples(placed(rows), method, base);
  for (const [row, found] of examples.entries()) {
    expect(found).toHaveLength(4);
    for (const { ids } of found) expect(visited).toContain(`${row}: ${ids}`);
  }
  expect(new Set(examples[1]!.map(({ ids }) => `${ids}`)).size).toBeGreaterThan(1);
  expect(promptsOf(withPrompts(64))).toBe(TINY_METHOD.training.epochs);
  expect((await sketchedExamples(placed(rows), withPrompts(64), base))[0]).toHaveLength(8);
});

test("without prompts a row is sketched by itself, as methods before said", async () => {
  const own = await canonicalExamples(rows, base.tokenizer, base.config.contextLength);
  expect(await sketchedExamples(placed(rows), TINY_METHOD, base)).toEqual(own.map((example) => [example]));
  expect(new TextDecoder().decode(encodeMethod(TINY_METHOD))).not.toContain("prompts");
});

test("a sketch is the mean over the row's prompts, whatever rows are sketched with it", async () => {
  const all = await sketchRows(session, { base, adapter, basis, method }, placed(rows));
  const k = dimensionOf(basis);
  const [, second] = placed(rows);
  const alone = await sketchRows(session, { base, adapter, basis, method }, [second!]);
  expect(alone).toEqual(all.slice(k, 2 * k));
  const [examples] = await sketchedExamples([second!], method, base);
  const each = await sketchBy(session, { model: base.native, adapter, basis, examples: examples! }).wait();
  for (let at = 0; at < k; at++) {
    const mean = (each[at]! + each[k + at]! + each[2 * k + at]! + each[3 * k + at]!) / 4;
    expect(alone[at]).toBe(Math.fround(mean));
  }
  const places = rows.map(({ rowId, exampleHash: hash }) => {
    return {
      rowId,
      first: rowId,
      row: rowId,
      contributionId: 1n,
      contributor: "0x" as const,
      exampleHash: hash,
    };
  });
  const set = { places, examples: rows };
  const [whole, oneByOne] = [
    await buildIndex(session, base, adapter, basis, set, method),
    await buildIndex(session, base, adapter, basis, set, method, { batchRows: 1 }),
  ];
  expect(oneByOne.bytes).toEqual(whole.bytes);
  // Those that fitting sketched on its way are the same, all of them or some.
  expect([...sketched.keys()]).toEqual([0, 1, 2]);
  for (const known of [sketched, new Map([...sketched].slice(1, 2))]) {
    const built = await buildIndex(session, base, adapter, basis, set, method, { sketched: known });
    expect(built.bytes).toEqual(whole.bytes);
  }
  const before = await buildIndex(session, base, adapter, basis, set, TINY_METHOD);
  expect(before.commitment.root).not.toBe(whole.commitment.root);
});

test.each([0, 65, 1.5, -1])("refuses %j prompts a row", (prompts) => {
  expect(() => checkMethod(withPrompts(prompts))).toThrow(
    expect.objectContaining({ code: "METHOD_INVALID" }),
  );
  expect(decodeMethod(encodeMethod(method))).toEqual(method);
});
