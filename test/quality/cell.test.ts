import { expect, it } from "vitest";
import { reseeded } from "../../node/ai/evaluation/reseeded.ts";
import { DEFAULT_METHOD } from "../../node/ai/train/method.ts";
import { type Cell, meanCells, meanLines } from "./cell.ts";
import { numberOf } from "./flags.ts";

const cell = (exact: number, owner: number): Cell => ({
  exact,
  of: 40,
  owner,
  causalFirst: 0,
  causalShare: 0,
  bm25Causal: 0,
});
const trainings = [new Map([["prose own", cell(30, 38)]]), new Map([["prose own", cell(35, 40)]])];

it("gives the means over all trainings, and between what they lie", () => {
  expect(meanCells(trainings).get("prose own")).toEqual(cell(32.5, 39));
  expect(meanLines("islands", trainings)).toEqual([
    "islands prose own, mean of 2 seeds:  exact 32.5 of 40 (30 to 35)  fact's contributor first 39.0 (38 to 40)",
  ]);
  expect(meanLines("islands", trainings.slice(1))).toEqual([]);
});

it("changes every seed of the training and nothing else; number 0 is the method itself", () => {
  expect(reseeded(DEFAULT_METHOD, 0)).toEqual(DEFAULT_METHOD);
  const { lora, training, variation, ...rest } = reseeded(DEFAULT_METHOD, 2);
  expect([lora.seed, training.seed, variation.seed]).toEqual([2001, 2002, 2003]);
  expect({
    ...rest,
    lora: { ...lora, seed: 1 },
    training: { ...training, seed: 2 },
    variation: { ...variation, seed: 3 },
  }).toEqual(DEFAULT_METHOD);
});

it.each(["0", "-1", "1.5", "101", "", "1e2", "three"])("refuses %j trainings", (text) => {
  expect(() => numberOf("seeds", text, 1)).toThrow(expect.objectContaining({ code: "NUMBER_INVALID" }));
});
