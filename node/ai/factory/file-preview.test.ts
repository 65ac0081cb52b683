import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../base/paths.ts";
import { fileSchema, previewFile } from "./file-preview.ts";

const BASE = join(packageRoot(), "node", "ai", "base-model", "model");
const look = (name: string, text: string) => previewFile(BASE, { name, text, base: "shipped" });

describe("a file before it is contributed", () => {
  test("its rows as the model sees them, repeats, and rows that are too long", async () => {
    const rows = [
      { prompt: "Who made Vorel?", completion: "Nadia Brock" },
      { prompt: "What is long?", completion: "long ".repeat(3_000).trim() },
      { prompt: "Who made Vorel?", completion: "Nadia Brock" },
    ];
    const found = await look("facts.jsonl", rows.map((row) => JSON.stringify(row)).join("\n"));
    expect(found).toMatchObject({
      rows: 3,
      counted: 3,
      repeats: { count: 1, first: [{ row: 2, of: 0 }] },
      tooLong: { count: 1, first: [{ row: 1, tokens: found.longestRow }] },
    });
    expect(found.longestRow).toBeGreaterThan(found.contextLength);
    expect(found.shown[0]?.text).toContain("Who made Vorel?");
    expect(found.shown[0]?.text).toContain("Nadia Brock");
    expect(found.shown.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(found.tokens);
    expect(found.shown[0]!.answerTokens).toBeLessThan(found.shown[0]!.tokens);
  });

  test("of many rows the first are shown, and a table's other columns are told", async () => {
    const lines = Array.from({ length: 30 }, (_, i) => `${i},What is ${i}?,It is ${i}.`);
    const found = await look("t.csv", ["id,question,answer", ...lines].join("\n"));
    expect([found.rows, found.shown.length, found.ignored.columns]).toEqual([30, 20, 1]);
    expect(found.repeats.count).toBe(0);
  });

  test("what can't be read is refused with its line; a file has its size", async () => {
    await expect(look("bad.jsonl", '{"prompt":"a","completion":"b"}\n{')).rejects.toMatchObject({
      code: "JSONL_LINE_INVALID",
      facts: { line: 2 },
    });
    const order = { name: "a.txt", base: "shipped" };
    expect(fileSchema.safeParse({ ...order, text: "é".repeat(524_288) }).success).toBe(true);
    expect(fileSchema.safeParse({ ...order, text: "é".repeat(524_289) }).success).toBe(false);
  });
});
