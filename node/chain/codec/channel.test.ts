import { randomBytes } from "node:crypto";
import { brotliCompressSync, deflateSync } from "node:zlib";
import { RLP } from "@ethereumjs/rlp";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BROKEN_META_BLOCK, storedBrotli } from "../../../test/support/stored-brotli.ts";
import { concatBytes } from "../../base/bytes.ts";
import { ChannelReader, decompressBrotli, encodeChannel } from "./channel.ts";

const LIMIT = 100_000_000;

function readAll(channel: Uint8Array, limit = LIMIT): Uint8Array[] {
  const reader = new ChannelReader(channel, { maxBytes: limit, brotli: true });
  const batches: Uint8Array[] = [];
  for (let batch = reader.next(); batch; batch = reader.next()) batches.push(batch);
  return batches;
}

function brotli(content: Uint8Array): Uint8Array {
  return new Uint8Array(brotliCompressSync(content));
}

describe("channel", () => {
  it("gives back its batches, the same bytes for the same ones", async () => {
    const lists = fc.array(fc.uint8Array({ minLength: 1, maxLength: 400 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(lists, async (batches) => {
        const channel = await encodeChannel(batches);
        expect(readAll(channel).map((batch) => [...batch])).toEqual(batches.map((b) => [...b]));
        expect(await encodeChannel(batches)).toEqual(channel);
      }),
    );
  });

  it("is dropped when empty or of an unknown version", () => {
    for (const channel of [[], [0], [2], [0x78], [0x78, 0x9d], [0x78, 0xbb, 0, 0, 0, 2], [0xff]]) {
      expect(() => readAll(Uint8Array.from(channel))).toThrowError(
        expect.objectContaining({ code: "CHANNEL_INVALID" }),
      );
    }
  });

  it("keeps the batches before bad RLP, a list, or a cut-off batch", () => {
    const good = RLP.encode(Uint8Array.of(1, 2, 3));
    const tails = [[0xc1, 0x01], [0x81, 0x05], [0xb8, 0x01, 0x07], [0xb9, 0x00, 0x40], [0x84, 0x01], [0xbf]];
    for (const tail of tails) {
      const channel = concatBytes(Uint8Array.of(1), brotli(concatBytes(good, Uint8Array.from(tail), good)));
      const batches = readAll(channel);
      expect(batches[0]).toEqual(Uint8Array.of(1, 2, 3));
      if (tail[0] !== 0x84) expect(batches).toHaveLength(1);
    }
  });

  it("counts only the first bytes up to the limit", async () => {
    const channel = await encodeChannel([new Uint8Array(100).fill(1), new Uint8Array(100).fill(2)]);
    expect(readAll(channel, 203)).toHaveLength(1);
    expect(readAll(channel, 204)).toHaveLength(2);
  });
});

describe("a channel of zlib", () => {
  const content = concatBytes(...[1, 2, 3].map((byte) => RLP.encode(new Uint8Array(60).fill(byte))));
  const stream = new Uint8Array(deflateSync(content));

  it("gives its batches, also with bytes after its end, without its end, and with a wrong checksum", () => {
    const end = stream.length - 4;
    const wrong = concatBytes(stream.subarray(0, end), new Uint8Array(4));
    for (const channel of [stream, concatBytes(stream, new Uint8Array(9)), stream.subarray(0, end), wrong]) {
      expect(readAll(channel).map((batch) => batch[0])).toEqual([1, 2, 3]);
    }
  });

  it("is refused with brotli's version where there is only zlib", () => {
    const read = () =>
      new ChannelReader(concatBytes(Uint8Array.of(1), brotli(content)), { maxBytes: LIMIT, brotli: false });
    expect(read).toThrowError(expect.objectContaining({ code: "CHANNEL_INVALID" }));
    expect(new ChannelReader(stream, { maxBytes: LIMIT, brotli: false }).next()?.[0]).toBe(1);
  });

  it("counts only the first bytes up to the limit, however much it holds", () => {
    expect(readAll(stream, 185)).toHaveLength(2);
    expect(readAll(stream, 186)).toHaveLength(3);
    const bomb = deflateSync(concatBytes(content, new Uint8Array(20_000_000)));
    expect(readAll(new Uint8Array(bomb), 186)).toHaveLength(3);
  });
});

describe("decompressBrotli", () => {
  const content = new Uint8Array(randomBytes(200_000).map((byte) => byte & 0x3f));
  const stream = brotli(content);

  it("ignores bytes after the stream's end", () => {
    const output = decompressBrotli(concatBytes(stream, new Uint8Array(50_000).fill(7)), 1e8);
    expect(Buffer.compare(output, content)).toBe(0);
  });

  it("gives the output of a cut-off stream", () => {
    const output = decompressBrotli(stream.subarray(0, stream.length >> 1), 1e8);
    expect(output.length).toBeGreaterThan(50_000);
    expect(Buffer.compare(output, content.subarray(0, output.length))).toBe(0);
  });

  it.each([
    [100, 0],
    [4_091, 0],
    [4_092, 4_092],
    [36_859, 4_092],
    [36_860, 36_860],
    [65_536, 36_860],
    [100_000, 36_860 + 32_768 - 3],
  ])("of %i stored bytes before an error, %i count", (length, counted) => {
    const broken = concatBytes(
      storedBrotli(content.subarray(0, length)),
      BROKEN_META_BLOCK,
      new Uint8Array(40_000),
    );
    const output = decompressBrotli(broken, 1e8);
    expect(output.length).toBe(counted);
    expect(Buffer.compare(output, content.subarray(0, counted))).toBe(0);
  });

  it("stops at the limit, also when few bytes hold far more", () => {
    const bomb = brotli(concatBytes(Uint8Array.of(1, 2, 3), new Uint8Array(20_000_000)));
    const output = decompressBrotli(bomb, 1_000_000);
    expect(output.length).toBe(1_000_000);
    expect(output.subarray(0, 4)).toEqual(Uint8Array.of(1, 2, 3, 0));
  });
});
