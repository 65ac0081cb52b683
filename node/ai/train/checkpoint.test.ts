import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  readCheckpoint,
  removeCheckpoint,
  runHash,
  type TrainingState,
  writeCheckpoint,
} from "./checkpoint.ts";
import { KeptRun } from "./kept-run.ts";
import { DEFAULT_METHOD } from "./method.ts";
import type { TrainingPlan } from "./plan.ts";

const RUN = `0x${"ab".repeat(32)}` as const;
const SIZE = { parameters: 5, steps: 10 };
const state: TrainingState = {
  step: 3,
  factors: Float32Array.of(1, -0, 2 ** -149, 0.1, -3e38),
  m: Float32Array.of(0, 1e-12, -1, 2, 3),
  v: Float32Array.of(4, 5, 6, 7, Number.POSITIVE_INFINITY),
  losses: Float64Array.of(2.5, 1.25, 0.1),
  norms: Float64Array.of(1, 2, 1 / 3),
};
const plan: TrainingPlan = {
  examples: [
    { ids: [1, 2, 3], completionStart: 1 },
    { ids: [4, 5], completionStart: 1 },
  ],
  rows: [0, 1],
  steps: [[0, 1], [1, 0], [0]],
  tokens: 13,
};

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "checkpoint-"));
  path = join(folder, "run", "checkpoint");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a state on disk", () => {
  test("comes back to the bit, and is replaced by the next one", async () => {
    expect(await readCheckpoint(path, RUN, SIZE)).toBe("absent");
    await writeCheckpoint(path, RUN, {
      ...state,
      step: 2,
      losses: state.losses.slice(1),
      norms: state.norms.slice(1),
    });
    await writeCheckpoint(path, RUN, state);
    const read = (await readCheckpoint(path, RUN, SIZE)) as TrainingState;
    expect(read).toEqual(state);
    expect(Object.is(read.factors[1], -0)).toBe(true);
  });

  test("is not gone on from when any byte of it has changed, or some are missing or too many", async () => {
    await writeCheckpoint(path, RUN, state);
    const whole = readFileSync(path);
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 1;
      writeFileSync(path, changed);
      expect(typeof (await readCheckpoint(path, RUN, SIZE)), `byte ${at}`).toBe("string");
    }
    for (const bytes of [whole.subarray(0, -1), Buffer.concat([whole, Buffer.alloc(1)]), Buffer.alloc(0)]) {
      writeFileSync(path, bytes);
      expect(await readCheckpoint(path, RUN, SIZE)).toBe("damaged");
    }
  });

  test("of another run, another adapter or more steps than the run has is not taken", async () => {
    await writeCheckpoint(path, RUN, state);
    expect(await readCheckpoint(path, `0x${"cd".repeat(32)}`, SIZE)).toBe("other");
    expect(await readCheckpoint(path, RUN, { ...SIZE, parameters: 6 })).toBe("damaged");
    expect(await readCheckpoint(path, RUN, { ...SIZE, steps: 2 })).toBe("damaged");
  });

  test("goes with what a crash left of the next one", async () => {
    await writeCheckpoint(path, RUN, state);
    writeFileSync(`${path}.tmp`, "torn");
    expect(await readCheckpoint(path, RUN, SIZE)).toEqual(state);
    await removeCheckpoint(path);
    expect([existsSync(path), existsSync(`${path}.tmp`)]).toEqual([false, false]);
    await removeCheckpoint(path);
  });
});

test("a run's hash changes with everything that decides it", () => {
  const base = `0x${"01".repeat(32)}` as const;
  const { training, lora } = DEFAULT_METHOD;
  const [first, second] = plan.examples;
  const hashes = [
    runHash(base, plan, DEFAULT_METHOD),
    runHash(RUN, plan, DEFAULT_METHOD),
    runHash(base, plan, { ...DEFAULT_METHOD, lora: { ...lora, seed: 9 } }),
    runHash(base, plan, { ...DEFAULT_METHOD, training: { ...training, learningRate: 0.004 } }),
    runHash(base, { ...plan, steps: [[0], [1, 1, 0], [0]] }, DEFAULT_METHOD),
    runHash(base, { ...plan, examples: [second!, first!] }, DEFAULT_METHOD),
    runHash(base, { ...plan, examples: [{ ...first!, completionStart: 2 }, second!] }, DEFAULT_METHOD),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
  expect(runHash(base, { ...plan, tokens: 0 }, DEFAULT_METHOD)).toBe(hashes[0]);
});

test("a run whose state can't be kept goes on, and says so once", async () => {
  const told: string[] = [];
  writeFileSync(join(folder, "run"), "a file where its folder should be");
  const run = new KeptRun({ path, baseHash: RUN, tell: (text) => told.push(text) }, plan, DEFAULT_METHOD);
  for (let i = 0; i < 2; i++) await run.keep(state, 1, 20);
  expect(told).toEqual([expect.stringContaining("the state after step 3 of 3 could not be kept")]);
  // As many steps as take a minute, going by those that were timed.
  expect(run.nextSteps()).toBe(3_000);
});
