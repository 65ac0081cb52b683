import { expect, test } from "vitest";
import { figureOf, parseMetrics } from "./operator.ts";

const TEXT = `# HELP a Help, with "quotes".
# TYPE a counter
a 1
b{part="rpc",state="running"} 1.5e3
b{part="l1, \\"main\\"",state="hanging"} 0
c_bucket{le="+Inf"} 7
d NaN
nonsense
e{broken 3
`;

test("figures are read with their labels, and what is none is left out", () => {
  const samples = parseMetrics(TEXT);
  expect(samples.map(({ name }) => name)).toEqual(["a", "b", "b", "c_bucket", "d"]);
  expect(figureOf(samples, "a")).toBe(1);
  expect(figureOf(samples, "b", { part: "rpc" })).toBe(1500);
  expect(figureOf(samples, "b", { part: 'l1, "main"', state: "hanging" })).toBe(0);
  expect(figureOf(samples, "b", { part: "nobody" })).toBeUndefined();
});
