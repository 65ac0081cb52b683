import { RLP } from "@ethereumjs/rlp";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, hexToBytes } from "../../base/bytes.ts";
import { isCodedError } from "../../base/errors.ts";
import { decodeRlp, decodeRlpPrefix, encodeRlp, type RlpItem, rlpLength, wrapRlpList } from "./rlp.ts";

const { item } = fc.letrec<{ item: RlpItem }>((tie) => ({
  item: fc.oneof(
    { maxDepth: 5 },
    fc.uint8Array({ maxLength: 70 }),
    fc.uint8Array({ minLength: 1, maxLength: 1 }),
    fc.array(tie("item"), { maxLength: 6 }),
  ),
}));

function refusal(data: Uint8Array, limits = {}): string {
  try {
    decodeRlp(data, limits);
  } catch (error) {
    return isCodedError(error, "RLP_INVALID") ? error.message : String(error);
  }
  return "accepted";
}

describe("RLP", () => {
  it("is written as @ethereumjs/rlp writes it, and read back", () => {
    fc.assert(
      fc.property(item, (value) => {
        const encoded = encodeRlp(value);
        expect(encoded).toEqual(RLP.encode(value as Uint8Array));
        expect(rlpLength(value)).toBe(encoded.length);
        expect(decodeRlp(encoded)).toEqual(value);
        expect(decodeRlpPrefix(concatBytes(encoded, Uint8Array.of(1, 2)))).toEqual({
          item: value,
          length: encoded.length,
        });
        expect(encodeRlp(value, 7)).toEqual(concatBytes(Uint8Array.of(7), encoded));
      }),
    );
  });

  it("of long strings has lengths of two, three and four bytes", () => {
    for (const length of [55, 56, 255, 256, 65_535, 65_536, 16_777_216]) {
      const string = new Uint8Array(length).fill(1);
      for (const value of [string, [string]]) {
        const encoded = encodeRlp(value);
        expect(Buffer.compare(encoded, RLP.encode(value))).toBe(0);
        expect(rlpLength(value)).toBe(encoded.length);
      }
    }
  });

  it("reads nothing that it would not write", () => {
    fc.assert(
      fc.property(item, fc.nat(), fc.nat(255), fc.boolean(), (value, position, byte, cut) => {
        const encoded = encodeRlp(value);
        const at = position % encoded.length;
        if (!cut) encoded[at] = byte;
        const damaged = cut ? encoded.subarray(0, at) : encoded;
        try {
          expect(encodeRlp(decodeRlp(damaged))).toEqual(damaged);
        } catch (error) {
          expect(error).toMatchObject({ code: "RLP_INVALID" });
        }
      }),
      { numRuns: 3_000 },
    );
  });

  // Cases of go-ethereum's rlp/decode_test.go and rlp/raw_test.go.
  it.each([
    ["0x", "an item is missing"],
    ["0x8100", "a small byte"],
    ["0x817f", "a small byte"],
    ["0x8180", "accepted"],
    ["0xb800", "leading zero"],
    ["0xb837", "not in its shortest form"],
    ["0xb90000", "leading zero"],
    ["0xb90037", "leading zero"],
    ["0xb9", "cut off"],
    ["0xbfffffffffffffffff", "beyond its end"],
    ["0xc8c9010101010101010101", "beyond its end"],
    ["0xf800", "leading zero"],
    ["0xf837", "not in its shortest form"],
    ["0xf90000", "leading zero"],
    ["0xffffffffffffffffffff", "beyond its end"],
    ["0xc101c0", "bytes after the end"],
    ["0x00", "accepted"],
    ["0x80", "accepted"],
    ["0xc0", "accepted"],
    ["0xc3c0c0c0", "accepted"],
    ["0xc4018200", "beyond its end"],
  ])("%s: %s", (hex, expected) => {
    expect(refusal(hexToBytes(hex))).toContain(expected);
  });

  it("is read to the depth and the number of items that are asked for", () => {
    const nested = (depth: number): RlpItem => (depth === 0 ? Uint8Array.of(1) : [nested(depth - 1)]);
    expect(refusal(encodeRlp(nested(3)), { maxDepth: 3 })).toBe("accepted");
    expect(refusal(encodeRlp(nested(4)), { maxDepth: 3 })).toContain("too deep");
    expect(refusal(encodeRlp(nested(33)))).toContain("too deep");
    const many = encodeRlp(new Array(9).fill(Uint8Array.of(1)));
    expect(refusal(many, { maxItems: 10 })).toBe("accepted");
    expect(refusal(many, { maxItems: 9 })).toContain("too many");
  });

  it("shares memory with what it was read from", () => {
    const data = encodeRlp([Uint8Array.of(1, 2, 3)]);
    const [string] = decodeRlp(data) as [Uint8Array];
    data[2] = 9;
    expect(string).toEqual(Uint8Array.of(9, 2, 3));
  });

  it("is put around items that are encoded already", () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 5 }), (items) => {
        expect(wrapRlpList(items.map((each) => encodeRlp(each)))).toEqual(encodeRlp(items));
        expect(wrapRlpList([encodeRlp(items)], 2)).toEqual(encodeRlp([items], 2));
      }),
    );
  });
});
