import { expect, test } from "vitest";
import { tinyModelFiles } from "../testing/tiny-model.ts";
import { loadModel } from "./load.ts";
import { SharedBases } from "./shared-bases.ts";

test("a base is loaded once for all who ask, anew after a failure, and separately by hash", async () => {
  const bases = new SharedBases();
  let loads = 0;
  const load = async () => {
    loads += 1;
    await new Promise((resolve) => setImmediate(resolve));
    return await loadModel(tinyModelFiles());
  };
  const broken = bases.get("a", async () => {
    throw new Error("no such content");
  });
  await expect(broken).rejects.toThrow("no such content");
  const [first, second] = await Promise.all([bases.get("a", load), bases.get("a", load)]);
  expect(second).toBe(first);
  expect(await bases.get("a", load)).toBe(first);
  expect(loads).toBe(1);
  expect(await bases.get("b", load)).not.toBe(first);
  expect(bases.size).toBe(2);
});
