import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rowOfSentence } from "../datanet/rows.ts";
import { fixedLog2 } from "../spans/bm25.ts";
import { type ContextRow, questionWords, RowRanking, rowWords } from "./ranking.ts";

const WORDS = ["fish", "ferry", "grey", "north", "the", "7"];
const text = fc.array(fc.constantFrom(...WORDS), { maxLength: 8 }).map((words) => words.join(" "));
const rowsOf = (texts: readonly (readonly [string, string])[]): ContextRow[] =>
  texts.map(([prompt, completion], i) => ({ rowId: 3 * i + 1, row: { prompt, completion } }));

/** The rule word for word. */
function byDefinition(rows: readonly ContextRow[], question: string, limit: number): number[] {
  const texts = rows.map(rowWords);
  const all = texts.reduce((sum, words) => sum + words.length, 0);
  const scores = texts.map((words) =>
    [...new Set(question.split(" ").filter((word) => word !== ""))].reduce((sum, word) => {
      const times = words.filter((one) => one === word).length;
      if (times === 0) return sum;
      const holding = texts.filter((one) => one.includes(word)).length;
      const weight = fixedLog2(BigInt(2 * rows.length + 2), BigInt(2 * holding + 1));
      const below = 20 * times * all + 6 * all + 18 * words.length * rows.length;
      return sum + (44n * weight * BigInt(times * all)) / BigInt(below);
    }, 0n),
  );
  const places = rows.map((_, place) => place).filter((place) => scores[place]! > 0n);
  places.sort((a, b) => (scores[a] === scores[b] ? a - b : scores[a]! > scores[b]! ? -1 : 1));
  return places.slice(0, limit).map((place) => rows[place]!.rowId);
}

const found = (rows: readonly ContextRow[], prompt: string, limit = 8) =>
  new RowRanking(rows).best({ prompt }, limit).map(({ rowId }) => rowId);

describe("which rows fit a question", () => {
  it("is what the rule says, on random rows", () => {
    const world = fc.tuple(fc.array(fc.tuple(text, text), { maxLength: 9 }), text, fc.nat(4));
    fc.assert(
      fc.property(world, ([texts, question, limit]) => {
        const rows = rowsOf(texts);
        expect(found(rows, question, limit)).toEqual(byDefinition(rows, question, limit));
      }),
      { numRuns: 300 },
    );
  });

  it("goes by words, not by case, marks or width", () => {
    const rows = rowsOf([
      ["Where is the ferry?", "At the NORTH-pier."],
      ["Which fish?", "Grey mullet"],
    ]);
    expect(found(rows, "ｎｏｒｔｈ!")).toEqual([1]);
    expect(found(rows, "MULLET, the fish")).toEqual([4, 1]);
  });

  it("gives of equal rows the lower first, and none that shares no word", () => {
    const rows = rowsOf(Array.from({ length: 5 }, () => ["fish", "grey"] as const));
    expect(found(rows, "fish", 3)).toEqual([1, 4, 7]);
    expect(found(rows, "north")).toEqual([]);
    expect(found([], "fish")).toEqual([]);
  });

  it("is not moved by texts without words, and not by very long ones", () => {
    const rows = rowsOf([
      ["?!", "…"],
      ["", ""],
      [`${"fish ".repeat(20_000)}`, "grey"],
      ["fish", "north"],
    ]);
    expect(rowWords(rows[0]!)).toEqual([]);
    expect(found(rows, "?!")).toEqual([]);
    expect(found(rows, "…")).toEqual([]);
    expect(found(rows, "fish")).toEqual([7, 10]);
    expect(found(rows, "north fish")).toEqual([10, 7]);
  });

  it("reads a sentence of prose once, and a conversation before a row's question", () => {
    const prose = rowOfSentence("The ferry sails north.");
    expect(rowWords({ row: prose })).toEqual(["the", "ferry", "sails", "north"]);
    const before = [{ role: "user", content: "Hello" }] as const;
    expect(rowWords({ row: { prompt: "Why?", completion: "So.", before } })).toEqual(["hello", "why", "so"]);
  });

  it("looks for what the user said, not for what others said", () => {
    const before = [
      { role: "system", content: "brief" },
      { role: "user", content: "The ferry" },
      { role: "assistant", content: "sails" },
    ] as const;
    expect([...questionWords({ prompt: "And the price?", before })]).toEqual([
      "the",
      "ferry",
      "and",
      "price",
    ]);
  });
});
