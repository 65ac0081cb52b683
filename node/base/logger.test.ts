import { describe, expect, test } from "vitest";
import { CodedError } from "./errors.ts";
import { createLogger } from "./logger.ts";
import { formatSeconds, startProgress } from "./progress.ts";

describe("createLogger", () => {
  test("writes JSON with bigints, byte counts and coded errors", () => {
    const lines: string[] = [];
    const logger = createLogger({ level: "info", format: "json", write: (line) => lines.push(line) });
    const error = new CodedError("X_Y", "input", {
      message: "broken",
      fix: "mend it",
      cause: new Error("why"),
    });
    logger.child({ module: "engine" }).info({ number: 7n, data: new Uint8Array(3), error }, "built");
    logger.debug({}, "not at this level");
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      level: "info",
      module: "engine",
      number: "7",
      data: "3 bytes",
      error: { code: "X_Y", message: "broken", fix: "mend it", cause: { message: "why" } },
      msg: "built",
    });
  });

  test("writes one readable line", () => {
    const lines: string[] = [];
    const logger = createLogger({ level: "info", format: "text", write: (line) => lines.push(line) });
    logger.child({ module: "l1" }).warn({ number: 7n, why: "two words" }, "no answer");
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d WARN {2}\[l1\] no answer number=7 why="two words"\n$/);
  });
});

describe("startProgress", () => {
  test("prints plain lines when piped, at most one every five seconds", () => {
    const lines: string[] = [];
    let clock = 0;
    const stream = { write: (text: string) => lines.push(text) };
    const progress = startProgress({ label: "train", total: 4, unit: "steps", stream, now: () => clock });
    progress.update(1);
    clock = 1_000;
    progress.update(2);
    clock = 6_000;
    progress.update(3, "loss 2.1");
    progress.finish();
    expect(lines).toEqual([
      "train [######..................] 25 % 1/4 steps 0.0 s left 0.0 s\n",
      "train [##################......] 75 % 3/4 steps 2.0 s left loss 2.1 6.0 s\n",
      "train [########################] 100 % 4/4 steps loss 2.1 (6.0 s)\n",
    ]);
  });

  test("formats durations", () => {
    expect([7.31, 250, 7380].map(formatSeconds)).toEqual(["7.3 s", "4 min 10 s", "2 h 3 min"]);
  });
});
