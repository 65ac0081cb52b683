import { expect, test } from "vitest";
import { insideOf, type TracedCall } from "./traces.ts";

const call = (to: number, ...calls: TracedCall[]): TracedCall => ({
  ...{ type: "CALL", from: "0x00", to: `0x0${to}`, calls },
});

test("calls inside of a call stand in the order in which they were made, with their depth", () => {
  const { calls, count } = insideOf(call(0, call(1, call(2), call(3)), call(4)));
  expect(calls.map(({ to, depth }) => [to, depth])).toEqual([
    ["0x01", 1],
    ["0x02", 2],
    ["0x03", 2],
    ["0x04", 1],
  ]);
  expect(count).toBe(4);
  expect(insideOf(call(0))).toEqual({ calls: [], count: 0 });
});

test("of many calls the first are kept, however deep they are", () => {
  let deep = call(1);
  for (let i = 0; i < 5_000; i++) deep = call(2, deep);
  const { calls, count } = insideOf(call(0, deep));
  expect(count).toBe(5_001);
  expect(calls).toHaveLength(200);
  expect(calls.at(-1)?.depth).toBe(200);
});
