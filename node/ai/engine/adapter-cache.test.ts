import { expect, test } from "vitest";
import { AdapterCache } from "./adapter-cache.ts";

interface Loaded {
  key: string;
  bytes: number;
  isFreed: boolean;
}

function cacheOf(maxBytes: number, sizeOf: (key: string) => number = () => 10) {
  const loads: string[] = [];
  const cache = new AdapterCache<Loaded>({
    async load(key) {
      loads.push(key);
      await new Promise((resolve) => setImmediate(resolve));
      if (key.startsWith("bad")) throw new Error("truncated");
      return { key, bytes: sizeOf(key), isFreed: false };
    },
    bytesOf: ({ bytes }) => bytes,
    free(value) {
      if (value.isFreed) throw new Error("freed twice");
      value.isFreed = true;
    },
    maxBytes,
  });
  return { cache, loads };
}

const keys = (cache: AdapterCache<Loaded>) => cache.list().map(({ key }) => key);

test("loads once for all who wait, and lets the least recently used one go", async () => {
  const { cache, loads } = cacheOf(20);
  const held = await Promise.all([cache.hold("a"), cache.hold("a"), cache.hold("b")]);
  expect(loads).toEqual(["a", "b"]);
  for (const { release } of held) release();
  (await cache.hold("a")).release();
  (await cache.hold("c")).release();
  expect(keys(cache)).toEqual(["a", "c"]);
  expect(held[2]!.value.isFreed).toBe(true);
  expect(cache.size).toBe(20);
});

test("a load that does not end keeps nobody waiting for another", async () => {
  const cache = new AdapterCache<Loaded>({
    load: (key) =>
      key === "slow" ? new Promise(() => {}) : Promise.resolve({ key, bytes: 10, isFreed: false }),
    bytesOf: ({ bytes }) => bytes,
    free() {},
    maxBytes: 10,
  });
  void cache.hold("slow");
  expect(cache.loading).toBe(1);
  for (const key of ["a", "b", "a"]) (await cache.hold(key)).release();
  expect(keys(cache)).toEqual(["slow", "a"]);
  expect(cache.loading).toBe(1);
});

test("keeps what is in use or pinned, even over its limit", async () => {
  const { cache } = cacheOf(10);
  cache.pin(["pinned"]);
  (await cache.hold("pinned")).release();
  const used = await cache.hold("used");
  const other = await cache.hold("other");
  expect(cache.size).toBe(30);
  other.release();
  expect(other.value.isFreed).toBe(true);
  expect(used.value.isFreed).toBe(false);
  used.release();
  used.release();
  expect(keys(cache)).toEqual(["pinned"]);
  cache.pin([]);
  expect(cache.size).toBe(10);
});

test("tells a failed load to all who wait, and tries again for the next", async () => {
  const { cache, loads } = cacheOf(10);
  const both = await Promise.allSettled([cache.hold("bad"), cache.hold("bad")]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  await expect(cache.hold("bad")).rejects.toThrow("truncated");
  expect(loads).toHaveLength(2);
  expect(cache.list()).toEqual([]);
});

test("never frees what a request holds, in ten thousand random ones", async () => {
  const { cache } = cacheOf(200, (key) => 5 + (Number(key) % 20));
  let state = 1;
  const next = (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const held: { value: Loaded; release: () => void }[] = [];
  for (let i = 0; i < 10_000; i++) {
    if (next(2) === 0) held.push(await cache.hold(String(Math.floor(60 * (next(1_000) / 1_000) ** 2))));
    else held.splice(next(held.length || 1), 1)[0]?.release();
    while (held.length > 20) held.shift()!.release();
    if (i % 100 === 0) {
      expect(held.some(({ value }) => value.isFreed)).toBe(false);
      // Bound: the limit and what is in use.
      expect(cache.size).toBeLessThanOrEqual(200 + held.length * 25 + 25);
    }
  }
  for (const { release } of held) release();
  expect(cache.size).toBeLessThanOrEqual(200);
});
