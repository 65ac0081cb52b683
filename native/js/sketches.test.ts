import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { hexOfBytes } from "../../node/ai/codec/hash.ts";
import { leafHash, merkleTree } from "../../node/ai/codec/merkle.ts";
import { backends, Session } from "./index.ts";
import {
  compactSketches,
  keepSketches,
  likelySketches,
  NO_SCORE,
  openSketches,
  type Sketches,
  type SketchQuery,
  scoreSketches,
  sketchPath,
  writeSketches,
} from "./sketches.ts";
import {
  joined,
  type MadeRecord,
  naiveBest,
  naiveScore,
  randomRecords,
  recordWith,
  scratchFolder,
} from "./sketches-testing.ts";
import { seeded } from "./spans-testing.ts";

const folder = scratchFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newPath = () => join(folder, `${files++}.sketches`);
const { isas, cuda } = backends();
/** Every instruction set here, and the device where there is one: with all rows in its memory, with some, with none. */
const BACKENDS = [...isas, ...(cuda.available ? (["cuda", "cuda, some", "cuda, none"] as const) : [])];
type Backend = (typeof BACKENDS)[number];

async function scoredBy(backend: Backend, index: Sketches, queries: SketchQuery[], e0: number, threads = 2) {
  const isa = isas.find((name) => name === backend);
  if (isa) return scoreSketches(index, queries, e0, { threads, isa });
  const all = index.parts.reduce((sum, { records }) => sum + records.length, 0);
  const bytes = { cuda: 2 * all, "cuda, some": all / 2, "cuda, none": 0 }[backend as "cuda"];
  const kept = await keepSketches(index, new Session({ device: "cuda" }), { bytes: Math.floor(bytes) });
  expect(kept).toBeDefined();
  return scoreSketches(index, queries, e0, { kept });
}

/** The records in files of these many rows. */
async function written(
  records: readonly MadeRecord[],
  sizes = [records.length],
  threads = 2,
): Promise<string[]> {
  const dimension = records[0]!.values.length;
  const paths: string[] = [];
  let first = 0;
  for (const size of sizes) {
    const path = newPath();
    await writeSketches(path, joined(records.slice(first, first + size)), { dimension, first, threads });
    paths.push(path);
    first += size;
  }
  return paths;
}

function randomQuery(random: (bound: number) => number, dimension: number): SketchQuery {
  const values = Int16Array.from({ length: dimension }, () => random(65_535) - 32_767);
  return { exponent: random(5) - 2, values };
}

/** Cuts a number of rows into that many files. */
function divided(random: (bound: number) => number, rows: number, parts: number): number[] {
  const cuts = new Set<number>();
  while (cuts.size < Math.min(parts, rows) - 1) cuts.add(1 + random(rows - 1));
  const borders = [0, ...[...cuts].sort((a, b) => a - b), rows];
  return borders.slice(1).map((border, i) => border - borders[i]!);
}

const hexes = (path: readonly Uint8Array[]) => path.map(hexOfBytes);

describe("an index in files", () => {
  test("has the tree over its records, whatever files it is divided into", async () => {
    const random = seeded(11);
    for (const rows of [1, 2, 3, 5, 8, 33, 100, 257]) {
      const records = randomRecords(rows, rows, 5);
      const tree = merkleTree(records.map(({ bytes }) => leafHash(bytes)));
      for (const parts of [1, 2, 7]) {
        const index = await openSketches(await written(records, divided(random, rows, parts)));
        expect(hexOfBytes(index.root)).toBe(tree.root);
        for (let row = 0; row < rows; row++) expect(hexes(sketchPath(index, row))).toEqual(tree.path(row));
        expect(index.parts.map(({ records: part }) => Buffer.from(part).toString("hex")).join("")).toBe(
          Buffer.from(joined(records)).toString("hex"),
        );
      }
    }
  });

  test("grows by a file, and is the same bytes when its files are made one", async () => {
    const records = randomRecords(3, 90, 70);
    const [whole] = await written(records, [90], 1);
    const parts = await written(records, [40, 17, 33], 3);
    const index = await openSketches(parts.toReversed());
    const compacted = newPath();
    await compactSketches(index, compacted, { threads: 5 });
    expect(readFileSync(compacted).equals(readFileSync(whole!))).toBe(true);
  });

  test("is written from a file of records as from memory", async () => {
    const records = randomRecords(4, 20, 9);
    const source = join(folder, "records");
    writeFileSync(source, joined(records));
    const path = newPath();
    await writeSketches(path, source, { dimension: 9 });
    const [expected] = await written(records);
    expect(readFileSync(path).equals(readFileSync(expected!))).toBe(true);
  });

  test("keeps what is written to its mapped records to this process", async () => {
    const records = randomRecords(5, 4, 8);
    const [path] = await written(records);
    const index = await openSketches([path!]);
    index.parts[0]!.records.fill(1);
    const again = await openSketches([path!]);
    expect(again.parts[0]!.records).toEqual(joined(records));
  });

  test("survives a writing that fails or dies", async () => {
    const records = randomRecords(6, 10, 8);
    const [path] = await written(records);
    writeFileSync(`${path}.partial`, "half of a file");
    expect(hexOfBytes((await openSketches([path!])).root)).toMatch(/^0x/);
    await expect(writeSketches(path!, new Uint8Array(30), { dimension: 8 })).rejects.toMatchObject({
      code: "SKETCH_INPUT",
    });
    await expect(
      writeSketches(join(folder, "none", "x"), joined(records), { dimension: 8 }),
    ).rejects.toMatchObject({ code: "SKETCH_WRITE" });
    expect((await openSketches([path!])).rows).toBe(10);
    await writeSketches(path!, joined(records), { dimension: 8 });
    expect(existsSync(`${path}.partial`)).toBe(false);
  });
});

describe("scores", () => {
  const maxSpread = 127;

  async function compare(
    index: Sketches,
    records: readonly MadeRecord[],
    queries: SketchQuery[],
    backend: Backend,
  ) {
    const e0 = -3;
    const random = seeded(records.length);
    const scores = await scoredBy(backend, index, queries, e0, 1 + random(4));
    const all = Uint32Array.from(records, (_, row) => row);
    for (const [q, query] of queries.entries()) {
      const expected = records.map((record) => naiveScore(query, record, e0) ?? NO_SCORE);
      expect([...scores.of(q, all)]).toEqual(expected);
      const except = [...all].filter(() => random(4) === 0);
      for (const limit of [0, 1, 16, records.length + 1]) {
        const best = await scores.best(q, limit, except.toReversed());
        const found = [...best.rows].map((row, i) => ({ row, score: best.scores[i]! }));
        expect(found).toEqual(naiveBest(query, records, e0, limit, except));
      }
    }
  }

  test.each(BACKENDS)(
    "are the exact ones by %s, for any lengths, files, threads and number of queries",
    async (backend) => {
      const random = seeded(21);
      for (const dimension of [1, 3, 16, 31, 64, 65, 200, 512]) {
        const rows = 1 + random(150);
        // Few different values make equal scores.
        const records = randomRecords(dimension, rows, dimension, dimension < 4 ? 1 : maxSpread);
        const index = await openSketches(await written(records, divided(random, rows, 1 + random(4))));
        const queries = Array.from({ length: 1 + random(11) }, () => randomQuery(random, dimension));
        await compare(index, records, queries, backend);
      }
    },
  );

  test.each(BACKENDS)("don't overflow at the ends of the ranges by %s", async (backend) => {
    const dimension = 8192;
    const records = [127, -127, -128].map((value, row) =>
      recordWith(row, row, 0, new Array<number>(dimension).fill(value)),
    );
    const index = await openSketches(await written(records));
    const queries = [-32_768, 32_767].map((value) => ({
      exponent: 0,
      values: new Int16Array(dimension).fill(value),
    }));
    await compare(index, records, queries, backend);
    const scores = await scoredBy(backend, index, queries, -24);
    expect(scores.of(1, Uint32Array.of(0, 1, 2))).toEqual(
      BigInt64Array.of((32_767n * 127n * 8192n) << 24n, -(32_767n * 127n * 8192n) << 24n, NO_SCORE),
    );
  });

  test("are the CPU's where the session's device is the CPU: nothing is kept", async () => {
    const index = await openSketches(await written(randomRecords(3, 40, 16)));
    const session = new Session({ device: "cpu", threads: 1 });
    expect(await keepSketches(index, session)).toBeUndefined();
    for (const bytes of [-1, NaN, 2 ** 60]) {
      await expect(keepSketches(index, session, { bytes })).rejects.toMatchObject({
        code: "NATIVE_ARGUMENT",
      });
    }
    session.close();
    await expect(keepSketches(index, session)).rejects.toMatchObject({ code: "NATIVE_CLOSED" });
  });

  test.skipIf(!cuda.available)("of a kept index are of no other", async () => {
    const [one, other] = await Promise.all(
      [4, 5].map(async (seed) => openSketches(await written(randomRecords(seed, 20, 16)))),
    );
    const kept = await keepSketches(one!, new Session({ device: "cuda" }));
    const query = { exponent: 0, values: new Int16Array(16) };
    await expect(scoreSketches(other!, [query], 0, { kept })).rejects.toMatchObject({
      code: "NATIVE_ARGUMENT",
    });
  });

  test("by signs find the rows that point the query's way", async () => {
    const random = seeded(8);
    const records = randomRecords(9, 400, 256);
    const index = await openSketches(await written(records, [100, 300]));
    for (const row of [7, 120, 333]) {
      const { first, values } = records[row]!;
      const near = Int16Array.from(values, (value) => value * 200 + random(6000) - 3000);
      const found = await likelySketches(index, near, 5, { threads: 3 });
      if (first === row) expect(found.rows[0]).toBe(row);
      else expect(found.rows).not.toContain(row);
    }
    // Straight from the definition, with the query in 8 bits.
    const query = randomQuery(random, 256).values;
    const largest = Math.max(...query.map(Math.abs));
    const small = Array.from(query, (value) => Math.trunc((value * 127) / largest));
    const expected = records
      .map(({ first, values }, row) => ({
        row,
        counts: first === row,
        sum: values.reduce((sum, value, j) => sum + (value < 0 ? -small[j]! : small[j]!), 0),
      }))
      .filter(({ counts }) => counts)
      .sort((a, b) => b.sum - a.sum || a.row - b.row)
      .slice(0, 20);
    const found = await likelySketches(index, query, 20);
    expect([...found.rows]).toEqual(expected.map(({ row }) => row));
    expect([...found.scores]).toEqual(expected.map(({ sum }) => BigInt(sum)));
  });
});

describe("a stranger's file or request", () => {
  const refused = (work: Promise<unknown>, code: string, words: RegExp | string = "") =>
    expect(work).rejects.toMatchObject({ code, message: expect.stringMatching(words) });

  test("that is damaged is refused at every byte", async () => {
    const records = randomRecords(12, 6, 5);
    const [path] = await written(records);
    const good = readFileSync(path!);
    const bad = newPath();
    for (let at = 0; at < good.length; at++) {
      const bytes = Buffer.from(good);
      bytes[at]! ^= 0x40;
      writeFileSync(bad, bytes);
      const opening = openSketches([bad]).then((index) => index.root);
      // Between sections lie bytes that nothing reads.
      const root = await opening.catch((error: { code: string }) => error.code);
      if (root !== "SKETCH_FILE") expect(isPadding(good, at), `byte ${at}`).toBe(true);
    }
    for (let length = 0; length < good.length; length += 13) {
      writeFileSync(bad, good.subarray(0, length));
      await refused(openSketches([bad], { verify: false }), "SKETCH_FILE");
    }
    writeFileSync(bad, Buffer.concat([good, Buffer.alloc(64)]));
    await refused(openSketches([bad], { verify: false }), "SKETCH_FILE", "another length");
  });

  test("with counts that cannot be is refused, its checksum right or not", async () => {
    const [path] = await written(randomRecords(13, 6, 5));
    const good = readFileSync(path!);
    const bad = newPath();
    const counts: [number, number, bigint | number][] = [
      [8, 4, 2],
      [12, 4, 0],
      [12, 4, 0xffff_ffff],
      [16, 8, 2n ** 63n],
      [24, 8, 0n],
      [24, 8, 2n ** 64n - 1n],
      [24, 8, 2n ** 32n],
      [40, 8, 2n ** 64n - 64n],
      [48, 8, 2n ** 64n - 1n],
      [64, 8, 0n],
    ];
    for (const [at, size, value] of counts) {
      const bytes = Buffer.from(good);
      if (size === 4) bytes.writeUInt32LE(Number(value), at);
      else bytes.writeBigUInt64LE(BigInt(value), at);
      writeFileSync(bad, bytes);
      await refused(openSketches([bad], { verify: false }), "SKETCH_FILE");
      bytes.writeBigUInt64LE(await checksumOf(bytes.subarray(0, 136)), 136);
      writeFileSync(bad, bytes);
      await refused(
        openSketches([bad], { verify: false }),
        "SKETCH_FILE",
        /version|counts|section|another length/,
      );
    }
  });

  test("that is no part of the index is refused", async () => {
    const records = randomRecords(14, 10, 5);
    const [a, b] = (await written(records, [4, 6])) as [string, string];
    await refused(openSketches([b]), "SKETCH_INPUT", "rows from 0 on");
    await refused(openSketches([a, a]), "SKETCH_INPUT", "each once");
    await refused(openSketches([join(folder, "nothing")]), "SKETCH_READ");
    const other = newPath();
    await writeSketches(other, joined(randomRecords(1, 6, 9)), { dimension: 9, first: 4 });
    await refused(openSketches([a, other]), "SKETCH_INPUT", "different lengths");
    const index = await openSketches([a, b]);
    expect(() => sketchPath(index, 10)).toThrow("outside");
    const query = { exponent: 0, values: new Int16Array(5) };
    await refused(scoreSketches(index, [], 0), "SKETCH_INPUT");
    await refused(scoreSketches(index, new Array(65).fill(query), 0), "SKETCH_INPUT");
    await refused(scoreSketches(index, [{ ...query, exponent: 128 }], 0), "SKETCH_INPUT");
    await refused(scoreSketches(index, [{ exponent: 0, values: new Int16Array(4) }], 0), "SKETCH_INPUT");
    const scores = await scoreSketches(index, [query], 0);
    await refused(scores.best(1, 5), "NATIVE_ARGUMENT");
    await refused(scores.best(0, 70_000), "NATIVE_ARGUMENT");
    expect(() => scores.of(0, Uint32Array.of(10))).toThrow("no such row");
    await refused(likelySketches(index, new Int16Array(6), 3), "SKETCH_INPUT");
    await refused(writeSketches(newPath(), new Uint8Array(0), { dimension: 5 }), "SKETCH_INPUT");
    await refused(writeSketches(newPath(), new Uint8Array(8214), { dimension: 8193 }), "SKETCH_INPUT");
    await refused(
      writeSketches(newPath(), new Uint8Array(52), { dimension: 5, first: 2 ** 32 - 2 }),
      "SKETCH_TOO_LARGE",
    );
    expect(readdirSync(folder).filter((name) => name.endsWith(".partial"))).toEqual([]);
  });
});

/** Whether a byte lies in no section and not in the header. */
function isPadding(file: Buffer, at: number): boolean {
  if (at < 256) return at >= 144;
  for (let i = 0; i < 4; i++) {
    const offset = Number(file.readBigUInt64LE(40 + 24 * i));
    const length = Number(file.readBigUInt64LE(48 + 24 * i));
    if (at >= offset && at < offset + length) return false;
  }
  return true;
}

/** XXH64 by another hand. */
async function checksumOf(bytes: Uint8Array): Promise<bigint> {
  const { xxhash64 } = await import("hash-wasm");
  return BigInt(`0x${await xxhash64(bytes)}`);
}
