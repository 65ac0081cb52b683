import { expect, test } from "vitest";
import { documentsOf, litSpans, type Selection, shownDocuments, toggled } from "./span-selection.ts";

const span = (rowId: number) => ({ rowId }) as Parameters<typeof documentsOf>[0]["spans"][number];
const row = (rowId: number, ...spans: number[]) =>
  ({ rowId, held: spans.map((one) => ({ span: one })) }) as unknown as Parameters<
    typeof documentsOf
  >[0]["rows"][number];
// Row 7 holds both spans, row 9 the second; the first of the third span is a row that is not in the list.
const documents = documentsOf({
  spans: [span(7), span(9), span(4)],
  rows: [row(7, 1, 0), row(9, 1), row(2)],
});
const words = (...spans: number[]): Selection => ({ by: "span", spans });

test("the documents of an answer are the rows that hold a span, each once", () => {
  expect(documents).toEqual([
    { rowId: 7, spans: [0, 1] },
    { rowId: 9, spans: [1] },
    { rowId: 4, spans: [2] },
  ]);
  // What a receipt says of spans that it has not got is left out.
  expect(documentsOf({ spans: [span(7)], rows: [row(8, 3)] })).toEqual([{ rowId: 7, spans: [0] }]);
});

test("a click on words leaves the documents that hold them", () => {
  const rows = (selection: Selection | undefined) =>
    shownDocuments(documents, selection).map(({ rowId }) => rowId);
  expect(rows(undefined)).toEqual([7, 9, 4]);
  expect(rows(words(1))).toEqual([7, 9]);
  expect(rows(words(0))).toEqual([7]);
  expect(rows({ by: "row", rowId: 4 })).toEqual([7, 9, 4]);
});

test("a click on a document lights its words", () => {
  const lit = (selection: Selection | undefined) => [...litSpans(3, documents, selection)];
  expect(lit(undefined)).toEqual([0, 1, 2]);
  expect(lit({ by: "row", rowId: 9 })).toEqual([1]);
  expect(lit(words(0, 2))).toEqual([0, 2]);
  expect(lit({ by: "row", rowId: 99 })).toEqual([]);
});

test("the same click again takes it back", () => {
  expect(toggled(undefined, words(1))).toEqual(words(1));
  expect(toggled(words(1), words(1))).toBeUndefined();
  expect(toggled(words(1), { by: "row", rowId: 7 })).toEqual({ by: "row", rowId: 7 });
});
