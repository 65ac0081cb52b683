import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bigIntToBytes,
  bigIntToUnpaddedBytes,
  bytesToBigInt,
  bytesToHex,
  compareBytes,
  concatBytes,
  equalsBytes,
  hexToBytes,
  joinBytes,
  setLengthLeft,
  unpadBytes,
  writeHex,
} from "./bytes.ts";

const bytes = fc.uint8Array({ maxLength: 200 });
const number = fc.bigInt({ min: 0n, max: (1n << 520n) - 1n });

describe("hex", () => {
  it("is what Buffer makes of it, of every length and case", () => {
    fc.assert(
      fc.property(bytes, (value) => {
        const hex = bytesToHex(value);
        expect(hex).toBe(`0x${Buffer.from(value).toString("hex")}`);
        expect(hexToBytes(hex)).toEqual(value);
        expect(hexToBytes(`0x${hex.slice(2).toUpperCase()}`)).toEqual(value);
      }),
    );
  });

  it("is written into other bytes, and refused like any other and where it does not fit", () => {
    fc.assert(
      fc.property(bytes, fc.nat(5), (value, at) => {
        const out = new Uint8Array(value.length + 5).fill(7);
        writeHex(bytesToHex(value), out, at);
        expect(out.subarray(at, at + value.length)).toEqual(value);
        expect(out.filter((byte, i) => byte !== 7 && (i < at || i >= at + value.length))).toHaveLength(0);
      }),
    );
    const out = new Uint8Array(4);
    for (const bad of ["", "0", "0x0", "0xg0", "0x0İ", "1234", "0x\u0130\u0130"])
      expect(() => writeHex(bad, out, 0)).toThrow();
    expect(() => writeHex("0x0102", out, 3)).toThrow(RangeError);
    expect(out).toEqual(new Uint8Array(4));
  });

  it.each([1, 32, 100, 1000])("is refused when one of %i digits' pairs is none", (length) => {
    const good = `0x${"0a".repeat(length)}`;
    expect(hexToBytes(good)).toHaveLength(length);
    for (const bad of ["g0", "0g", " 0", "0 ", "-1", "İ0", "0İ", "0", "é0", "0x"]) {
      expect(() => hexToBytes(good.slice(0, -2) + bad), bad).toThrow();
    }
    for (const prefix of ["", "0X", "x0", " 0x"]) expect(() => hexToBytes(prefix + good.slice(2))).toThrow();
  });

  it("of no bytes is 0x alone", () => {
    expect(hexToBytes("0x")).toEqual(new Uint8Array(0));
    expect(bytesToHex(new Uint8Array(0))).toBe("0x");
    expect(() => hexToBytes("0")).toThrow();
  });
});

describe("numbers", () => {
  it("come back from their bytes, padded and not", () => {
    fc.assert(
      fc.property(number, fc.nat(8), (value, padding) => {
        const short = bigIntToUnpaddedBytes(value);
        expect(short[0]).not.toBe(0);
        expect(bytesToBigInt(short)).toBe(value);
        const long = bigIntToBytes(value, short.length + padding);
        expect(long).toEqual(concatBytes(new Uint8Array(padding), short));
        expect(bytesToBigInt(long)).toBe(value);
        expect(unpadBytes(long)).toEqual(short);
        if (value > 0n) expect(() => bigIntToBytes(value, short.length - 1)).toThrow(RangeError);
      }),
    );
  });

  it("are unsigned", () => {
    expect(() => bigIntToBytes(-1n, 4)).toThrow(RangeError);
    expect(() => bigIntToUnpaddedBytes(-1n)).toThrow(RangeError);
    expect(bigIntToUnpaddedBytes(0n)).toEqual(new Uint8Array(0));
  });
});

describe("bytes", () => {
  it("are joined, compared and padded", () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(joinBytes([a, b])).toEqual(new Uint8Array(Buffer.concat([a, b])));
        expect(equalsBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
        expect(setLengthLeft(a, 200)).toEqual(concatBytes(new Uint8Array(200 - a.length), a));
      }),
    );
    expect(() => setLengthLeft(new Uint8Array(3), 2)).toThrow(RangeError);
    expect(joinBytes(new Array(300_000).fill(Uint8Array.of(7)))).toHaveLength(300_000);
  });
});
