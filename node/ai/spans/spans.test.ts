import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer } from "tokenizers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SpanDocuments } from "../../../native/js/spans.ts";
import { documentsOf, randomLists, scratchFolder } from "../../../native/js/spans-testing.ts";
import { packageRoot } from "../../base/paths.ts";
import { informationTable } from "../fusion/information.ts";
import { documentWeight, rankByBm25 } from "./bm25.ts";
import { appendSpanShard, compactSpanIndex, openSpanIndex, type SpanIndex } from "./index-folder.ts";
import { borderTable, type SpanMethod, spanMethodHash } from "./method.ts";
import { tokenPieces } from "./token-pieces.ts";
import { tokenCounts, traceSpans } from "./trace.ts";

const file = join(packageRoot(), "node/ai/base-model/model/tokenizer.json");
const tokenizer = Tokenizer.fromString(readFileSync(file, "utf8"));
const pieces = tokenPieces({ json: JSON.parse(readFileSync(file, "utf8")), vocabulary: undefined });
const folder = scratchFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TEXTS = [
  " The mill at Brenna was built by Pavo Lindqvist in 1874.",
  " The café “Zur Ähre” closes at nine 😀 on Mondays.",
  " Pavo Lindqvist built the mill at Brenna.",
  " Nobody swims in the lake when the wind is from the north.",
  " The mill at Brenna was built by Pavo Lindqvist and his brother.",
];
const encode = async (text: string) =>
  Uint32Array.from((await tokenizer.encode(text, null, { addSpecialTokens: false })).getIds());

async function documents(texts: readonly string[], firstRow: number): Promise<SpanDocuments> {
  const lists = await Promise.all(texts.map(async (text) => [...(await encode(text))]));
  return { ...documentsOf(lists), rows: Uint32Array.from(lists, (_, i) => firstRow + i) };
}

async function indexOf(name: string, cuts: readonly number[]): Promise<SpanIndex> {
  const at = join(folder, name);
  for (const [i, from] of cuts.entries()) {
    await appendSpanShard(at, await documents(TEXTS.slice(from, cuts[i + 1]), from));
  }
  return openSpanIndex(at);
}

let whole: SpanIndex;
let parts: SpanIndex;
let method: SpanMethod;
beforeAll(async () => {
  whole = await indexOf("whole", [0]);
  parts = await indexOf("parts", [0, 1, 4]);
  method = {
    leastLength: 3,
    leastInformation: 8,
    maxSpans: 16,
    maxOccurrences: 8,
    maxTotal: 64,
    information: informationTable(await tokenCounts(whole), pieces.length),
    borders: borderTable(pieces),
  };
});

describe("spans of an answer", () => {
  it("are whole words of its text, with every document that holds them", async () => {
    const text =
      "I think the mill at Brenna was built by Pavo Lindqvist; the café “Zur Ähre” closes at nine 😀 on Sundays.";
    const spans = await traceSpans(whole, method, await encode(text), pieces);
    const found = spans.map((span) => [text.slice(span.text.start, span.text.end), span.count]);
    expect(found).toEqual([
      // Not inside the next one: another document holds it with "the".
      [" the mill at Brenna", 1],
      [" mill at Brenna was built by Pavo Lindqvist", 2],
      [" café “Zur Ähre” closes at nine 😀 on", 1],
    ]);
    expect(spans.map(({ occurrences }) => occurrences.map(({ row }) => row))).toEqual([[2], [0, 4], [1]]);
    for (const { occurrences, tokens } of spans) {
      for (const { document, offset } of occurrences) {
        const held = (await encode(TEXTS[document]!)).slice(offset, offset + tokens.end - tokens.start);
        expect(held).toEqual((await encode(text)).slice(tokens.start, tokens.end));
      }
    }
  });

  it("do not end inside a word, nor begin in one", async () => {
    const text = "Known mill at Brenna was builtin by Pavo Lindqvistine. Unbuilt by Pavo, then.";
    const spans = await traceSpans(whole, { ...method, leastInformation: 1 }, await encode(text), pieces);
    expect(spans.map((span) => text.slice(span.text.start, span.text.end))).toEqual([
      " mill at Brenna was",
      " by Pavo",
      " by Pavo",
    ]);
  });

  it("are the same for other shards and threads", async () => {
    const answer = await encode("They say the mill at Brenna was built by Pavo Lindqvist in the north.");
    const content = async (index: SpanIndex, threads: number) =>
      (await traceSpans(index, method, answer, pieces, threads)).map(({ occurrences, ...span }) => ({
        ...span,
        occurrences: occurrences.map(({ document, row, offset }) => ({ document, row, offset })),
      }));
    const expected = await content(whole, 1);
    expect(expected.length).toBeGreaterThan(0);
    expect(await content(parts, 1)).toEqual(expected);
    expect(await content(parts, 4)).toEqual(expected);
    const counts = informationTable(await tokenCounts(parts), pieces.length);
    expect(spanMethodHash({ ...method, information: counts })).toBe(spanMethodHash(method));
  });

  it("are none without documents", async () => {
    expect(
      await traceSpans(await openSpanIndex(join(folder, "none")), method, await encode("Brenna"), pieces),
    ).toEqual([]);
  });
});

describe("the method", () => {
  it("counts whole bits: floor(log2(N / c)) from 1 to 15", () => {
    const counts = [1, 2, 3, 4, 50, 40].map((count, token) => ({ token, count }));
    expect([...informationTable([...counts, { token: 1, count: 0 }], 7)]).toEqual([6, 5, 5, 4, 1, 1, 15]);
    expect(
      informationTable(
        [
          { token: 0, count: 2 ** 20 },
          { token: 1, count: 1 },
        ],
        2,
      ),
    ).toEqual(Uint8Array.of(1, 15));
    expect(() => informationTable(counts, 5)).toThrow(expect.objectContaining({ code: "METHOD_INVALID" }));
  });

  it("has a hash that every part moves, and bounds", () => {
    const hash = spanMethodHash(method);
    const changes: Partial<SpanMethod>[] = [
      { leastLength: 4 },
      { leastInformation: 9 },
      { maxSpans: 17 },
      { maxOccurrences: 9 },
      { maxTotal: 65 },
      { information: method.information.map((bits, i) => (i === 9 ? (bits % 15) + 1 : bits)) },
      { borders: method.borders.map((bits, i) => (i === 9 ? bits ^ 1 : bits)) },
    ];
    const hashes = changes.map((change) => spanMethodHash({ ...method, ...change }));
    expect(new Set([hash, ...hashes]).size).toBe(8);
    for (const change of [
      { maxSpans: 0 },
      { maxTotal: 1e6 },
      { leastLength: 0 },
      { information: Uint8Array.of(3) },
    ]) {
      expect(() => spanMethodHash({ ...method, ...change })).toThrow(
        expect.objectContaining({ code: "METHOD_INVALID" }),
      );
    }
  });
});

describe("an index folder", () => {
  it("compacts to one shard with the same answers, and drops what it no longer names", async () => {
    const at = join(folder, "compacted");
    for (const [from, to] of [
      [0, 2],
      [2, 3],
      [3, 5],
    ] as const) {
      await appendSpanShard(at, await documents(TEXTS.slice(from, to), from));
    }
    writeFileSync(join(at, "00000009.spans.partial"), "left by a stopped process");
    const before = await openSpanIndex(at);
    await compactSpanIndex(at);
    expect(readdirSync(at).sort()).toEqual(["00000004.spans", "index.json"]);
    const after = await openSpanIndex(at);
    expect(after.shards.length).toBe(1);
    const answer = await encode("the mill at Brenna was built by Pavo");
    const rows = async (index: SpanIndex) =>
      (await traceSpans(index, method, answer, pieces)).map(({ occurrences }) =>
        occurrences.map(({ row }) => row),
      );
    expect(await rows(after)).toEqual(await rows(whole));
    // The old shards are mapped still.
    expect(await rows(before)).toEqual(await rows(whole));
  });

  it("is refused when its manifest is not one", async () => {
    const at = join(folder, "bad");
    await appendSpanShard(at, await documents(TEXTS, 0));
    for (const text of [
      "",
      "{",
      JSON.stringify({ format: "openledger/span-index/1", next: 2, shards: ["../x.spans"] }),
    ]) {
      writeFileSync(join(at, "index.json"), text);
      await expect(openSpanIndex(at)).rejects.toMatchObject({ code: "SPAN_INDEX_INVALID" });
    }
  });
});

describe("BM25", () => {
  it("weighs tokens by log2((2D + 2) / (2d + 1)) in units of 2^-16", () => {
    for (const [documents, holding] of [
      [1, 1],
      [40, 3],
      [1_000_000, 1],
      [1_000_000, 1_000_000],
    ] as const) {
      const exact = 65_536 * Math.log2((2 * documents + 2) / (2 * holding + 1));
      expect(Math.abs(documentWeight(documents, holding) - exact)).toBeLessThan(1.001);
    }
    expect(documentWeight(31, 0)).toBe(6 * 65_536);
  });

  it("ranks documents as the formula in floating point does, for any shards", async () => {
    const lists = randomLists(77, 60, 40, 30);
    const at = join(folder, "ranked");
    for (const [from, to] of [
      [0, 9],
      [9, 60],
    ] as const) {
      await appendSpanShard(at, documentsOf(lists.slice(from, to)));
    }
    const query = Uint32Array.of(3, 3, 7, 11, 99);
    const mean = lists.flat().length / lists.length;
    const expected = lists
      .map((list, document) => {
        let score = 0;
        for (const token of query) {
          const tf = list.filter((other) => other === token).length;
          const holding = lists.filter((other) => other.includes(token)).length;
          const idf = Math.log2((2 * lists.length + 2) / (2 * holding + 1));
          score += (idf * tf * 2.2) / (tf + 1.2 * (0.25 + (0.75 * list.length) / mean));
        }
        return { document, score };
      })
      .sort((a, b) => b.score - a.score)
      .slice(0, 10);
    const ranked = await rankByBm25(await openSpanIndex(at), query, 10);
    expect(ranked.map(({ document }) => document)).toEqual(expected.map(({ document }) => document));
    ranked.forEach(({ score }, i) => {
      expect(Math.abs(Number(score) / 65_536 - expected[i]!.score)).toBeLessThan(0.001);
    });
  });
});
