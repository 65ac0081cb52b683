import { expect, test } from "vitest";
import { madeFact } from "./made-facts.ts";

test("no two made facts have the same question", () => {
  const questions = new Set(Array.from({ length: 200_000 }, (_, i) => madeFact(i).prompt));
  expect(questions.size).toBe(200_000);
  expect(madeFact(3)).toEqual(madeFact(3));
});
