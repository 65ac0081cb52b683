import { expect, test } from "vitest";
import { dataInf } from "./dense-gradients.ts";

test("DataInf averages the inverses that a layer's single rows give", () => {
  // One layer of two parameters, three rows, one answer; the inverse of (d + g g') by Sherman and Morrison, averaged.
  const rows = [
    [1, 0],
    [0, 2],
    [1, 1],
  ];
  const answer = [3, -1];
  const damping = (0.1 * (1 + 4 + 2)) / (3 * 2);
  const mean = [0, 1].map((to) =>
    rows.reduce((sum, g) => {
      const along = answer[0]! * g[0]! + answer[1]! * g[1]!;
      const square = g[0]! ** 2 + g[1]! ** 2;
      return sum + (answer[to]! - (along * g[to]!) / (damping + square)) / damping / rows.length;
    }, 0),
  );
  const wanted = rows.map((g) => mean[0]! * g[0]! + mean[1]! * g[1]!);
  const [found] = dataInf(Float32Array.from(rows.flat()), Float32Array.from(answer), [2]);
  for (const [i, value] of wanted.entries()) expect(found![i]).toBeCloseTo(value, 9);
});

test("DataInf sums layers, and leaves one without any gradient out", () => {
  const one = dataInf(Float32Array.of(1, 2), Float32Array.of(3), [1]);
  const two = dataInf(Float32Array.of(1, 1, 0, 2, 2, 0), Float32Array.of(3, 3, 0), [1, 1, 1]);
  for (const i of [0, 1]) expect(two[0]![i]).toBeCloseTo(2 * one[0]![i]!, 9);
});
