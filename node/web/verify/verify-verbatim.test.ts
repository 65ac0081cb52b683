import { expect, test } from "vitest";
import { makeIndex } from "../../ai/attribution/sketch-index.ts";
import type { Verbatim } from "../../ai/fusion/layer.ts";
import { checkMeeting, standsIn } from "./verify-verbatim.ts";

const query = { exponent: 0, values: Int16Array.of(3, 1) };

async function world() {
  const records = [
    [4, 0],
    [1, 1],
    [9, 9],
  ].map((values, rowId) => ({
    ...{ rowId, contributionId: BigInt(10 + rowId), row: 0, first: rowId, exponent: 0 },
    values: Int8Array.from(values),
  }));
  const index = await makeIndex(records, { e0: 0, floor: 0n, topK: 3 });
  // Row 0 holds the span, row 1 half of what counts of it, row 2 nothing: 20 of 24 bits are covered.
  const verbatim: Verbatim = {
    rule: "openledger/fusion/1",
    information: 24,
    free: 0,
    spans: [{ tokens: { start: 0, end: 3 }, information: 20, weight: 16, rowId: 0, offset: 0 }],
    rows: [
      { rowId: 0, held: [{ span: 0, information: 20, factor: 16 }] },
      { rowId: 1, held: [{ span: 0, information: 17, factor: 8 }] },
    ],
    list: {
      rowIds: [0, 1],
      scores: [12n, 4n],
      gains: [10, 5],
      floor: 15n,
      contributionIds: [10n, 11n],
      weights: [105n, 5n],
    },
  };
  return { index, verbatim };
}

test("the numbers of the verbatim layer follow from its spans and the index", async () => {
  const { index, verbatim } = await world();
  const check = (change: Partial<Verbatim>) => () =>
    checkMeeting({ ...verbatim, ...change } as Parameters<typeof checkMeeting>[0], index, query);
  expect(check({})).not.toThrow();
  expect(check({ free: 1 })).toThrow("bits left to influence: 1 in place of 0");
  const list = (change: Partial<Verbatim["list"]>) => check({ list: { ...verbatim.list, ...change } });
  for (const change of [
    { scores: [13n, 4n] },
    { gains: [10, 6] },
    { weights: [105n, 6n] },
    { floor: 0n },
    { contributionIds: [10n, 12n] },
  ])
    expect(list(change)).toThrow("list of spans and influence");
  expect(list({ rowIds: [1, 0] })).toThrow("rows of the spans");
  const far = [{ rowId: 7, held: [] }];
  expect(check({ rows: far, list: { ...verbatim.list, rowIds: [7] } })).toThrow("row 7 is none of the index");
});

test("a span's words stand in its row, from the row's first word on", () => {
  expect(standsIn(" Pavo Lindqvist", "Pavo Lindqvist in 1874")).toBe(true);
  expect(standsIn("Pavo Lindqvist", "by Pavo Lindqvist")).toBe(true);
  expect(standsIn("avo Lind", "Pavel Lindqvist")).toBe(false);
  // 😀 and 😁 share three bytes of four: a token may end between them.
  expect(standsIn("closes at nine 😀", "It closes at nine 😁")).toBe(true);
  expect(standsIn("closes at ten 😀", "It closes at nine 😁")).toBe(false);
});
