import { expect, test } from "vitest";
import { canonicalBytes, canonicalJson, parseCanonical } from "./canonical-json.ts";

test("sorts keys, keeps order of lists, writes no white space", () => {
  expect(canonicalJson({ b: [3, 1, { z: null, a: true }], a: "ö\n", "1": 1e21 })).toBe(
    '{"1":1e+21,"a":"ö\\n","b":[3,1,{"a":true,"z":null}]}',
  );
});

test("refuses what JSON cannot hold", () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, -0, "\ud800"]) {
    expect(() => canonicalJson(bad)).toThrow(expect.objectContaining({ code: "JSON_NOT_CANONICAL" }));
  }
});

test("reads its own bytes back and refuses any other spelling", () => {
  const value = { a: [1, "x"], b: {} };
  expect(parseCanonical(canonicalBytes(value), "it")).toEqual(value);
  for (const text of ['{"b":{},"a":[1,"x"]}', '{"a": 1}', '{"a":1.0}', '{"a":1,"a":1}', "\ufeff{}", "{"]) {
    expect(() => parseCanonical(new TextEncoder().encode(text), "it")).toThrow(
      expect.objectContaining({ code: "JSON_NOT_CANONICAL" }),
    );
  }
});
