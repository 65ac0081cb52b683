import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes } from "../../base/bytes.ts";
import { BLOB_BYTES, decodeBlob, encodeBlob, MAX_BLOB_DATA_BYTES } from "./blob.ts";

const invalid = expect.objectContaining({ code: "BLOB_INVALID" });
const changed = (blob: Uint8Array, at: number, value: number) => {
  const copy = blob.slice();
  copy[at] = value;
  return copy;
};

describe("blob", () => {
  it("gives back its data, at every length at which another element or round begins", () => {
    const content = Uint8Array.from({ length: MAX_BLOB_DATA_BYTES }, (_, i) => (i * 31 + 7) & 0xff);
    for (const length of [0, 1, 27, 28, 59, 60, 91, 122, 123, 124, 250, 251, 130_043, MAX_BLOB_DATA_BYTES]) {
      const blob = encodeBlob(content.subarray(0, length));
      expect(blob.length).toBe(BLOB_BYTES);
      expect(Buffer.compare(decodeBlob(blob), content.subarray(0, length))).toBe(0);
      for (let at = 0; at < BLOB_BYTES; at += 32) if (blob[at]! > 0x3f) expect.fail(`element at ${at}`);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), (data) => {
        expect(decodeBlob(encodeBlob(data))).toEqual(data);
      }),
      { numRuns: 30 },
    );
    expect(() => encodeBlob(new Uint8Array(MAX_BLOB_DATA_BYTES + 1))).toThrowError(invalid);
  });

  it("has the layout of op-service: version, length, then data with three bytes in the spare bits", () => {
    const blob = encodeBlob(
      Uint8Array.from({ length: 123 }, (_, i) => (i === 27 ? 0xff : i === 59 ? 0xff : i === 91 ? 0xff : 1)),
    );
    expect([...blob.subarray(0, 7)]).toEqual([0x3f, 0, 0, 0, 123, 1, 1]);
    expect([blob[32], blob[64], blob[96]]).toEqual([0x3f, 0x3f, 0x3f]);
  });

  it.each([
    ["another version", 1, 1],
    ["a length beyond the blob", 2, 2],
    ["a byte after the data in the same round", 5 + 9, 1],
    ["a spare bit after the data", 64, 1],
    ["an element after the data's round", 128 + 3, 1],
    ["a top bit", 32, 0x80],
  ])("with %s is refused", (_, at, value) => {
    const blob = encodeBlob(Uint8Array.of(1, 2, 3));
    expect(decodeBlob(blob)).toEqual(Uint8Array.of(1, 2, 3));
    expect(() => decodeBlob(changed(blob, at, value))).toThrowError(invalid);
  });

  it("uses the top bits of no element but the first", () => {
    const blob = encodeBlob(new Uint8Array(200).fill(1));
    for (const at of [32, 64, 96, 128, 160]) {
      for (const bit of [0x40, 0x80])
        expect(() => decodeBlob(changed(blob, at, blob[at]! | bit))).toThrowError(invalid);
    }
  });

  it("of another length is refused", () => {
    const blob = encodeBlob(Uint8Array.of(1, 2, 3));
    expect(blob.length).toBe(131_072);
    expect(() => decodeBlob(blob.subarray(0, 131_071))).toThrowError(invalid);
    expect(() => decodeBlob(concatBytes(blob, Uint8Array.of(0)))).toThrowError(invalid);
  });

  it("does not look at the top bits of its first element, as op-node", () => {
    const blob = encodeBlob(Uint8Array.of(1, 2, 3));
    expect(decodeBlob(changed(blob, 0, 0x40))).toEqual(Uint8Array.of(1, 2, 3));
  });
});
