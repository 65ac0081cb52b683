import { describe, expect, it } from "vitest";
import type { PartStatus } from "../base/supervisor.ts";
import { type Health, isServing } from "./health.ts";

const health = (status: Health["status"], states: Record<string, PartStatus["state"]>): Health => ({
  status,
  ...{ unsafe: 5, safe: 4, finalized: 3, l1Head: 9, l1Derived: 9 },
  parts: Object.fromEntries(
    Object.entries(states).map(([name, state]) => [name, { state, since: 0, restarts: 0, error: undefined }]),
  ),
});

describe("whether a node serves", () => {
  it("it does when all is well, and not while it has yet to check the chain", () => {
    expect(isServing(health("ok", { l1: "running", sequencer: "running" }))).toBe(true);
    expect(isServing(health("starting", { l1: "running", sequencer: "running" }))).toBe(false);
  });

  it("it does while only L1 is silent", () => {
    expect(isServing(health("degraded", { l1: "hanging", sequencer: "running" }))).toBe(true);
    expect(isServing(health("starting", { l1: "hanging", sequencer: "running" }))).toBe(false);
  });

  it("it does not when a part of its own hangs or failed", () => {
    expect(isServing(health("degraded", { l1: "hanging", sequencer: "hanging" }))).toBe(false);
    expect(isServing(health("degraded", { l1: "running", batcher: "restarting" }))).toBe(false);
    expect(isServing(health("degraded", { l1: "restarting", batcher: "running" }))).toBe(false);
  });
});
