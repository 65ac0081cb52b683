import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeQuery, decodeRecord, encodeQuery, encodeRecord } from "./record.ts";
import { scoreOf, splitByWeights, topRows, weightsOf } from "./score.ts";

const code = (name: string) => expect.objectContaining({ code: name });
const record = {
  rowId: 258,
  exampleHash: `0x${"ab".repeat(32)}`,
  contributor: `0x${"cd".repeat(20)}`,
  exponent: -3,
  values: Int8Array.of(1, -2, 127, -127),
} as const;

describe("records", () => {
  test("have the wire's bytes and come back", () => {
    const bytes = encodeRecord(record);
    const hex = `00000102${"ab".repeat(32)}${"cd".repeat(20)}fd01fe7f81`;
    expect(Buffer.from(bytes).toString("hex")).toBe(hex);
    expect(decodeRecord(bytes, 4)).toEqual(record);
    expect(() => decodeRecord(bytes, 3)).toThrow(code("RECORD_INVALID"));
    bytes[60] = 0x80;
    expect(() => decodeRecord(bytes, 4)).toThrow(code("RECORD_INVALID"));
    expect(() => encodeRecord({ ...record, values: Int8Array.of(-128) })).toThrow(code("RECORD_INVALID"));
    expect(() => encodeRecord({ ...record, exponent: 128 })).toThrow(code("SKETCH_EXPONENT"));
  });

  test("queries have the wire's bytes and come back", () => {
    const query = { exponent: 5, values: Int16Array.of(1, -2, 32767) };
    const bytes = encodeQuery(query);
    expect(Buffer.from(bytes).toString("hex")).toBe("050001fffe7fff");
    expect(decodeQuery(bytes, 3)).toEqual(query);
    expect(() => decodeQuery(bytes, 4)).toThrow(code("QUERY_INVALID"));
    expect(() => decodeQuery(Uint8Array.of(0, 0x80, 0), 1)).toThrow(code("QUERY_INVALID"));
    expect(() => encodeQuery({ exponent: 0, values: Int16Array.of(-32768) })).toThrow(code("QUERY_INVALID"));
  });
});

describe("scores", () => {
  test("are dot products shifted by the exponents", () => {
    const query = { exponent: 2, values: Int16Array.of(10, 20, -1, 3) };
    expect(scoreOf(query, record, -5)).toBe(BigInt(10 - 40 - 127 - 381) << 4n);
    expect(() => scoreOf(query, record, 0)).toThrow(code("SCORE_SHIFT"));
    expect(() => scoreOf(query, record, -26)).toThrow(code("SCORE_SHIFT"));
    expect(() => scoreOf({ ...query, values: Int16Array.of(1) }, record, 0)).toThrow(code("SCORE_DIMENSION"));
  });

  test("the largest sketches are exact", () => {
    const query = { exponent: 12, values: new Int16Array(4096).fill(32767) };
    const row = { exponent: 12, values: new Int8Array(4096).fill(127) };
    expect(scoreOf(query, row, 0)).toBe(BigInt(4096 * 127 * 32767) << 24n);
  });

  test("the best rows come first, ties by row id", () => {
    const rows = [5n, -1n, 7n, 5n].map((score, rowId) => ({ rowId, score }));
    expect(topRows(rows, 3).map((row) => row.rowId)).toEqual([2, 0, 3]);
    expect(topRows(rows, 16)).toHaveLength(4);
  });

  test("weights add up what lies above the floor; the order is that of the first earning row", () => {
    const rows = [9n, 8n, 5n, 2n, -3n].map((score, rowId) => ({ rowId, score }));
    const of = (rowId: number) => (["0xb", "0xa", "0xb", "0xc", "0xd"] as const)[rowId]!;
    expect(weightsOf(rows, of, 2n)).toEqual([
      { contributor: "0xb", weight: 10n },
      { contributor: "0xa", weight: 6n },
    ]);
  });
});

test("a split gives every unit away, and nobody gets one more than a unit above the exact part", () => {
  expect(splitByWeights(10n, [1n, 1n, 1n])).toEqual([4n, 3n, 3n]);
  expect(splitByWeights(1n, [0n, 1n])).toEqual([0n, 1n]);
  expect(() => splitByWeights(1n, [0n])).toThrow(code("SPLIT_NO_WEIGHT"));
  fc.assert(
    fc.property(
      fc.bigInt(0n, 1n << 90n),
      fc.array(fc.bigInt(0n, 1n << 67n), { minLength: 1 }),
      (amount, list) => {
        const weights = [...list, 1n];
        const total = weights.reduce((a, b) => a + b);
        const parts = splitByWeights(amount, weights);
        expect(parts.reduce((a, b) => a + b)).toBe(amount);
        for (const [i, part] of parts.entries()) {
          const floor = (amount * weights[i]!) / total;
          expect(part === floor || part === floor + 1n).toBe(true);
        }
      },
    ),
  );
});
