import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSketches } from "../../../native/js/sketches.ts";
import { IndexFiles } from "./index-files.ts";
import { mapIndex } from "./mapped-index.ts";
import type { IndexRecord } from "./record.ts";
import { bestList } from "./score.ts";
import {
  type AttributionIndex,
  allScores,
  makeIndex,
  readIndex,
  recordBytes,
  recordOf,
} from "./sketch-index.ts";

const K = 96;
const ROWS = 300;
let folder: string;
let made: AttributionIndex;

/** Rows of small values, so that scores are equal now and then; repeats and skipped ones among them. */
function records(seed: number, rows = ROWS): IndexRecord[] {
  let state = seed;
  const next = (bound: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % bound;
  };
  return Array.from({ length: rows }, (_, rowId) => {
    const kind = next(9);
    const first = kind === 0 ? 0xffff_ffff : kind === 1 ? next(rowId + 1) : rowId;
    const values = Int8Array.from({ length: K }, () => (next(3) === 0 ? next(9) - 4 : 0));
    const place = { rowId, contributionId: BigInt(next(6)), row: rowId, first };
    return { ...place, exponent: next(13) - 4, values };
  });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "openledger-mapped-"));
  made = await makeIndex(records(1), { e0: -6, floor: 100n, topK: 16 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a mapped index", () => {
  test("answers as the one in memory does", async () => {
    // Its own -128 gives a row no score.
    const bytes = made.bytes.slice();
    bytes[7 * (K + 21) + 30] = 0x80;
    const read = async (from: Uint8Array) => {
      const { root } = await treeOf(from);
      return readIndex(from, { ...made.commitment, root });
    };
    for (const known of [made, await read(bytes)]) {
      const mapped = await mapIndex(known.bytes, known.commitment);
      expect(mapped.bytes).toEqual(known.bytes);
      expect(mapped.tree.root).toBe(known.tree.root);
      for (const row of [0, 1, 127, 128, 255, 256, ROWS - 1]) {
        expect(mapped.tree.path(row)).toEqual(known.tree.path(row));
        expect(recordBytes(mapped, row)).toEqual(recordBytes(known, row));
      }
      for (const row of [-1, 0.5, ROWS]) expect(() => mapped.tree.path(row)).toThrow(`record ${row}`);
      for (const [exponent, step] of [
        [0, 7],
        [3, 1],
        [-20, 5],
        [30, 3],
      ] as const) {
        const values = Int16Array.from({ length: K }, (_, i) => ((i * step) % 11) - 5);
        const query = { exponent, values };
        expect(await allScores(mapped, query)).toEqual(await allScores(known, query));
        const [here, there] = [await mapped.score(query), await known.score(query)];
        for (const except of [[], [3, 1, 250, 4]]) {
          expect(await here.best(ROWS, except)).toEqual(await there.best(ROWS, except));
        }
        const headOf = (row: number) => recordOf(known, row);
        const list = await bestList(known.commitment, here, headOf);
        expect(list).toEqual(await bestList(known.commitment, there, headOf));
      }
    }
    expect((await allScores(await mapIndex(bytes, (await read(bytes)).commitment), zeros()))[7]!.score).toBe(
      undefined,
    );
  });

  test("has no score for rows that it doesn't have, as a false claim may name them", async () => {
    const mapped = await mapIndex(made.bytes, made.commitment);
    const query = { exponent: 0, values: new Int16Array(K).fill(2) };
    for (const index of [mapped, made]) {
      const found = (await index.score(query)).of([ROWS, 2, 0xffff_ffff, 2]);
      expect(found.map(({ rowId }) => rowId)).toEqual([ROWS, 2, 0xffff_ffff, 2]);
      expect([found[0]!.score, found[2]!.score]).toEqual([undefined, undefined]);
      expect(found[1]!.score).toBe(found[3]!.score);
    }
  });

  test("is refused where it is not the committed one", async () => {
    const refused = (from: Uint8Array, changed: Partial<AttributionIndex["commitment"]> = {}) =>
      expect(mapIndex(from, { ...made.commitment, ...changed })).rejects.toMatchObject({
        code: "INDEX_MISMATCH",
      });
    await refused(made.bytes.subarray(1));
    await refused(made.bytes, { rows: ROWS - 1 });
    await refused(made.bytes, { dimension: K + 1 });
    const other = made.bytes.slice();
    other[50]! ^= 1;
    await refused(other);
    const mapped = await mapIndex(made.bytes, made.commitment);
    await expect(mapped.score({ exponent: 0, values: new Int16Array(K - 1) })).rejects.toMatchObject({
      code: "SCORE_DIMENSION",
    });
  });
});

describe("the files of indexes", () => {
  const never = () => Promise.reject(new Error("asked for records"));

  test("are made once, from memory or a file, and mapped after a restart", async () => {
    const place = join(folder, "once");
    const source = join(folder, "records");
    writeFileSync(source, made.bytes);
    await new IndexFiles(place).open(made.commitment, async () => source);
    const again = await new IndexFiles(place).open(made.commitment, never);
    expect(again.bytes).toEqual(made.bytes);
    expect(readdirSync(place)).toEqual([`${made.commitment.root.slice(2)}.sketches`]);
  });

  test("are made again where they are damaged, and never given for another root", async () => {
    const place = join(folder, "damaged");
    const files = new IndexFiles(place);
    await files.open(made.commitment, async () => made.bytes);
    const path = join(place, readdirSync(place)[0]!);
    const good = readFileSync(path);
    const other = await makeIndex(records(2), made.commitment);
    const otherPlace = join(folder, "other");
    await new IndexFiles(otherPlace).open(other.commitment, async () => other.bytes);
    const anothers = readFileSync(join(otherPlace, readdirSync(otherPlace)[0]!));
    for (const bytes of [good.subarray(0, 999), anothers, Buffer.alloc(0)]) {
      rmSync(path);
      writeFileSync(path, bytes);
      await expect(files.open(made.commitment, never)).rejects.toThrow("asked for records");
      expect((await files.open(made.commitment, async () => made.bytes)).bytes).toEqual(made.bytes);
      expect(readFileSync(path).equals(good)).toBe(true);
    }
    await openSketches([path]);
    writeFileSync(join(place, "x.sketches.partial"), "of a process that died");
    const wrong = { ...made.commitment, root: other.commitment.root };
    await expect(new IndexFiles(place).open(wrong, async () => made.bytes)).rejects.toMatchObject({
      code: "INDEX_MISMATCH",
    });
    expect(readdirSync(place)).toEqual([`${made.commitment.root.slice(2)}.sketches`]);
  });

  test("are as asked for at the same time, each with its own terms", async () => {
    const files = new IndexFiles(join(folder, "together"));
    let fetched = 0;
    const fetch = async () => {
      fetched++;
      return made.bytes;
    };
    const opened = await Promise.all([
      files.open(made.commitment, fetch),
      files.open({ ...made.commitment, e0: made.commitment.e0 - 1 }, fetch),
      files.open(made.commitment, fetch),
    ]);
    expect(fetched).toBe(1);
    const query = { exponent: 0, values: new Int16Array(K).fill(3) };
    const best = await Promise.all(
      opened.map(async (index) => (await (await index.score(query)).best(1))[0]!),
    );
    expect(best[1]).toEqual({ ...best[0]!, score: best[0]!.score! * 2n });
    expect(best[2]).toEqual(best[0]);
  });

  test("leave room: the least recently opened goes", async () => {
    const place = join(folder, "room");
    const all = await Promise.all([3, 4, 5].map((seed) => makeIndex(records(seed, 40), made.commitment)));
    const files = new IndexFiles(place, 20_000);
    for (const { commitment, bytes } of all) {
      await files.open(commitment, async () => bytes);
      // Times of files have to differ.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const kept = [all[1]!, all[2]!].map(({ commitment }) => `${commitment.root.slice(2)}.sketches`);
    expect(readdirSync(place).sort()).toEqual(kept.sort());
    const small = new IndexFiles(place, 1);
    const last = await small.open(all[0]!.commitment, async () => all[0]!.bytes);
    expect(readdirSync(place)).toEqual([`${all[0]!.commitment.root.slice(2)}.sketches`]);
    expect((await last.score(zeros())).of([0])[0]).toMatchObject({ rowId: 0 });
  });
});

const zeros = () => ({ exponent: 0, values: new Int16Array(K) });

async function treeOf(bytes: Uint8Array) {
  const { recordTree } = await import("./record-tree.ts");
  return recordTree(bytes, K + 21);
}
