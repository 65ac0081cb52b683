import { constants, deflateSync, inflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes } from "../../base/bytes.ts";
import { decompressZlib } from "./inflate.ts";

const LIMIT = 1_000_000;
const HEADER = Uint8Array.of(0x78, 0x9c);

/** Text with repetitions, so that every part of the format is used. */
function sample(length: number): Uint8Array {
  let state = 12_345;
  return Uint8Array.from({ length }, (_, i) => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    return state % 5 === 0 ? state % 256 : (i * 7) % 61;
  });
}

const { Z_FIXED, Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_RLE } = constants;
/** A stream that ends with a broken checksum goes through the reader that keeps what came before the error. */
function withoutChecksum(stream: Uint8Array): Uint8Array {
  return concatBytes(stream.subarray(0, -4), Uint8Array.of(1, 2, 3, 4));
}

describe("decompressZlib", () => {
  it.each([
    ["stored", { level: 0 }],
    ["fixed codes", { strategy: Z_FIXED }],
    ["dynamic codes", { strategy: Z_DEFAULT_STRATEGY, level: 9 }],
    ["literals only", { strategy: Z_HUFFMAN_ONLY }],
    ["runs", { strategy: Z_RLE }],
  ])("gives all of a stream with a wrong checksum: %s", (_, options) => {
    const content = sample(200_000);
    const output = decompressZlib(withoutChecksum(new Uint8Array(deflateSync(content, options))), LIMIT);
    expect(Buffer.compare(output!, content)).toBe(0);
  });

  it("reads whatever zlib writes as zlib itself does, at any length of the stream", () => {
    const contents = fc.uint8Array({ maxLength: 600, max: 40 });
    const level = fc.integer({ min: 0, max: 9 });
    fc.assert(
      fc.property(contents, level, fc.double({ min: 0, max: 1, noNaN: true }), (content, at, part) => {
        const stream = new Uint8Array(deflateSync(content, { level: at }));
        const cut = stream.subarray(0, 2 + Math.floor((stream.length - 6) * part));
        const expected = inflateSync(cut, { finishFlush: constants.Z_SYNC_FLUSH });
        // A wrong block type after the cut sends it through the other reader.
        const own = decompressZlib(withoutChecksum(stream), LIMIT);
        expect(Buffer.compare(own!, content)).toBe(0);
        expect(Buffer.compare(decompressZlib(cut, LIMIT)!, expected)).toBe(0);
      }),
    );
  });

  it("keeps every byte before the error, also those whose code ends in the byte of the error", () => {
    // Fixed codes: "a" (8 bits), then length symbol 286, which does not exist, from the middle of a byte on.
    const packed = packBits(["1", "10", codeOf(0x61), fixedLength(286)]);
    expect(decompressZlib(concatBytes(HEADER, packed), LIMIT)).toEqual(Uint8Array.of(0x61));
    const stored = Uint8Array.of(0, 3, 0, 0xfc, 0xff, 7, 8, 9, 0b110);
    expect(decompressZlib(concatBytes(HEADER, stored), LIMIT)).toEqual(Uint8Array.of(7, 8, 9));
  });

  it("refuses a distance before the first byte, a block of the third kind and a code with gaps", () => {
    const empty = new Uint8Array(0);
    const before = packBits(["1", "10", fixedLength(257), "00001"]);
    expect(decompressZlib(concatBytes(HEADER, before), LIMIT)).toEqual(empty);
    expect(decompressZlib(concatBytes(HEADER, Uint8Array.of(7)), LIMIT)).toEqual(empty);
    expect(decompressZlib(concatBytes(HEADER, Uint8Array.of(5, 0xff, 0xff)), LIMIT)).toEqual(empty);
  });

  it("knows no dictionary but the empty one, as Go", () => {
    const content = Uint8Array.of(1, 2, 3);
    const raw = new Uint8Array(deflateSync(content)).subarray(2);
    expect(decompressZlib(concatBytes(Uint8Array.of(0x78, 0xbb, 0, 0, 0, 1), raw), LIMIT)).toEqual(content);
    expect(decompressZlib(concatBytes(Uint8Array.of(0x78, 0xbb, 0, 0, 0, 2), raw), LIMIT)).toBeUndefined();
  });

  it("stops at the limit", () => {
    const bomb = new Uint8Array(deflateSync(new Uint8Array(30_000_000)));
    expect(decompressZlib(bomb, 100_001)?.length).toBe(100_001);
  });
});

/** A literal's fixed code, 8 bits from 0x30 on, most significant bit first. */
function codeOf(literal: number): string {
  return (literal + 0x30).toString(2).padStart(8, "0");
}

/** The fixed code of a length symbol: 7 bits up to 279, else 8. */
function fixedLength(symbol: number): string {
  return symbol < 280
    ? (symbol - 256).toString(2).padStart(7, "0")
    : (symbol - 280 + 0xc0).toString(2).padStart(8, "0");
}

/** Bits in the order of the stream, into bytes from their low ends. */
function packBits(parts: readonly string[]): Uint8Array {
  const bits = parts.join("");
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  [...bits].forEach((bit, i) => {
    if (bit === "1") bytes[i >> 3]! |= 1 << (i & 7);
  });
  return bytes;
}
