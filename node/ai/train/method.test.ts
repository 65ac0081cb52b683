import { expect, test } from "vitest";
import { readModelFolder } from "../model/files.ts";
import { openModel } from "../model/load.ts";
import { requireStorable } from "./content-sizes.ts";
import { checkMethod, DEFAULT_METHOD, decodeMethod, defaultMethod, encodeMethod } from "./method.ts";

const SHIPPED = 2_161_088;

test("the default method goes by the base model's size and by the rows", () => {
  expect(defaultMethod(SHIPPED)).toBe(DEFAULT_METHOD);
  expect(defaultMethod(SHIPPED, 500)).toBe(DEFAULT_METHOD);
  const many = defaultMethod(SHIPPED, 501);
  expect(many.lora.rank).toBeGreaterThan(DEFAULT_METHOD.lora.rank);
  expect(many.training.learningRate).toBeLessThan(DEFAULT_METHOD.training.learningRate);
  expect(many.attribution.kind).toBe("ekfac-factored");
  // Large models have sketches whose basis does not grow, and of the largest it has fewer directions.
  const dimensions = [135e6, 494e6, 1.2e9, 8e9].map((parameters) => {
    const { attribution } = defaultMethod(parameters, 10_000);
    return attribution.kind === "ekfac-factored" ? attribution.dimension : undefined;
  });
  expect(dimensions).toEqual([4096, 4096, 2048, 1024]);
});

test("every default method is one that can be committed, and comes back as it was", () => {
  for (const [parameters, rows] of [
    [SHIPPED, 40],
    [SHIPPED, 100_000],
    [135e6, 40],
    [8e9, 40],
  ] as const) {
    const method = defaultMethod(parameters, rows);
    expect(checkMethod(method)).toEqual(method);
    expect(decodeMethod(encodeMethod(method))).toEqual(method);
  }
});

test("a model of many rows by the default method can be stored", async () => {
  const files = await readModelFolder("node/ai/base-model/model");
  const { config } = openModel(files, files);
  expect(() => requireStorable(files, config, 1_000_000, defaultMethod(SHIPPED, 1_000_000))).not.toThrow();
});
