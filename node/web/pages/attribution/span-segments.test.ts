import { describe, expect, test } from "vitest";
import { segmentsOf } from "./span-segments.ts";

const pieces = (text: string, stretches: Parameters<typeof segmentsOf>[1]) =>
  segmentsOf(text, stretches).map(({ text: piece, spans }) => [piece, spans]);

/** The place of the nth time that words stand in a text. */
function place(text: string, words: string, nth = 0) {
  let start = text.indexOf(words);
  for (let i = 0; i < nth; i++) start = text.indexOf(words, start + 1);
  return { start, end: start + words.length };
}

describe("an answer's pieces", () => {
  test("of spans that overlap are those that the same spans hold", () => {
    expect(
      pieces("abcdef", [
        { start: 0, end: 4 },
        { start: 2, end: 6 },
      ]),
    ).toEqual([
      ["ab", [0]],
      ["cd", [0, 1]],
      ["ef", [1]],
    ]);
    expect(
      pieces("abcdef", [
        { start: 1, end: 5 },
        { start: 2, end: 3 },
      ]),
    ).toEqual([
      ["a", []],
      ["b", [0]],
      ["c", [0, 1]],
      ["de", [0]],
      ["f", []],
    ]);
  });

  test("mark the one place of words that stand twice, not the other", () => {
    const text = "the ferry, then the ferry";
    expect(pieces(text, [place(text, "the ferry", 1)])).toEqual([
      ["the ferry, then ", []],
      ["the ferry", [0]],
    ]);
  });

  test.each([
    ["emoji", "👩‍🔬🚢 the ferry leaves", "the ferry"],
    ["Chinese", "渡輪從這裡出發 the ferry leaves", "the ferry"],
    ["code", "```\nlet the = 1;\n```\nthe ferry leaves", "the ferry"],
    ["a heading", "# Ferries\n\nthe ferry leaves", "Ferries\n\nthe ferry"],
  ])("are at their place after or over %s", (_, text, words) => {
    const [before, marked] = segmentsOf(text, [place(text, words)]);
    expect(before!.spans).toEqual([]);
    expect(marked).toMatchObject({ text: words, spans: [0] });
  });

  test("are the whole text, whatever the spans are", () => {
    const text = "some 🚢 words";
    const odd = [
      undefined,
      { start: -1, end: 3 },
      { start: 4, end: 4 },
      { start: 2, end: 99 },
      { start: 0, end: 4 },
    ];
    expect(pieces(text, odd)).toEqual([
      ["some", [4]],
      [" 🚢 words", []],
    ]);
    expect(pieces("", [])).toEqual([]);
  });
});
