import { expect, test } from "vitest";
import type { L1Block } from "../../chain/types/l1.ts";
import { createPrefetcher } from "./prefetch.ts";

function source() {
  const asked: bigint[] = [];
  let failing = false;
  const blockByNumber = async (number: bigint) => {
    asked.push(number);
    if (failing) throw new Error("down");
    return { number } as L1Block;
  };
  return { asked, blockByNumber, fail: (value: boolean) => (failing = value) };
}

test("the next blocks are on their way, up to the head and no further than it may be ahead", async () => {
  const l1 = source();
  const prefetcher = createPrefetcher(l1, 3n);
  expect(await prefetcher.block(5n, 100n)).toEqual({ number: 5n });
  expect(l1.asked.splice(0)).toEqual([5n, 6n, 7n, 8n]);
  expect(await prefetcher.block(6n, 100n)).toEqual({ number: 6n });
  expect(await prefetcher.block(7n, 9n)).toEqual({ number: 7n });
  expect(l1.asked.splice(0)).toEqual([9n]);
  expect(await prefetcher.block(20n, 20n)).toEqual({ number: 20n });
  expect(l1.asked.splice(0)).toEqual([20n]);
});

test("a failure is met by who asks for that block, and asked again then", async () => {
  const l1 = source();
  const prefetcher = createPrefetcher(l1, 2n);
  l1.fail(true);
  await expect(prefetcher.block(1n, 9n)).rejects.toThrow("down");
  await new Promise((resolve) => setImmediate(resolve));
  l1.fail(false);
  expect(await prefetcher.block(1n, 9n)).toEqual({ number: 1n });
  expect(await prefetcher.block(2n, 9n)).toEqual({ number: 2n });
});

test("after a reorganisation nothing of before is given", async () => {
  const l1 = source();
  const prefetcher = createPrefetcher(l1, 2n);
  await prefetcher.block(1n, 9n);
  prefetcher.clear();
  l1.asked.length = 0;
  await prefetcher.block(2n, 2n);
  expect(l1.asked).toEqual([2n]);
});
