import { expect, test } from "vitest";
import type { ChainClient } from "../client/chain.ts";
import { LogScan } from "../client/log-scan.ts";
import { WorkQueue } from "./queue.ts";

const limits = { maxWaiting: 3, maxKnown: 10 };

test("gives what is most urgent first, each thing once", () => {
  const queue = new WorkQueue(limits);
  expect(queue.add({ key: "late", deadline: 30n })).toBe(true);
  expect(queue.add({ key: "soon", deadline: 10n })).toBe(true);
  expect(queue.add({ key: "soon", deadline: 10n })).toBe(false);
  expect(queue.add({ key: "waits", deadline: 5n }, 4n)).toBe(true);
  expect(queue.urgent()).toBe(5n);
  expect([queue.take(0n)?.key, queue.take(0n)?.key, queue.take(0n)]).toEqual(["soon", "late", undefined]);
  expect(queue.take(4n)?.key).toBe("waits");
});

test("what fails is tried later, and what has no time left goes", () => {
  const queue = new WorkQueue(limits);
  queue.add({ key: "a", deadline: 10n });
  const item = queue.take(0n)!;
  expect(queue.retry(item, 5n)).toBe(1);
  expect(queue.take(4n)).toBeUndefined();
  expect(queue.take(5n)?.key).toBe("a");
  // In somebody's hands: it does not expire.
  expect(queue.expire(11n)).toEqual([]);
  queue.retry(item, 20n, 15n);
  expect(queue.expire(15n)).toEqual([]);
  expect(queue.expire(16n).map(({ key }) => key)).toEqual(["a"]);
  expect(queue.size).toBe(0);
});

test("is bounded, and counts what found no room", () => {
  const queue = new WorkQueue(limits);
  for (let i = 0; i < 5; i++) queue.add({ key: `${i}`, deadline: BigInt(i) });
  expect([queue.size, queue.refused]).toEqual([3, 2]);
});

test("a range that the node refuses is halved until it fits, and read on behind it", async () => {
  const client = { public: { getBlockNumber: async () => 999n } } as unknown as ChainClient;
  const scan = new LogScan(client, 0n);
  const seen = new Set<bigint>();
  let atHead = false;
  for (let step = 0; !atHead; step++) {
    expect(step).toBeLessThan(1000);
    atHead = await scan.advance(async (from, to) => {
      // Too many hits in more than 40 blocks that hold block 500.
      if (from <= 500n && to >= 500n && to - from > 40n) throw new Error("more than 10000 logs");
      for (let block = from; block <= to; block++) seen.add(block);
    });
  }
  expect(seen.size).toBe(1000);
  expect(scan.done).toBe(999n);
});
