import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { backends, Session } from "../../../native/js/index.ts";
import { openSketches } from "../../../native/js/sketches.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { memoryContent } from "../testing/memory-content.ts";
import { fetchIndex, indexParts, partsIn, rowsOfPart, storeIndex } from "./index-contents.ts";
import { IndexFiles, storedIndex } from "./index-files.ts";
import { mapIndex } from "./mapped-index.ts";
import type { IndexRecord } from "./record.ts";
import { bestList } from "./score.ts";
import {
  type AttributionIndex,
  allScores,
  commitRecords,
  type IndexInMemory,
  makeIndex,
  readIndex,
  recordOf,
} from "./sketch-index.ts";

const K = 96;
const ROWS = 300;
/** Nothing said, the CPU, and the GPU where there is one. */
const SESSIONS = [
  undefined,
  new Session({ threads: 1 }),
  ...(backends().cuda.available ? [new Session({ device: "cuda" })] : []),
];
let folder: string;
let made: IndexInMemory;

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

/** All records, end to end. */
const bytesOf = ({ commitment, record }: AttributionIndex): Uint8Array =>
  Uint8Array.from(Buffer.concat(Array.from({ length: commitment.rows }, (_, row) => record(row))));

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
    const other = await read(bytes);
    for (const [known, session] of SESSIONS.flatMap((session) => [
      [made, session] as const,
      [other, session] as const,
    ])) {
      const mapped = await mapIndex(
        partsIn(known.bytes, known.commitment),
        known.commitment,
        undefined,
        session,
      );
      expect(bytesOf(mapped)).toEqual(known.bytes);
      expect(mapped.tree.root).toBe(known.tree.root);
      for (const row of [0, 1, 127, 128, 255, 256, ROWS - 1]) {
        expect(mapped.tree.path(row)).toEqual(known.tree.path(row));
        expect(mapped.record(row)).toEqual(known.record(row));
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
    expect(
      (
        await allScores(
          await mapIndex(partsIn(bytes, made.commitment), (await read(bytes)).commitment),
          zeros(),
        )
      )[7]!.score,
    ).toBe(undefined);
  });

  test("has no score for rows that it doesn't have, as a false claim may name them", async () => {
    const mapped = await mapIndex(partsIn(made.bytes, made.commitment), made.commitment);
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
      expect(mapIndex(async () => from, { ...made.commitment, ...changed })).rejects.toMatchObject({
        code: "INDEX_MISMATCH",
      });
    await refused(made.bytes.subarray(1));
    await refused(made.bytes, { rows: ROWS - 1 });
    await refused(made.bytes, { dimension: K + 1 });
    const other = made.bytes.slice();
    other[50]! ^= 1;
    await refused(other);
    const mapped = await mapIndex(partsIn(made.bytes, made.commitment), made.commitment);
    await expect(mapped.score({ exponent: 0, values: new Int16Array(K - 1) })).rejects.toMatchObject({
      code: "SCORE_DIMENSION",
    });
  });
});

describe("an index of several contents", () => {
  const DIMENSION = 4096;
  const SIZE = DIMENSION + 21;
  const EACH = rowsOfPart({ dimension: DIMENSION });
  const rows = EACH + 3;
  const content = memoryContent();
  let bytes: Uint8Array;
  let index: IndexInMemory;
  let hashes: Hash[];

  beforeAll(async () => {
    bytes = new Uint8Array(rows * SIZE);
    const view = new DataView(bytes.buffer);
    for (let rowId = 0; rowId < rows; rowId++) {
      view.setUint32(rowId * SIZE, rowId);
      view.setUint32(rowId * SIZE + 12, rowId);
      view.setUint32(rowId * SIZE + 16, rowId);
      bytes[rowId * SIZE + 21 + (rowId % DIMENSION)] = 1 + (rowId % 100);
    }
    index = await commitRecords(bytes, DIMENSION, { e0: 0, floor: 0n, topK: 16 });
    hashes = await storeIndex(content, index);
  }, 120_000);

  test("has the same root, records, paths and scores as the whole", async () => {
    const { commitment } = index;
    const stored = hashes.map((hash) => content.all.get(hash)!.length);
    expect(stored).toEqual([EACH * SIZE, 3 * SIZE]);
    const place = new IndexFiles(join(folder, "several"), undefined, SESSIONS.at(-1));
    const files = await storedIndex(content, { index: hashes }, commitment, place);
    expect(readdirSync(join(folder, "several")).length).toBe(2);
    const again = await place.open(commitment, () => Promise.reject(new Error("asked for records")));
    for (const mapped of [files, again, await storedIndex(content, { index: hashes }, commitment)])
      for (const row of [0, EACH - 1, EACH, rows - 1]) {
        expect(mapped.record(row)).toEqual(index.record(row));
        expect(mapped.tree.path(row)).toEqual(index.tree.path(row));
      }
    expect(files.record(rows).length).toBe(0);
    const query = { exponent: 0, values: new Int16Array(DIMENSION).map((_, i) => (i % 7) - 3) };
    const [here, there] = [await files.score(query), await index.score(query)];
    expect(await here.best(64)).toEqual(await there.best(64));
    const read = await fetchIndex(content, { index: hashes }, commitment);
    expect(Buffer.compare(read, bytes)).toBe(0);
  }, 120_000);

  test("is refused with another number of parts, before anything is fetched, or with a part of another index", async () => {
    const never = { get: () => Promise.reject(new Error("fetched")) };
    const { commitment } = index;
    for (const wrong of [hashes.slice(1), [...hashes, hashes[0]!]]) {
      await expect(fetchIndex(never, { index: wrong }, commitment)).rejects.toMatchObject({
        code: "MANIFEST_INVALID",
      });
      await expect(storedIndex(never, { index: wrong }, commitment)).rejects.toMatchObject({
        code: "MANIFEST_INVALID",
      });
    }
    // Whoever names more than memory should hold is told so before the first part comes.
    const huge = { ...commitment, rows: 4_000_000 };
    const named = Array.from(indexParts(huge), () => hashes[0]!);
    await expect(fetchIndex(never, { index: named }, huge)).rejects.toMatchObject({
      code: "INDEX_TOO_LARGE",
    });
    const turned = [...hashes].reverse();
    await expect(storedIndex(content, { index: turned }, commitment)).rejects.toMatchObject({
      code: "INDEX_MISMATCH",
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
    expect(bytesOf(again)).toEqual(made.bytes);
    expect(readdirSync(place)).toEqual([`${made.commitment.root.slice(2)}-0.sketches`]);
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
      expect(bytesOf(await files.open(made.commitment, async () => made.bytes))).toEqual(made.bytes);
      expect(readFileSync(path).equals(good)).toBe(true);
    }
    await openSketches([path]);
    writeFileSync(join(place, "x.sketches.partial"), "of a process that died");
    const wrong = { ...made.commitment, root: other.commitment.root };
    await expect(new IndexFiles(place).open(wrong, async () => made.bytes)).rejects.toMatchObject({
      code: "INDEX_MISMATCH",
    });
    expect(readdirSync(place)).toEqual([`${made.commitment.root.slice(2)}-0.sketches`]);
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
    const kept = [all[1]!, all[2]!].map(({ commitment }) => `${commitment.root.slice(2)}-0.sketches`);
    expect(readdirSync(place).sort()).toEqual(kept.sort());
    const small = new IndexFiles(place, 1);
    const last = await small.open(all[0]!.commitment, async () => all[0]!.bytes);
    expect(readdirSync(place)).toEqual([`${all[0]!.commitment.root.slice(2)}-0.sketches`]);
    expect((await last.score(zeros())).of([0])[0]).toMatchObject({ rowId: 0 });
  });
});

const zeros = () => ({ exponent: 0, values: new Int16Array(K) });

async function treeOf(bytes: Uint8Array) {
  const { recordTree } = await import("./record-tree.ts");
  return recordTree(bytes, K + 21);
}
