import { describe, expect, it } from "vitest";
import { scoresInMemory } from "../attribution/score.ts";
import { loadTokenizer } from "../model/tokenizer.ts";
import { readTokenizerJson } from "../model/tokenizer-json.ts";
import { tokenPieces } from "../spans/token-pieces.ts";
import { characterTokenizer } from "../testing/character-tokenizer.ts";
import { tinyModelFiles } from "../testing/tiny-model.ts";
import { type SpanSource, verbatimOf } from "./layer.ts";
import { completionsOf } from "./texts.ts";

const ROWS = [
  "The mill at Brenna was built by Pavo Lindqvist in 1874.",
  "The café “Zur Ähre” closes at nine 😀 on Mondays.",
  "Nobody swims in the lake when the wind is from the north.",
  "The owner of the mill is Pavo Lindqvist.",
  "There is a ferry to Lund at six.",
];
const rows = ROWS.map((completion, i) => ({ rowId: i + 2, row: { prompt: "?", completion } }));
const terms = { floor: 0n, topK: 4, rows: 8 };
const headOf = (rowId: number) => ({ first: rowId, contributionId: BigInt(rowId) });
const scored = (...scores: bigint[]) =>
  scoresInMemory(
    [undefined, undefined, ...scores].map((score, rowId) => ({ rowId, score })),
    headOf,
  );

async function shipped(): Promise<SpanSource> {
  const files = tinyModelFiles();
  const tokenizer = loadTokenizer(files);
  const pieces = tokenPieces(readTokenizerJson(files));
  return { completions: await completionsOf(rows, tokenizer), tokenizer, pieces };
}

describe("the verbatim layer of an answer", () => {
  it("names the words that stand in rows, by their places in the answer", async () => {
    const source = await shipped();
    const answer = "The café “Zur Ähre” closes at nine 😀 on Mondays. Pavo Lindqvist owns it.";
    const found = await verbatimOf(source, terms, { answer, scores: scored(3n, 9n, 100n, 2n, 1n) }, headOf);
    const quoted = found.spans.map(({ text }) => answer.slice(text!.start, text!.end));
    expect(quoted[0]).toBe("The café “Zur Ähre” closes at nine 😀 on Mondays.");
    expect(found.spans[0]).toMatchObject({ rowId: 3, offset: 0 });
    expect(found.rule).toBe("openledger/fusion/1");
    // Most of the answer is covered, so who holds nothing of it counts nothing, however large its influence.
    expect(found.free).toBe(0);
    expect(found.list.rowIds).not.toContain(4);
    expect(found.list.rowIds[0]).toBe(3);
    expect(found.rows.map(({ rowId }) => rowId)).toEqual(found.list.rowIds);
    expect(found.rows[0]!.held[0]).toEqual({
      span: 0,
      information: found.spans[0]!.information,
      factor: 16,
    });
  });

  it("lets influence decide between rows that hold the same words", async () => {
    const source = await shipped();
    const answer = "Pavo Lindqvist";
    const whose = async (...scores: bigint[]) =>
      (await verbatimOf(source, terms, { answer, scores: scored(...scores) }, headOf)).list.rowIds;
    expect(await whose(5n, 100n, 100n, 6n, 100n)).toEqual([5, 2]);
    expect(await whose(6n, 100n, 100n, 5n, 100n)).toEqual([2, 5]);
    // What holds the words is never left out, even if it moved the model away.
    expect(await whose(-6n, 100n, 100n, -7n, 100n)).toEqual([2, 5]);
  });

  it("is the same for a tokenizer that does not say its bytes, but for the places in the text", async () => {
    const tokenizer = loadTokenizer(characterTokenizer());
    const completions = await completionsOf(rows, tokenizer);
    const source = { completions, tokenizer, pieces: undefined };
    const answer = "a ferry to Lund";
    const found = await verbatimOf(source, terms, { answer, scores: scored(1n, 1n, 1n, 1n, 1n) }, headOf);
    expect(found.spans.map(({ rowId, text }) => [rowId, text])).toEqual([[6, undefined]]);
    expect(found.list.rowIds).toEqual([6]);
  });

  it("leaves an answer of its own words to influence", async () => {
    const source = await shipped();
    const scores = scored(1n, 40n, 30n, -1n, 2n);
    const found = await verbatimOf(source, terms, { answer: "zebra quartz jumped", scores }, headOf);
    expect(found.spans).toEqual([]);
    expect(found.list).toMatchObject({ rowIds: [3, 4, 6, 2], gains: [16, 16, 16, 16] });
  });
});
