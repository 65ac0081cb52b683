import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { changePin, readPins } from "./pins.ts";

test("keeps a list of pinned models, and refuses what is none", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pins-"));
  const ai = join(folder, "ai");
  expect(readPins(ai)).toEqual([]);
  changePin(ai, 7n, true);
  expect(changePin(ai, 7n, true)).toEqual([7n]);
  expect(changePin(ai, 3n, true)).toEqual([7n, 3n]);
  expect(readPins(ai)).toEqual([7n, 3n]);
  expect(changePin(ai, 7n, false)).toEqual([3n]);
  await writeFile(join(ai, "pinned.json"), '{"models":[7]}');
  expect(() => readPins(ai)).toThrow(expect.objectContaining({ code: "PINS_INVALID" }));
  await rm(folder, { recursive: true });
});
