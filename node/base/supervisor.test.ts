import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CodedError } from "./errors.ts";
import { createLogger } from "./logger.ts";
import { createSupervisor, type SupervisorOptions } from "./supervisor.ts";

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));

describe("the supervisor", () => {
  const controllers: AbortController[] = [];
  afterEach(() => {
    for (const controller of controllers) controller.abort();
  });
  const make = (more: Partial<SupervisorOptions> = {}) => {
    const controller = new AbortController();
    controllers.push(controller);
    const log: string[] = [];
    const logger = createLogger({ level: "error", format: "json", write: (line) => log.push(line) });
    const { signal } = controller;
    return { controller, log, supervisor: createSupervisor({ logger, signal, firstDelayMs: 4, ...more }) };
  };

  test("starts a part again after each failure, with growing pauses, and leaves the others alone", async () => {
    const { controller, log, supervisor } = make({ maxDelayMs: 16 });
    const starts: number[] = [];
    let others = 0;
    const failing = supervisor.run({
      name: "failing",
      async run() {
        starts.push(performance.now());
        if (starts.length === 2) return;
        throw new TypeError("an oversight");
      },
    });
    const other = supervisor.run({
      name: "other",
      async run(signal) {
        others++;
        await untilAborted(signal);
      },
    });
    await expect.poll(() => starts.length, { timeout: 5_000 }).toBeGreaterThan(5);
    expect(others).toBe(1);
    expect(starts[1]! - starts[0]!).toBeGreaterThanOrEqual(3);
    expect(starts[4]! - starts[3]!).toBeGreaterThanOrEqual(15);
    const [first, second] = supervisor.status();
    expect(first).toMatchObject({ name: "failing", error: { message: "an oversight" } });
    expect(first!.restarts).toBeGreaterThan(3);
    expect(second).toMatchObject({ name: "other", state: "running", restarts: 0, error: undefined });
    expect(log[0]).toContain("an oversight");
    expect(log[1]).toContain("ended by itself");
    controller.abort();
    await Promise.all([failing, other]);
    expect(supervisor.status().map(({ state }) => state)).toEqual(["stopped", "stopped"]);
  });

  test("ends a run's signal with the run, and rejects only with what no part may survive", async () => {
    const corrupt = new CodedError("STORE_CORRUPT", "fatal", { message: "half a block" });
    const { supervisor } = make({ endsAll: (error) => error === corrupt });
    const signals: AbortSignal[] = [];
    const running = supervisor.run({
      name: "part",
      async run(signal) {
        signals.push(signal);
        if (signals.length < 3) throw new Error("again");
        throw corrupt;
      },
    });
    await expect(running).rejects.toBe(corrupt);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true]);
    expect(supervisor.status()[0]).toMatchObject({ state: "stopped", error: { code: "STORE_CORRUPT" } });
  });
});

describe("a part, by the clock,", () => {
  let controller: AbortController;
  const log: string[] = [];
  beforeEach(() => {
    vi.useFakeTimers();
    controller = new AbortController();
    log.length = 0;
  });
  afterEach(() => {
    controller.abort();
    vi.useRealTimers();
  });
  const start = (more: Partial<SupervisorOptions> = {}) => {
    const logger = createLogger({ level: "info", format: "json", write: (line) => log.push(line) });
    return createSupervisor({ logger, signal: controller.signal, ...more });
  };

  test("begins with the first pause again after it ran well", async () => {
    const supervisor = start({ firstDelayMs: 4, healthyMs: 20, maxDelayMs: 1_000 });
    const runs = [0, 0, 0, 30, 0];
    void supervisor.run({
      name: "part",
      async run() {
        await new Promise((resolve) => setTimeout(resolve, runs.shift() ?? 1_000));
        throw new Error("down");
      },
    });
    await vi.advanceTimersByTimeAsync(500);
    const pauses = log
      .map((line) => (JSON.parse(line) as { nextTryMs?: number }).nextTryMs)
      .filter((pause) => pause !== undefined);
    expect(pauses).toEqual([4, 8, 16, 4, 8]);
  });

  test("that hangs is named after its time with work and without progress, and no more once it gets on", async () => {
    const supervisor = start();
    let [done, hasWork] = [0, true];
    const watch = { hasWork: () => hasWork, progress: () => done, stallMs: 10_000, restarts: false };
    void supervisor.run({ name: "slow", run: untilAborted, watch });
    const state = () => supervisor.status()[0]!;
    for (let i = 0; i < 20; i++) {
      await vi.advanceTimersByTimeAsync(5_000);
      done++;
    }
    hasWork = false;
    await vi.advanceTimersByTimeAsync(100_000);
    hasWork = true;
    await vi.advanceTimersByTimeAsync(9_000);
    expect(state()).toMatchObject({ state: "running", error: undefined });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(state()).toMatchObject({ state: "hanging", restarts: 0, error: { code: "PART_HANGS" } });
    expect(log.filter((line) => line.includes("does not get on"))).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(60_000);
    done++;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(state()).toMatchObject({ state: "running", restarts: 0 });
    expect(log.filter((line) => line.includes("gets on again"))).toHaveLength(1);
  });

  test("is left behind with its signal aborted, and started again, where that is safe", async () => {
    const supervisor = start();
    const signals: AbortSignal[] = [];
    let done = 0;
    const run = async (signal: AbortSignal) => {
      signals.push(signal);
      // The first run waits for ever; the second one works.
      if (signals.length === 1) return new Promise<never>(() => {});
      const timer = setInterval(() => done++, 100);
      await untilAborted(signal);
      clearInterval(timer);
    };
    const watch = { hasWork: () => true, progress: () => done, stallMs: 10_000, restarts: true };
    const running = supervisor.run({ name: "part", run, watch });
    await vi.advanceTimersByTimeAsync(10_500);
    expect(signals[0]).toMatchObject({ aborted: true, reason: { code: "PART_HANGS" } });
    expect(supervisor.status()[0]).toMatchObject({ state: "restarting", error: { code: "PART_HANGS" } });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(supervisor.status()[0]).toMatchObject({ state: "running", restarts: 1 });
    expect(signals).toHaveLength(2);
    controller.abort();
    await running;
  });

  test("is not one whose process stood still", async () => {
    const supervisor = start();
    const watch = { hasWork: () => true, progress: () => 0, stallMs: 10_000, restarts: false };
    void supervisor.run({ name: "part", run: untilAborted, watch });
    await vi.advanceTimersByTimeAsync(2_000);
    // One look after an hour.
    const now = performance.now() + 3_600_000;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    await vi.advanceTimersByTimeAsync(1_000);
    vi.restoreAllMocks();
    expect(supervisor.status()[0]).toMatchObject({ state: "running" });
  });
});
