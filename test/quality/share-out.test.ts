import { expect, test } from "vitest";
import { shareOut } from "./share-out.ts";

test("every item is done once, by at most one worker each at a time", async () => {
  const busy = new Set<string>();
  const done: number[] = [];
  await shareOut([10, 20, 30, 40, 50], ["a", "b"], async (item, index, worker) => {
    expect(busy.has(worker)).toBe(false);
    busy.add(worker);
    await new Promise((resolve) => setTimeout(resolve, item % 3));
    busy.delete(worker);
    done[index] = item;
  });
  expect(done).toEqual([10, 20, 30, 40, 50]);
});

test("after a failure nothing new begins", async () => {
  const begun: number[] = [];
  const work = async (item: number) => {
    begun.push(item);
    await Promise.resolve();
    if (item === 2) throw new Error("no");
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await expect(shareOut([1, 2, 3, 4, 5], ["a", "b"], work)).rejects.toThrow("no");
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(begun).toEqual([1, 2]);
});
