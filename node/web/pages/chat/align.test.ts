import { expect, test } from "vitest";
import { alignUnits } from "./align.ts";

const whole = (source: string, shown: string, isCode = false) => {
  const places = alignUnits(source, 0, source.length, shown, isCode);
  return places && [...places];
};

test("words that are shown as they are written stand where they are written", () => {
  expect(whole("the ferry", "the ferry")).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  // UTF-16 units: the ship has two.
  expect(whole("🚢 渡輪", "🚢 渡輪")).toEqual([0, 1, 2, 3, 4]);
});

test.each([
  ["an escape", String.raw`a\*b`, "a*b", [0, 2, 3]],
  ["a backslash that is shown", String.raw`a\\*`, String.raw`a\*`, [0, 1, 3]],
  ["a reference", "a&amp;b", "a&b", [0, 1, 6]],
  ["a reference by number", "&#x1F6A2;!", "🚢!", [0, 0, 9]],
  ["a reference by another name", "&copy;x", "©x", [0, 6]],
  ["an escape before a reference", String.raw`\&amp;`, "&amp;", [1, 2, 3, 4, 5]],
  ["what only looks like a reference", "&nothing here", "&nothing here", undefined],
  ["lines of a quotation", "one\n> two", "one\ntwo", [0, 1, 2, 3, 6, 7, 8]],
  ["indented lines", "one\n   two", "one\ntwo", [0, 1, 2, 3, 7, 8, 9]],
])("%s moves what stands behind it", (_, source, shown, places) => {
  expect(whole(source, shown)).toEqual(places ?? [...shown].map((_unit, i) => i));
});

test("in code nothing is an escape or a reference", () => {
  expect(whole(String.raw`a\*&amp;`, String.raw`a\*&amp;`, true)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(whole("a\nb", "a b", true)).toEqual([0, 1, 2]);
});

test("where it can't be told nothing is said", () => {
  expect(whole("other words", "the ferry")).toBeUndefined();
  expect(whole("the", "the ferry")).toBeUndefined();
});
