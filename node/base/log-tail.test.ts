import { expect, test } from "vitest";
import { LogTail } from "./log-tail.ts";
import { createLogger } from "./logger.ts";

test("a log's newest lines are kept, the oldest go, and none is longer than it may be", () => {
  const tail = new LogTail();
  const logger = createLogger({ level: "info", format: "text", write: (line) => tail.add(line) });
  logger.debug({}, "nobody asked for this");
  for (let i = 0; i < 600; i++) logger.info({ i }, "A line");
  expect(tail.newest(2)).toEqual([expect.stringMatching(/A line i=598$/), expect.stringMatching(/i=599$/)]);
  expect(tail.newest(10_000)).toHaveLength(500);
  expect(tail.newest(10_000)[0]).toMatch(/i=100$/);
  logger.warn({ text: "x".repeat(100_000) }, "Long");
  expect(tail.newest(1)[0]!.length).toBe(2_001);
});
