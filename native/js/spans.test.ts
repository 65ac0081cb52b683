import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  compactShards,
  openShard,
  type Shard,
  type SpanDocuments,
  shardValues,
  shardVocabulary,
  sortSuffixes,
  writeShard,
} from "./spans.ts";
import {
  documentsOf,
  doublingOrder,
  naiveCommon,
  naiveOrder,
  randomLists,
  scratchFolder,
  symbolsOfLists,
} from "./spans-testing.ts";

const folder = scratchFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

async function built(documents: SpanDocuments, options?: { threads?: number }): Promise<Shard> {
  const path = join(folder, `${files++}.spans`);
  await writeShard(path, documents, options);
  return openShard(path);
}

const bytesOf = (shard: Shard) => readFileSync(shard.path);
const bytesIn = (words: Uint32Array) => new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
const WIDE = 4_000_000_000;

describe("the suffix array", () => {
  test("is the naive sort's, with inverse, common prefixes and vocabulary", async () => {
    for (let seed = 0; seed < 60; seed++) {
      const base = seed % 3 === 2 ? WIDE : seed % 3 === 1 ? 65_530 : 0;
      const lists = randomLists(seed, 1 + (seed % 9), 40, 1 + (seed % 6), base);
      const shard = await built(documentsOf(lists));
      const text = symbolsOfLists(lists);
      const order = naiveOrder(text);
      expect([...(await shardValues(shard, "text"))]).toEqual(text);
      expect([...(await shardValues(shard, "array"))]).toEqual(order);
      expect([...(await sortSuffixes(documentsOf(lists)))]).toEqual(order);
      const inverse = await shardValues(shard, "inverse");
      order.forEach((position, rank) => {
        expect(inverse[position]).toBe(rank);
      });
      expect([...(await shardValues(shard, "common"))]).toEqual(naiveCommon(text, order));
      for (const { symbol, count, documents } of await shardVocabulary(shard)) {
        expect(count).toBe(text.filter((other) => other === symbol).length);
        if (symbol !== 0) expect(documents).toBe(lists.filter((list) => list.includes(symbol - 1)).length);
      }
    }
  });

  test("is that of prefix doubling on longer texts, for short and wide tokens alike", async () => {
    for (const [seed, alphabet, base] of [
      [1, 2, 0],
      [2, 300, 65_400],
      [3, 50, WIDE],
    ] as const) {
      const lists = randomLists(seed, 40, 300, alphabet, base);
      const shard = await built(documentsOf(lists));
      expect(await shardValues(shard, "array")).toEqual(doublingOrder(symbolsOfLists(lists)));
    }
  });

  test("has the same bytes for any number of threads", async () => {
    const documents = documentsOf(randomLists(7, 3_000, 120, 9));
    const first = bytesOf(await built(documents, { threads: 1 }));
    for (const options of [{ threads: 2 }, { threads: 5 }]) {
      expect(bytesOf(await built(documents, options)).equals(first)).toBe(true);
    }
  });

  test("takes equal tokens, Fibonacci strings and equal documents in linear time", async () => {
    const length = 200_000;
    let [a, b] = [[0], [0, 1]];
    while (b.length < length) [a, b] = [b, [...b, ...a]];
    const equal = new Array<number>(length).fill(3);
    const copies = Array.from({ length: 400 }, () => b.slice(0, 500));
    for (const lists of [[equal], [equal, equal], [b], copies]) {
      const shard = await built(documentsOf(lists), { threads: 2 });
      const [order, inverse, text] = await Promise.all(
        (["array", "inverse", "text"] as const).map((section) => shardValues(shard, section)),
      );
      // Kärkkäinen and Burkhardt: neighbours in order by first symbol, then by the ranks of what follows.
      for (let r = 1; r < order!.length; r++) {
        const [p, q] = [order![r - 1]!, order![r]!];
        if (inverse![p] !== r - 1) throw new Error(`inverse at rank ${r - 1}`);
        const [left, right] = [text![p]!, text![q]!];
        const isInOrder =
          left < right || (left === right && (left === 0 ? p < q : inverse![p + 1]! < inverse![q + 1]!));
        if (!isInOrder) throw new Error(`ranks ${r - 1} and ${r} are out of order`);
      }
    }
  });

  test("is the order where suffixes soon differ, and where they share more than is looked at, for any number of threads", async () => {
    const copied = randomLists(23, 1, 300, 2_000)[0]!;
    const corpora = {
      short: randomLists(21, 4_000, 100, 2_000),
      wide: randomLists(22, 4_000, 100, 2_000, WIDE),
      "more tokens than 16 bits name": [
        ...randomLists(24, 400, 300, 3_000),
        Array.from({ length: 140_000 }, (_, i) => (i * 48_271) % 70_001),
      ],
      "copies of one document": [
        ...randomLists(25, 2_000, 100, 2_000),
        ...Array.from({ length: 300 }, () => copied),
      ],
    };
    for (const [name, lists] of Object.entries(corpora)) {
      const orders = [];
      for (const threads of [1, 2, 5]) orders.push(await sortSuffixes(documentsOf(lists), { threads }));
      expect(orders[0], name).toEqual(doublingOrder(symbolsOfLists(lists)));
      for (const order of orders) expect(Buffer.compare(bytesIn(order), bytesIn(orders[0]!)), name).toBe(0);
    }
  });

  test("refuses lists that do not fit together", async () => {
    const good = documentsOf([[1, 2], [3]]);
    const bad: [SpanDocuments, string][] = [
      [documentsOf([]), "SPANS_INPUT"],
      [{ ...good, ends: Uint32Array.of(2, 1) }, "SPANS_INPUT"],
      [{ ...good, ends: Uint32Array.of(2, 4) }, "SPANS_INPUT"],
      [{ ...good, ends: Uint32Array.of(2, 2) }, "SPANS_INPUT"],
      [{ ...good, rows: Uint32Array.of(2) }, "SPANS_INPUT"],
      [{ ...good, contributors: new Uint8Array(39) }, "SPANS_INPUT"],
      [{ ...good, tokens: Uint32Array.of(1, 2, 0xffff_ffff) }, "SPANS_INPUT"],
    ];
    for (const [documents, code] of bad) await expect(built(documents)).rejects.toMatchObject({ code });
    await expect(writeShard(join(folder, "no", "such"), good)).rejects.toMatchObject({ code: "SPANS_WRITE" });
  });
});

describe("the file", () => {
  test("of a compaction has the bytes of one build", async () => {
    for (const base of [0, 65_533]) {
      const lists = randomLists(11, 60, 30, 5, base);
      const whole = documentsOf(lists);
      const part = (from: number, to: number): SpanDocuments => ({
        ...documentsOf(lists.slice(from, to)),
        rows: whole.rows.slice(from, to),
        contributors: whole.contributors.slice(20 * from, 20 * to),
      });
      const parts = [await built(part(0, 7)), await built(part(7, 8)), await built(part(8, 60))];
      const path = join(folder, `compacted-${base}.spans`);
      await compactShards(parts, path, 2);
      expect(readFileSync(path).equals(bytesOf(await built(whole)))).toBe(true);
    }
  });

  test("is refused when a byte of it changed or it was cut", async () => {
    const shard = await built(documentsOf(randomLists(13, 20, 20, 4)));
    const good = bytesOf(shard);
    const path = join(folder, "damaged.spans");
    const padding = new Set<number>();
    for (let at = 0; at < good.length; at += at < 520 ? 1 : 37) {
      const bad = Uint8Array.from(good);
      bad[at]! ^= 1;
      writeFileSync(path, bad);
      const refused = await openShard(path).then(
        () => false,
        (error: { code?: string }) => error.code === "SPANS_FILE",
      );
      if (!refused) padding.add(at);
    }
    // Only the zeros that fill the header and the sections up to their alignment mean nothing.
    for (const at of padding) expect(good[at]).toBe(0);
    expect([...padding].every((at) => at >= 352)).toBe(true);
    for (const length of [0, 100, 512, good.length - 64]) {
      writeFileSync(path, good.subarray(0, length));
      await expect(openShard(path)).rejects.toMatchObject({ code: "SPANS_FILE" });
    }
    await expect(openShard(join(folder, "absent"))).rejects.toMatchObject({ code: "SPANS_READ" });
  });
});
