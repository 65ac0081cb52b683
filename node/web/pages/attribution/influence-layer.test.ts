import { expect, test } from "vitest";
import type { AttributionReport } from "../../../ai/evaluation/report.ts";
import { qualityOf } from "./influence-layer.tsx";

const measured = (count: number, lds?: number) => ({
  first: { count, interval: [0, 1] },
  ...(lds !== undefined && { lds: { mean: lds, interval: [0, 1] } }),
});
const report = {
  answers: 20,
  methods: { fused: measured(17, 0.414), influence: measured(9) },
} as unknown as AttributionReport;

test("an estimate says how good the method that pays was measured to be", () => {
  expect(qualityOf(report, true)).toBe("the right contributor first in 17 of 20 answers, LDS 0.41");
  expect(qualityOf(report, false)).toBe("the right contributor first in 9 of 20 answers");
  expect(qualityOf(null, true)).toBe("not measured on this node's machine");
});
