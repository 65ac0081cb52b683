import { describe, expect, test } from "vitest";
import { EMPTY_DRAFT, readDraft } from "./draft.ts";

const milestones = EMPTY_DRAFT.milestones.map((one) => ({ ...one, criteria: "It works." }));
const draft = { ...EMPTY_DRAFT, title: " A model ", text: "What we build", milestones };

describe("an application as it is typed", () => {
  test("is the document that the command takes, without spaces around its words", () => {
    expect(readDraft(draft)).toEqual({
      ...{ title: "A model", tier: "exploration", focus: "vertical", usd: 25_000, text: "What we build" },
      milestones: [
        { percent: 20, days: 30, criteria: "It works." },
        { percent: 30, days: 90, criteria: "It works." },
        { percent: 50, days: 180, criteria: "It works." },
      ],
    });
  });

  test("says what is missing", () => {
    const [first, second, third] = milestones;
    expect(readDraft({ ...draft, title: " " })).toBe("Give it a title.");
    expect(readDraft({ ...draft, text: "" })).toBe("Say what you build.");
    const withThese = (...list: typeof milestones) => readDraft({ ...draft, milestones: list });
    expect(withThese({ ...first!, percent: "x" }, second!)).toBe("Milestone 1 needs its part in percent.");
    expect(withThese({ ...first!, percent: "26" }, second!)).toBe("The first milestone is 25 % at most.");
    expect(withThese(first!, { ...second!, days: "1.5" })).toBe(
      "Milestone 2 needs its days, a whole number.",
    );
    expect(withThese(first!, { ...second!, days: "30" })).toBe("Milestone 2 is due after the one before.");
    expect(withThese(first!, { ...second!, criteria: "" })).toBe("Say when milestone 2 is reached.");
    expect(withThese(first!, second!)).toMatch(/percents are 50 together, not 100/);
    expect(withThese({ ...first!, percent: "19,999" }, { ...second!, percent: "80,001" })).toMatch(
      /more than two decimals/,
    );
    expect(readDraft({ ...draft, milestones: [...milestones, { ...third!, days: "731" }] })).toMatch(
      /731|730/,
    );
  });
});
