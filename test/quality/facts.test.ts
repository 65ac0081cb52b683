import { expect, it } from "vitest";
import { factSetNames, holdsValue, readFactSet } from "./facts.ts";

it.each(factSetNames())(
  "%s: five contributors with eight facts each, the same as rows and as prose",
  (name) => {
    const { contributors, facts, sentences } = readFactSet(name);
    expect(contributors).toHaveLength(5);
    for (const contributor of contributors) {
      const own = facts.filter((fact) => fact.contributor === contributor.name);
      expect(own).toHaveLength(8);
      const told = sentences.filter((sentence) => sentence.contributor === contributor.name);
      expect(told).toHaveLength(8);
      for (const { answer } of own)
        expect(told.filter(({ text }) => holdsValue(text, answer))).toHaveLength(1);
    }
    expect(new Set(facts.flatMap(({ question, reworded }) => [question, reworded])).size).toBe(80);
  },
);

it("finds a value as whole words only", () => {
  expect(holdsValue("The mill has 7 wheels.", "7")).toBe(true);
  expect(holdsValue("The mill has 72 wheels.", "7")).toBe(false);
  expect(holdsValue("At night it is open.", "at night")).toBe(true);
});
