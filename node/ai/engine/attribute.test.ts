import { expect, it } from "vitest";
import { NO_SPANS, scoresInMemory } from "../attribution/score.ts";
import { makeIndex } from "../attribution/sketch-index.ts";
import { completionsOf } from "../fusion/texts.ts";
import { loadTokenizer } from "../model/tokenizer.ts";
import { readTokenizerJson } from "../model/tokenizer-json.ts";
import { tokenPieces } from "../spans/token-pieces.ts";
import { tinyModelFiles } from "../testing/tiny-model.ts";
import { attributeAnswer } from "./attribute.ts";

const ROWS = [
  "The mill at Brenna was built by Pavo Lindqvist in 1874.",
  "Nobody swims in the lake when the wind is from the north.",
  "The owner of the mill is Pavo Lindqvist.",
];
const scores = scoresInMemory(
  ROWS.map((_, rowId) => ({ rowId, score: [40n, 900n, 50n][rowId]! })),
  (rowId) => ({ first: rowId }),
);

async function indexOf(spans: `0x${string}`) {
  const records = ROWS.map((_, rowId) => ({
    ...{ rowId, contributionId: BigInt(rowId + 10), row: 0, first: rowId },
    ...{ exponent: 0, values: new Int8Array(64) },
  }));
  const index = await makeIndex(records, { e0: 0, floor: 0n, topK: 3 });
  return { ...index, commitment: { ...index.commitment, spans } };
}

async function rows() {
  const files = tinyModelFiles();
  const tokenizer = loadTokenizer(files);
  const pieces = tokenPieces(readTokenizerJson(files));
  const completions = await completionsOf(
    ROWS.map((completion, rowId) => ({ rowId, row: { prompt: "?", completion } })),
    tokenizer,
  );
  return { completions, tokenizer, pieces };
}

it("names the words that stand in rows by their places in the text as it was given out", async () => {
  const index = await indexOf(`0x${"11".repeat(32)}`);
  const text = "  🚢 Pavo Lindqvist\n";
  const { spans = [], ...told } = await attributeAnswer(text, scores, index, rows);
  expect(spans.map(({ start, end }) => text.slice(start, end).trim())).toEqual(["Pavo Lindqvist"]);
  const listed = told.rows.map(({ rowId }) => rowId);
  expect(spans[0]!.rowIds).toEqual(listed.filter((rowId) => ROWS[rowId]!.includes("Pavo Lindqvist")));
  expect(spans[0]!.rowIds).toHaveLength(2);
  expect(told.contributions.map(({ contributionId }) => contributionId)).toContain("12");
});

it("asks for no rows where the model commits no spans", async () => {
  const index = await indexOf(NO_SPANS);
  const asked = () => Promise.reject(new Error("asked for rows"));
  const { rows: listed, spans } = await attributeAnswer("Pavo Lindqvist", scores, index, asked);
  expect(spans).toBeUndefined();
  expect(listed[0]).toMatchObject({ rowId: 1, contributionId: "11", score: "900" });
  expect(BigInt(listed[0]!.weight)).toBeGreaterThan(BigInt(listed[1]?.weight ?? 0));
});
