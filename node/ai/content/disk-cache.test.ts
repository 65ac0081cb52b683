import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Hash } from "../../chain/types/primitives.ts";
import { memoryContent } from "../testing/memory-content.ts";
import { DiskCache } from "./disk-cache.ts";

let folder: string;
let far: ReturnType<typeof memoryContent>;
let fetched: Hash[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "disk-cache-"));
  far = memoryContent();
  fetched = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (maxBytes: number) =>
  DiskCache.open(
    {
      async get(hash) {
        fetched.push(hash);
        await new Promise((resolve) => setImmediate(resolve));
        return far.get(hash);
      },
    },
    folder,
    maxBytes,
  );
/** A content of so many bytes, at its source. */
const content = (seed: number, size = 10) => far.put(new Uint8Array(size).fill(seed));
const onDisk = () => readdirSync(folder).sort();
const names = (...hashes: Hash[]) => hashes.map((hash) => hash.slice(2)).sort();

test("fetches once for all who wait, then reads, also in another life", async () => {
  const cache = await open(100);
  const a = await content(1);
  const both = await Promise.all([cache.get(a), cache.get(a)]);
  expect(both).toEqual([new Uint8Array(10).fill(1), new Uint8Array(10).fill(1)]);
  expect(await cache.get(a)).toEqual(both[0]);
  expect(await (await open(100)).get(a)).toEqual(both[0]);
  expect(fetched).toEqual([a]);
  expect(cache.status()).toEqual({ files: 1, bytes: 10, hits: 1, misses: 1 });
  await expect(cache.get(`0x${"00".repeat(32)}`)).rejects.toThrow("no content");
});

test("holds its bound: the least recently used goes, and what is larger than all of it is not kept", async () => {
  const cache = await open(30);
  const [a, b, c, d] = [await content(1), await content(2), await content(3), await content(4)];
  for (const hash of [a, b, c, a, d]) await cache.get(hash);
  expect(onDisk()).toEqual(names(a, c, d));
  const large = await content(5, 31);
  expect(await cache.get(large)).toHaveLength(31);
  expect(onDisk()).toEqual(names(a, c, d));
  // Another life knows the order by the files' times, and may have less room.
  for (const [at, hash] of [c, d, a].entries())
    utimesSync(join(folder, hash.slice(2)), 1_000 + at, 1_000 + at);
  const smaller = await open(20);
  expect(onDisk()).toEqual(names(a, d));
  expect(smaller.status()).toMatchObject({ files: 2, bytes: 20 });
});

test("gives nothing that was changed on the disk", async () => {
  const cache = await open(100);
  const a = await content(1);
  await cache.get(a);
  const path = join(folder, a.slice(2));
  for (const damage of ["", "short", "x".repeat(10)]) {
    writeFileSync(path, damage);
    expect(await cache.get(a)).toEqual(new Uint8Array(10).fill(1));
    expect([...readFileSync(path)]).toEqual([...new Uint8Array(10).fill(1)]);
  }
  rmSync(path);
  expect(await cache.get(a)).toHaveLength(10);
  expect(fetched).toHaveLength(5);
  expect(cache.status().bytes).toBe(10);
});

test("prefetches into room that is free, and never in another one's place", async () => {
  const cache = await open(25);
  const [a, b, c] = [await content(1), await content(2), await content(3)];
  expect([await cache.prefetch(a, 10), await cache.prefetch(b, 10), await cache.prefetch(c, 10)]).toEqual([
    true,
    true,
    false,
  ]);
  expect(await cache.prefetch(a, 10)).toBe(true);
  expect(fetched).toEqual([a, b]);
});

test("throws away what a crash left, and goes on where the disk fails", async () => {
  writeFileSync(join(folder, `${"ab".repeat(32)}.tmp`), "torn");
  const cache = await open(100);
  expect(onDisk()).toEqual([]);
  const a = await content(1);
  rmSync(folder, { recursive: true });
  writeFileSync(folder, "no folder any more");
  expect(await cache.get(a)).toHaveLength(10);
  expect(cache.status()).toMatchObject({ files: 0, bytes: 0 });
});

test("never holds more than its bound, in two thousand random requests at once and one after the other", async () => {
  const cache = await open(200);
  const all: Hash[] = [];
  for (let i = 0; i < 40; i++) all.push(await content(i, 5 + (i % 20)));
  let state = 7;
  const next = (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  for (let i = 0; i < 500; i++) {
    const asked = Array.from({ length: 4 }, () => next(40));
    const got = await Promise.all(asked.map((at) => cache.get(all[at]!)));
    for (const [at, bytes] of got.entries())
      expect(bytes).toEqual(new Uint8Array(5 + (asked[at]! % 20)).fill(asked[at]!));
    expect(cache.status().bytes).toBeLessThanOrEqual(200);
  }
  const { files } = cache.status();
  expect(onDisk()).toHaveLength(files);
});
