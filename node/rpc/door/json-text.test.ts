import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { requestsIn, shapeOf } from "./json-text.ts";

const depthOf = (value: unknown): number =>
  typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

/** JSON with spaces wherever they may stand, and with escapes. */
const spaced = (value: unknown, space: string): string => {
  if (Array.isArray(value))
    return `[${space}${value.map((item) => spaced(item, space)).join(`${space},${space}`)}${space}]`;
  if (typeof value === "string") return JSON.stringify(value).replaceAll("z", "\\u007a");
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}${space}:${space}${spaced(member, space)}`,
  );
  return `{${space}${members.join(`${space},${space}`)}${space}}`;
};
const space = fc.constantFrom("", " ", "\n\t", "\r\n ");

describe("a text's shape", () => {
  it("is its depth and its outermost items, whatever its strings hold", () => {
    fc.assert(
      fc.property(fc.jsonValue(), space, (value, gap) => {
        const bytes = Buffer.from(spaced(value, gap));
        const depth = depthOf(value);
        expect(shapeOf(bytes, depth).isTooDeep).toBe(false);
        if (depth > 0) expect(shapeOf(bytes, depth - 1).isTooDeep).toBe(true);
        const items = Array.isArray(value) ? Math.max(1, value.length) : 0;
        expect(shapeOf(bytes, depth).items).toBe(items);
      }),
    );
  });

  it("costs one look at each byte of whatever bytes come", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(shapeOf(bytes, 3).items).toBeLessThanOrEqual(bytes.length + 1);
      }),
    );
  });
});

describe("requests in a text", () => {
  const member = fc.oneof(fc.jsonValue(), fc.constantFrom('"', "\\", '{"id":7}', "[]"));
  const request = fc.record(
    { jsonrpc: fc.constant("2.0"), id: member, method: fc.string(), params: fc.array(member), other: member },
    { requiredKeys: [] },
  );

  it("are cut out as they stand", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(request, fc.jsonValue()), { maxLength: 5 }), space, (batch, gap) => {
        const text = `${gap}${spaced(batch, gap)}${gap}`;
        const { isBatch, requests } = requestsIn(text);
        expect(isBatch).toBe(true);
        expect(requests).toHaveLength(batch.length);
        for (const [index, item] of batch.entries()) {
          const isObject = typeof item === "object" && item !== null && !Array.isArray(item);
          expect(requests[index] === undefined).toBe(!isObject);
          for (const name of ["id", "method", "params", "jsonrpc"] as const) {
            const found = requests[index]?.[name];
            const wanted =
              isObject && Object.hasOwn(item, name) ? (item as Record<string, unknown>)[name] : undefined;
            if (wanted === undefined) expect(found).toBeUndefined();
            else expect(found).toBe(spaced(wanted, gap));
          }
        }
      }),
    );
  });
});
