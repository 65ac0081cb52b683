import { describe, expect, it } from "vitest";
import { bm25, bm25Owner, wordsOf } from "./bm25.ts";

describe("bm25", () => {
  it("keeps numbers whole", () => {
    expect(wordsOf("At 04:45, 1,340 degrees; 2.75 percent.")).toEqual([
      "at",
      "04:45",
      "1,340",
      "degrees",
      "2.75",
      "percent",
    ]);
  });

  it("gives the value of the formula, worked out by hand", () => {
    // "kiln" stands once in one of two documents of 2 and 4 words: idf ln 2, norm 1.2 (0.25 + 0.75 * 2 / 3) = 0.9.
    const [first, second] = bm25(["kiln heat", "one two three four"], "kiln?");
    expect(first).toBeCloseTo((Math.log(1 + 1.5 / 1.5) * 2.2) / 1.9, 12);
    expect(second).toBe(0);
  });

  it("names no owner when two tie", () => {
    const documents = [
      { text: "red clay", owner: "a" },
      { text: "red wool", owner: "b" },
    ];
    expect(bm25Owner(documents, "red")).toBeUndefined();
    expect(bm25Owner(documents, "red wool")).toBe("b");
  });
});
