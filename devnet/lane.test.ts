import { expect, test } from "vitest";
import { Lane } from "./lane.ts";

test("a lane does one thing after the other, in the order in which they were added", async () => {
  const lane = new Lane();
  const done: number[] = [];
  const slow = lane.add(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    done.push(1);
  });
  const quick = lane.add(async () => done.push(2));
  await Promise.all([slow, quick]);
  expect(done).toEqual([1, 2]);
});

test("after what failed a lane does nothing more, and whoever waits for it hears why", async () => {
  const lane = new Lane();
  let isDone = false;
  void lane.add(async () => {
    throw new Error("refused");
  });
  const next = lane.add(async () => {
    isDone = true;
  });
  await expect(next).rejects.toThrow("refused");
  expect(isDone).toBe(false);
});
