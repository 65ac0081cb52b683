import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  findTokens,
  openShard,
  placeTokens,
  rankDocuments,
  type Shard,
  SPAN_MARKS,
  type SpanDocuments,
  type Trace,
  type TraceRequest,
  traceAnswer,
  writeShard,
} from "./spans.ts";
import {
  documentsOf,
  naiveOrder,
  randomLists,
  scratchFolder,
  seeded,
  symbolsOfLists,
} from "./spans-testing.ts";

const folder = scratchFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

/** The lists as shards that begin at the documents named. */
async function sharded(lists: readonly number[][], starts: readonly number[]): Promise<Shard[]> {
  const whole = documentsOf(lists);
  const shards: Shard[] = [];
  for (const [i, from] of starts.entries()) {
    const to = starts[i + 1] ?? lists.length;
    const documents: SpanDocuments = {
      ...documentsOf(lists.slice(from, to)),
      rows: whole.rows.slice(from, to),
      contributors: whole.contributors.slice(20 * from, 20 * to),
    };
    const path = join(folder, `${files++}.spans`);
    await writeShard(path, documents, { threads: 1 });
    shards.push(await openShard(path));
  }
  return shards;
}

/** Occurrences as positions in the whole text, so that divisions into shards compare. */
function normal(trace: Trace, shards: readonly Shard[]) {
  const bases = shards.map((_, i) =>
    shards.slice(0, i).reduce((sum, { commitment }) => sum + commitment.symbols, 0),
  );
  const spans = trace.spans.map(({ occurrences, ...span }) => ({
    ...span,
    occurrences: occurrences.map(({ shard, position, offset, row, contributor }) => ({
      position: bases[shard]! + position,
      offset,
      row,
      contributor: contributor[0],
    })),
  }));
  return { longest: [...trace.longest], spans };
}

function occursAt(text: readonly number[], pattern: readonly number[]): number[] {
  return naiveOrder(text).filter((at) => pattern.every((token, i) => text[at + i] === token + 1));
}

/** Every span straight from the definition. */
function reference(lists: readonly number[][], request: TraceRequest) {
  const text = symbolsOfLists(lists);
  const answer = [...request.answer];
  const occurs = (from: number, to: number) => occursAt(text, answer.slice(from, to)).length > 0;
  const longest = answer.map((_, from) => {
    let to = from;
    while (to < answer.length && occurs(from, to + 1)) to++;
    return to - from;
  });
  const mark = (i: number, bit: number) => (request.marks[i]! & bit) !== 0;
  const allowed = (from: number, to: number) =>
    to > from &&
    to - from <= longest[from]! &&
    mark(from, SPAN_MARKS.mayBegin) &&
    mark(to - 1, SPAN_MARKS.mayEnd) &&
    answer.slice(from, to - 1).every((_, i) => !mark(from + i, SPAN_MARKS.stops));
  const all: [number, number][] = [];
  for (let from = 0; from < answer.length; from++) {
    for (let to = from + 1; to <= answer.length; to++) if (allowed(from, to)) all.push([from, to]);
  }
  const sum = ([from, to]: [number, number]) =>
    request.information.slice(from, to).reduce((a, b) => a + b, 0);
  const spans = all
    .filter(([from, to]) => !all.some(([a, b]) => a <= from && b >= to && b - a > to - from))
    .filter((span) => span[1] - span[0] >= request.leastLength && sum(span) >= request.leastInformation)
    .sort((a, b) => sum(b) - sum(a) || a[0] - b[0])
    .slice(0, request.maxSpans)
    .sort((a, b) => a[0] - b[0]);
  let left = request.maxTotal;
  return {
    longest,
    spans: spans.map(([start, end]) => {
      const places = occursAt(text, answer.slice(start, end));
      const listed = places.slice(0, Math.min(request.maxOccurrences, left));
      left -= listed.length;
      const occurrences = listed.map((position) => {
        const document = text.slice(0, position).filter((symbol) => symbol === 0).length;
        const first = document === 0 ? 0 : text.lastIndexOf(0, position - 1) + 1;
        return { position, offset: position - first, row: 10 * document, contributor: document % 7 };
      });
      return { start, end, information: sum([start, end]), count: places.length, occurrences };
    }),
  };
}

describe("a trace", () => {
  test("is the definition's, for any shards and threads", async () => {
    for (let seed = 0; seed < 25; seed++) {
      const random = seeded(1000 + seed);
      const base = seed % 4 === 3 ? 65_530 : 0;
      const alphabet = 2 + random(6);
      const lists = randomLists(seed, 12, 12, alphabet, base);
      const length = 1 + random(24);
      const request: TraceRequest = {
        answer: Uint32Array.from({ length }, () => base + random(alphabet + 1)),
        information: Uint8Array.from({ length }, () => 1 + random(15)),
        marks: Uint8Array.from({ length }, () => (seed < 5 ? 3 : 3 & ~random(4)) | (random(6) === 0 ? 4 : 0)),
        leastLength: 1 + random(3),
        leastInformation: random(20),
        maxSpans: 1 + random(8),
        maxOccurrences: random(5),
        maxTotal: 1 + random(12),
      };
      const expected = reference(lists, request);
      for (const starts of [[0], [0, 5], [0, 1, 2, 7, 11]]) {
        const shards = await sharded(lists, starts);
        for (const threads of [1, 3]) {
          expect(normal(await traceAnswer(shards, { ...request, threads }), shards)).toEqual(expected);
        }
      }
    }
  });

  test("of long answers is cut into threads without a seam", async () => {
    const lists = randomLists(5, 50, 200, 3);
    const shards = await sharded(lists, [0, 20]);
    const random = seeded(6);
    const length = 2_000;
    const request: TraceRequest = {
      answer: Uint32Array.from({ length }, () => random(3)),
      information: new Uint8Array(length).fill(1),
      marks: new Uint8Array(length).fill(3),
      leastLength: 8,
      leastInformation: 0,
      maxSpans: 100,
      maxOccurrences: 3,
      maxTotal: 200,
      threads: 1,
    };
    const one = await traceAnswer(shards, request);
    expect(one.spans.length).toBeGreaterThan(10);
    expect(await traceAnswer(shards, { ...request, threads: 7 })).toEqual(one);
  });

  test("of equal tokens in equal documents stays bounded", async () => {
    const equal = new Array<number>(20_000).fill(1);
    const shards = await sharded([equal, equal, equal], [0, 1, 2]);
    const length = 4_096;
    const { spans } = await traceAnswer(shards, {
      answer: new Uint32Array(length).fill(1),
      information: new Uint8Array(length).fill(15),
      marks: new Uint8Array(length).fill(3),
      leastLength: 1,
      leastInformation: 0,
      maxSpans: 8,
      maxOccurrences: 100,
      maxTotal: 100,
    });
    expect(spans.map(({ start, end, count }) => [start, end, count])).toEqual([
      [0, 4096, 3 * (20_000 - 4_095)],
    ]);
    expect(spans[0]!.occurrences.map(({ shard }) => shard).slice(0, 6)).toEqual([0, 1, 2, 0, 1, 2]);
  });

  test("refuses what is too long or does not fit together", async () => {
    const shards = await sharded([[1, 2, 3]], [0]);
    const request: TraceRequest = {
      answer: Uint32Array.of(1, 2),
      information: Uint8Array.of(1, 1),
      marks: Uint8Array.of(3, 3),
      leastLength: 1,
      leastInformation: 0,
      maxSpans: 4,
      maxOccurrences: 4,
      maxTotal: 4,
    };
    const refused = (change: Partial<TraceRequest>) => traceAnswer(shards, { ...request, ...change });
    await expect(refused({ answer: new Uint32Array(70_000) })).rejects.toMatchObject({ code: "SPANS_INPUT" });
    await expect(refused({ maxTotal: 100_000 })).rejects.toMatchObject({ code: "SPANS_INPUT" });
    await expect(refused({ answer: Uint32Array.of(0xffff_ffff, 1) })).rejects.toMatchObject({
      code: "SPANS_INPUT",
    });
    await expect(refused({ marks: Uint8Array.of(3) })).rejects.toMatchObject({ code: "NATIVE_ARGUMENT" });
    await expect(refused({ threads: 0 })).rejects.toMatchObject({ code: "NATIVE_ARGUMENT" });
    expect(await refused({ answer: new Uint32Array(0) })).toEqual({ longest: new Uint32Array(0), spans: [] });
  });
});

describe("a string of tokens", () => {
  test("has its rank, longest beginning and count", async () => {
    const lists = randomLists(3, 10, 30, 3);
    const [shard] = (await sharded(lists, [0])) as [Shard];
    const text = symbolsOfLists(lists);
    const order = naiveOrder(text);
    const random = seeded(4);
    for (let i = 0; i < 200; i++) {
      const tokens = Array.from({ length: 1 + random(7) }, () => random(5));
      const below = (at: number) => {
        for (const [k, token] of tokens.entries()) {
          if (text[at + k] !== token + 1) return text[at + k]! < token + 1;
        }
        return false;
      };
      let length = tokens.length;
      while (length > 0 && occursAt(text, tokens.slice(0, length)).length === 0) length--;
      const count = occursAt(text, tokens).length;
      const pattern = Uint32Array.from(tokens);
      expect(await placeTokens(shard, pattern)).toEqual({ rank: order.filter(below).length, length, count });
      expect((await findTokens([shard], pattern, 3)).occurrences.map(({ position }) => position)).toEqual(
        occursAt(text, tokens).slice(0, 3),
      );
    }
  });
});

describe("BM25", () => {
  test("is the formula in integers, for any shards and threads", async () => {
    for (const base of [0, 65_530]) {
      const lists = randomLists(21, 40, 25, 12, base);
      // Equal documents have equal scores: the earlier one comes first, in one shard and in two.
      for (const document of [3, 20, 33]) lists[document] = [1, 4, 5, 7, 30].map((token) => base + token);
      const query = [1, 4, 5, 7, 30].map((token, i) => ({
        token: base + token,
        times: 1 + (i % 2),
        weight: 30_000 + 7_919 * i,
      }));
      const total = BigInt(lists.flat().length);
      const expected = lists
        .map((list, document) => {
          let score = 0n;
          for (const { token, times, weight } of query) {
            const tf = BigInt(list.filter((other) => other === token).length);
            if (tf === 0n) continue;
            const below = 20n * tf * total + 6n * total + 18n * BigInt(list.length) * BigInt(lists.length);
            score += BigInt(times) * ((BigInt(weight) * tf * 44n * total) / below);
          }
          return { document, score };
        })
        .filter(({ score }) => score > 0n)
        .sort((a, b) => (a.score === b.score ? a.document - b.document : a.score > b.score ? -1 : 1))
        .slice(0, 9);
      for (const starts of [[0], [0, 3, 30]]) {
        const shards = await sharded(lists, starts);
        expect(await rankDocuments(shards, query, 9, starts.length)).toEqual(expected);
      }
    }
  });
});
