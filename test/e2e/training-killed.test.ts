import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot } from "../../node/base/paths.ts";

const PROBE = join(packageRoot(), "dist/node/ai/testing/build-probe.js");
const BASE = join(packageRoot(), "node/ai/base-model/model");
const EPOCHS = "24";

interface Line {
  note?: string;
  stage?: string;
  done?: number;
  hashes?: Record<string, string>;
  losses?: number[];
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "training-killed-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the probe; kills it by SIGKILL, `ms` after the first line for which `isTime` is true. Gives all of its lines. */
async function life(checkpoint?: string, isTime?: (line: Line) => boolean, ms = 0): Promise<Line[]> {
  const args = [PROBE, BASE, EPOCHS, ...(checkpoint === undefined ? [] : [checkpoint])];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const lines: Line[] = [];
  let isKilled = false;
  for await (const text of createInterface({ input: child.stdout })) {
    // The last one may be torn.
    if (isKilled && !text.endsWith("}")) continue;
    const line = JSON.parse(text) as Line;
    lines.push(line);
    if (isKilled || !isTime?.(line)) continue;
    isKilled = true;
    setTimeout(() => child.kill("SIGKILL"), ms);
  }
  return lines;
}

const end = (lines: readonly Line[]) => lines.find(({ hashes }) => hashes !== undefined);
/** The step after which a life went on; undefined where it began anew. */
function goneOn(lines: readonly Line[]): number | undefined {
  const step = lines
    .map(({ note }) => /^goes on after step (\d+) of/.exec(note ?? "")?.[1])
    .find((found) => found);
  return step === undefined ? undefined : Number(step);
}

/** Steps that a life told of. */
const stepsDone = (lines: readonly Line[]) =>
  Math.max(0, ...lines.map(({ stage, done }) => (stage === "train" ? done! : 0)));

test("a training that is killed again and again ends in the bytes of one that was not", {
  timeout: 600_000,
}, async () => {
  const unbroken = end(await life())!;
  const checkpoint = join(folder, "checkpoint");
  const steps = unbroken.losses!.length;
  /** A step is told of before its state is kept, and after that of the one before is. */
  let least = 0;
  for (const ms of [0, 7, 19, 41]) {
    const lines = await life(checkpoint, ({ stage, done }) => stage === "train" && done! > least + 1, ms);
    expect(end(lines)).toBeUndefined();
    expect(goneOn(lines) ?? 0).toBeGreaterThanOrEqual(least);
    least = stepsDone(lines) - 1;
    expect(least).toBeGreaterThan(0);
  }
  // And once the fine-tuning is through.
  const late = await life(checkpoint, ({ stage }) => stage === "fit");
  expect(end(late)).toBeUndefined();
  const resumed = await life(checkpoint);
  expect(goneOn(resumed)).toBe(steps);
  expect(end(resumed)).toEqual(unbroken);
  // A damaged state is no state.
  const bytes = readFileSync(checkpoint);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(checkpoint, bytes);
  const again = await life(checkpoint);
  expect(again.map(({ note }) => note)).toContain(
    "the state that was kept is damaged: the run begins at its first step",
  );
  expect(end(again)).toEqual(unbroken);
  expect(existsSync(`${checkpoint}.tmp`)).toBe(false);
});
