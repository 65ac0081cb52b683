import { afterEach, describe, expect, test } from "vitest";
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

  test("begins with the first pause again after a part ran well", async () => {
    const { supervisor, log } = make({ healthyMs: 20, maxDelayMs: 1_000 });
    const runs = [0, 0, 0, 30, 0];
    void supervisor.run({
      name: "part",
      async run() {
        await new Promise((resolve) => setTimeout(resolve, runs.shift() ?? 1_000));
        throw new Error("down");
      },
    });
    await expect.poll(() => log.length, { timeout: 5_000 }).toBe(5);
    const pauses = log.map((line) => (JSON.parse(line) as { nextTryMs: number }).nextTryMs);
    expect(pauses).toEqual([4, 8, 16, 4, 8]);
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
