import { describe, expect, it } from "vitest";
import { bpsOf, EXAMPLE, parseApplication } from "./documents.ts";

const refused = (value: unknown, why: RegExp) =>
  expect(() => parseApplication(typeof value === "string" ? value : JSON.stringify(value))).toThrow(
    expect.objectContaining({ code: "APPLICATION_INVALID", message: expect.stringMatching(why) }),
  );

describe("an application's document", () => {
  it("is read as the example has it", () => {
    expect(parseApplication(JSON.stringify(EXAMPLE))).toEqual(EXAMPLE);
  });

  it("is refused with what is wrong", () => {
    refused("{", /not JSON/);
    refused({ ...EXAMPLE, focus: "weather" }, /focus/);
    refused({ ...EXAMPLE, usd: 0.5 }, /usd/);
    refused({ ...EXAMPLE, reward: 1 }, /reward/);
    refused({ ...EXAMPLE, milestones: EXAMPLE.milestones.slice(0, 1) }, /milestones/);
    refused({ ...EXAMPLE, milestones: EXAMPLE.milestones.slice(0, 2) }, /50 together/);
    refused({ ...EXAMPLE, text: "x".repeat(1 << 20) }, /characters/);
    const [first, second, third] = EXAMPLE.milestones;
    const uneven = [{ ...first, percent: 19.999 }, { ...second, percent: 30.001 }, third];
    refused({ ...EXAMPLE, milestones: uneven }, /two decimals/);
  });

  it("divides in ten thousandths, exactly", () => {
    expect([33.33, 0.07, 57.01, 100].map(bpsOf)).toEqual([3333, 7, 5701, 10_000]);
  });
});
