import { describe, expect, test } from "vitest";
import type { BaseModel } from "../../../ai/factory/bases.ts";
import type { JobEvent } from "../../../ai/factory/job.ts";
import { defaultSettings } from "../../../ai/factory/order.ts";
import { EMPTY, missing, orderOf } from "./draft.ts";
import { splitProblem } from "./publish.tsx";
import { speeds } from "./run-charts.tsx";
import { commandOf } from "./run-parts.tsx";
import { newestSteps, secondsLeft, stagesOf, wholeRun } from "./run-progress.tsx";
import { areGood, problemOf } from "./settings-step.tsx";
import { whyNotStart } from "./start-step.tsx";

const step = (at: number, number: number): JobEvent & { kind: "step" } => ({
  ...{ kind: "step", at, step: number, steps: 100, loss: 1, learningRate: 0.001, tokens: number * 10 },
});

describe("the form", () => {
  test("says the first thing that is missing", () => {
    expect(missing(EMPTY, 0)).toBe("Choose at least one snapshot.");
    const withData = { ...EMPTY, snapshots: [{ datanetId: "1", number: 1, rows: 8 }] };
    expect(missing(withData, 0)).toBeUndefined();
    expect(missing(withData, 1)).toBe("Choose a base model.");
    expect(missing({ ...withData, base: "shipped" }, 2)).toBe("Give the model a name.");
    expect(missing({ ...withData, base: "shipped", name: "a" }, 2)).toBeUndefined();
  });

  test("knows which settings can be sent", () => {
    expect(areGood(defaultSettings(1))).toBe(true);
    expect(problemOf("epochs", Number.NaN)).toBe("Give a number.");
    expect(problemOf("epochs", 1.5)).toBe("Give a whole number.");
    expect(problemOf("learningRate", 0)).toBe("It must be above 0.");
    expect(problemOf("rank", 65)).toBe("From 1 to 64.");
  });

  test("settings begin by the base model and all rows that were chosen", () => {
    const [defaults, forMany] = [defaultSettings(1), defaultSettings(1, 501)];
    const base = { id: "shipped", defaults, manyRows: { above: 500, defaults: forMany } } as BaseModel;
    const snapshots = (rows: number) => [
      { datanetId: "1", number: 1, rows: 100 },
      { datanetId: "2", number: 1, rows },
    ];
    const few = orderOf({ ...EMPTY, snapshots: snapshots(400) }, base);
    expect([few.settings, few.snapshots[0]]).toEqual([defaults, { datanetId: "1", number: 1 }]);
    expect(orderOf({ ...EMPTY, snapshots: snapshots(401) }, base).settings).toEqual(forMany);
    // What was changed stays; how rows are sketched goes by the rows.
    const changed = { ...defaults, epochs: 7 };
    const { settings } = orderOf({ ...EMPTY, snapshots: snapshots(401), settings: changed }, base);
    expect(settings).toEqual({ ...changed, sketches: "ekfac-factored" });
  });

  test("the button says why it is disabled, and only then", () => {
    const ready = { data: {}, error: null };
    expect(whyNotStart(undefined, true, ready, false)).toBeUndefined();
    expect(whyNotStart("Choose a base model.", true, ready, false)).toBe("Choose a base model.");
    expect(whyNotStart(undefined, false, ready, false)).toBe("A setting is out of its bounds.");
    expect(whyNotStart(undefined, true, { data: undefined, error: null }, false)).toBe("Reading the rows.");
    expect(whyNotStart(undefined, true, { data: undefined, error: new Error() }, false)).toMatch(/above/);
  });
});

describe("a run", () => {
  const events: JobEvent[] = [
    { kind: "stage", at: 0, stage: "read", done: 0, total: 2 },
    { kind: "stage", at: 1, stage: "load", done: 0, total: 1 },
    step(1_000, 1),
    step(11_000, 11),
  ];

  test("its stages are done up to the one that runs", () => {
    const stages = stagesOf(events, "running");
    expect(stages.get("read")!.state).toBe("done");
    expect(stages.get("train")).toEqual({ state: "running", done: 11, total: 100 });
    expect(stages.get("fit")!.state).toBe("waiting");
  });

  test("one that began again forgets its first life", () => {
    const again: JobEvent[] = [
      ...events,
      { kind: "stage", at: 20_000, stage: "read", done: 0, total: 2 },
      step(21_000, 1),
    ];
    expect(stagesOf(again, "running").get("train")!.done).toBe(1);
    expect(newestSteps(again).map(({ step: at }) => at)).toEqual([1]);
    expect(wholeRun(again).map(({ step: at }) => at)).toEqual([1]);
  });

  test("one that went on from a kept state shows its steps of before too, each once", () => {
    const resumed: JobEvent[] = [
      ...[...events, step(21_000, 21), { kind: "log" as const, at: 22_000, text: "the worker ended" }],
      { kind: "stage", at: 90_000, stage: "read", done: 0, total: 2 },
      ...[step(91_000, 12), step(101_000, 22)],
    ];
    const run = wholeRun(resumed);
    expect(run.map(({ step: at }) => at)).toEqual([1, 11, 12, 22]);
    // The time in which nothing ran is no time of training.
    expect(speeds(run)).toEqual([null, 10, null, 10]);
    expect(secondsLeft(resumed)).toBe(78);
  });

  test("one that was broken off right after a kept state does not count the time between", () => {
    const resumed: JobEvent[] = [
      ...events,
      { kind: "stage", at: 90_000, stage: "load", done: 0, total: 1 },
      ...[step(91_000, 12), step(101_000, 22)],
    ];
    expect(speeds(wholeRun(resumed))).toEqual([null, 10, null, 10]);
    expect(secondsLeft(resumed)).toBe(78);
  });

  test("the time left goes by the pace so far", () => {
    expect(secondsLeft(events)).toBe(89);
    expect(secondsLeft(events.slice(0, 3))).toBeUndefined();
  });

  test("tokens a second are between each two steps", () => {
    expect(speeds(wholeRun([step(0, 1), step(2_000, 21), step(2_000, 22)]))).toEqual([null, 100, null]);
  });

  test("as a command its name stays one word to a shell", () => {
    const order = { name: "it's; rm -rf", base: "shipped", snapshots: [{ datanetId: "3", number: 1 }] };
    expect(commandOf({ order } as never)).toBe(
      "npx openledger model train 'it'\\''s; rm -rf' --snapshot 3:1 --method method.json",
    );
  });
});

describe("a split", () => {
  const bounds = { contributorsMin: 3000, ownerMax: 4000, hostMax: 4000, stakersMax: 3000 };
  test.each([
    [{ contributors: 50, owner: 20, host: 20, stakers: 10 }, undefined],
    [
      { contributors: 50, owner: 20, host: 20, stakers: 9 },
      "The parts are 99 % together; they have to be 100 %.",
    ],
    [{ contributors: 20, owner: 40, host: 30, stakers: 10 }, "Contributors get at least 30 %."],
    [{ contributors: 30, owner: 45, host: 20, stakers: 5 }, "The owner's part is at most 40 %."],
    [{ contributors: Number.NaN, owner: 45, host: 20, stakers: 5 }, "Give a number from 0."],
  ])("%o", (percents, problem) => {
    expect(splitProblem(percents, bounds)).toBe(problem);
  });
});
