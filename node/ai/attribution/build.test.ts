import { expect, test } from "vitest";
import { Session } from "../../../native/js/index.ts";
import { quantise } from "../../../native/js/influence.ts";
import { exampleHash } from "../datanet/rows.ts";
import { loadModel } from "../model/load.ts";
import { TINY_METHOD, tinyModelFiles } from "../testing/tiny-model.ts";
import { canonicalExamples } from "../train/plan.ts";
import type { RowPlace, TrainingExample } from "../train/snapshot.ts";
import { trainAdapter } from "../train/train.ts";
import { buildIndex, fitModelBasis } from "./build.ts";
import { dimensionOf, sketchBy } from "./model-basis.ts";
import { recordOf } from "./sketch-index.ts";

const TAKEN = 11;

test("an index is the same for any number of rows sketched at once, small ones and all", async () => {
  const session = new Session();
  const base = await loadModel(tinyModelFiles());
  const rows = Array.from({ length: 13 }, (_, rowId): TrainingExample => {
    const row = { prompt: `What is number ${rowId}?`, completion: "one two three four".slice(0, 4 + rowId) };
    return { rowId, row, exampleHash: exampleHash(row) };
  });
  // The first row is learnt by heart: its gradient is much smaller than the others'.
  const training = { ...TINY_METHOD.training, epochs: 400 };
  const { native } = await trainAdapter(session, base, rows.slice(0, 1), { ...TINY_METHOD, training });
  const { basis } = await fitModelBasis(session, base, native, rows, TINY_METHOD);
  const places = rows.map(({ rowId, exampleHash: hash }): RowPlace => {
    const first = rowId === TAKEN ? 0 : rowId;
    return { rowId, first, row: rowId, contributionId: 5n, contributor: "0x", exampleHash: hash };
  });
  const examples = rows.filter(({ rowId }) => rowId !== TAKEN);
  const set = { places, examples };
  const told: [number, number][] = [];
  const onProgress = ({ done, total }: { done: number; total: number }) => void told.push([done, total]);
  const whole = await buildIndex(session, base, native, basis, set, TINY_METHOD);
  for (const batchRows of [1, 5]) {
    const built = await buildIndex(session, base, native, basis, set, TINY_METHOD, { batchRows, onProgress });
    expect(built.commitment).toEqual(whole.commitment);
    expect(built.bytes).toEqual(whole.bytes);
  }
  expect(told.every(([done, total]) => done <= total && total === examples.length)).toBe(true);
  expect(told.at(-1)).toEqual([examples.length, examples.length]);

  // All at once, by the rule as such.
  const tokens = await canonicalExamples(examples, base.tokenizer, base.config.contextLength);
  const request = { model: base.native, adapter: native, basis, examples: tokens };
  const coordinates = await sketchBy(session, request).wait();
  const k = dimensionOf(basis);
  const natural = [...quantise(coordinates, k, 8).exponents];
  const median = natural.toSorted((a, b) => a - b)[examples.length >> 1]!;
  expect(natural[0]).toBeLessThan(median - 4);
  const { exponents, values } = quantise(coordinates, k, 8, { min: median - 4, max: median + 4 });
  for (const [i, { rowId }] of examples.entries()) {
    const record = recordOf(whole, rowId);
    expect([record.rowId, record.first, record.exponent]).toEqual([rowId, rowId, exponents[i]]);
    expect(record.values).toEqual(values.slice(i * k, (i + 1) * k));
  }
  expect(recordOf(whole, TAKEN)).toMatchObject({ first: 0, exponent: median });
  expect(recordOf(whole, TAKEN).values.every((value) => value === 0)).toBe(true);
});
