import { describe, expect, test } from "vitest";
import { decodeQuery, decodeRecord, encodeQuery, encodeRecord } from "./record.ts";
import { type IndexCommitment, listOfRows, NO_SPANS, scoreOf, trueList } from "./score.ts";

const code = (name: string) => expect.objectContaining({ code: name });
const record = {
  rowId: 258,
  contributionId: 0x0102030405060708n,
  row: 772,
  first: 0xffffffff,
  exponent: -3,
  values: Int8Array.of(1, -2, 127, -127),
} as const;

describe("records", () => {
  test("have the wire's bytes and come back", () => {
    const bytes = encodeRecord(record);
    const hex = "00000102010203040506070800000304fffffffffd01fe7f81";
    expect(Buffer.from(bytes).toString("hex")).toBe(hex);
    expect(decodeRecord(bytes, 4)).toEqual(record);
    expect(() => decodeRecord(bytes, 3)).toThrow(code("RECORD_INVALID"));
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
    expect(scoreOf(query, record, 0)).toBeUndefined();
    expect(scoreOf(query, record, -26)).toBeUndefined();
    expect(() => scoreOf({ ...query, values: Int16Array.of(1) }, record, 0)).toThrow(code("SCORE_DIMENSION"));
  });

  test("the largest sketches are exact", () => {
    const query = { exponent: 12, values: new Int16Array(4096).fill(32767) };
    const row = { exponent: 12, values: new Int8Array(4096).fill(127) };
    expect(scoreOf(query, row, 0)).toBe(BigInt(4096 * 127 * 32767) << 24n);
  });

  test("a committed value of -128 is read, and gives no score: nobody is stopped by it", () => {
    const bytes = encodeRecord(record);
    bytes[22] = 0x80;
    const hostile = decodeRecord(bytes, 4);
    expect(hostile.values[1]).toBe(-128);
    expect(scoreOf({ exponent: 2, values: Int16Array.of(1, 0, 0, 0) }, hostile, -5)).toBeUndefined();
  });
});

describe("lists", () => {
  const commitment: IndexCommitment = {
    root: NO_SPANS,
    rows: 6,
    dimension: 4,
    e0: 0,
    floor: 1n,
    topK: 3,
    spans: NO_SPANS,
  };
  /** Rows 0 to 5; row 2 repeats row 0, row 4 is skipped. */
  const headOf = (rowId: number) => ({
    contributionId: [11n, 10n, 11n, 12n, 10n, 13n][rowId]!,
    first: [0, 1, 0, 3, 0xffffffff, 5][rowId]!,
  });
  const scored = (...scores: (bigint | undefined)[]) => scores.map((score, rowId) => ({ rowId, score }));

  test("hold the best rows that take part and have a score, ties by row id", () => {
    const list = trueList(commitment, scored(5n, 7n, 99n, 5n, 99n, undefined), headOf);
    expect(list.rowIds).toEqual([1, 0, 3]);
    expect(list.scores).toEqual([7n, 5n, 5n]);
    expect(list.gains).toEqual([16, 16, 16]);
  });

  test("are empty where no row has a score above 0: nobody earns, nobody is charged with it", () => {
    const list = trueList(commitment, scored(0n, -1n, 5n, undefined, 3n, -2n), headOf);
    expect(list).toEqual({
      rowIds: [],
      scores: [],
      gains: [],
      floor: 1n,
      contributionIds: [],
      weights: [],
    });
  });

  test("weigh contributions by what lies above an eighth of the best key, in the order of first earning rows", () => {
    const rows = [9n, 8n, 5n, 1n].map((score, i) => ({ rowId: [0, 1, 3, 5][i]!, score }));
    const of = (rowId: number) => (rowId === 3 ? 11n : headOf(rowId).contributionId);
    const list = listOfRows(commitment, rows, of);
    expect(list.floor).toBe((9n * 16n) >> 3n);
    expect(list.contributionIds).toEqual([11n, 10n]);
    expect(list.weights).toEqual([9n * 16n - 18n + 5n * 16n - 18n, 8n * 16n - 18n]);
  });
});
