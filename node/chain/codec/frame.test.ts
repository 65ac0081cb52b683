import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Hex } from "../types/primitives.ts";
import { decodeBatcherData, encodeBatcherData, type Frame } from "./frame.ts";

const frame: fc.Arbitrary<Frame> = fc.record({
  channelId: fc
    .uint8Array({ minLength: 16, maxLength: 16 })
    .map((id): Hex => `0x${Buffer.from(id).toString("hex")}`),
  number: fc.nat(0xffff),
  data: fc.uint8Array({ maxLength: 300 }),
  isLast: fc.boolean(),
});

const one: Frame = {
  channelId: `0x${"ab".repeat(16)}`,
  number: 1,
  data: Uint8Array.of(1, 2, 3),
  isLast: true,
};

describe("batcher data", () => {
  it("comes back as it was", () => {
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 5 }), (frames) => {
        expect(decodeBatcherData(encodeBatcherData(frames))).toEqual(frames);
      }),
    );
  });

  it("has the layout of the specification", () => {
    const bytes = Buffer.from(encodeBatcherData([one])).toString("hex");
    expect(bytes).toBe(`00${"ab".repeat(16)}00010000000301020301`);
  });

  it("refuses every truncation, whole", () => {
    const bytes = encodeBatcherData([one, { ...one, number: 2 }]);
    for (let length = 0; length < bytes.length; length++) {
      const isOneFrame = length === 1 + 26;
      const decode = () => decodeBatcherData(bytes.subarray(0, length));
      if (isOneFrame) expect(decode()).toHaveLength(1);
      else expect(decode).toThrowError(expect.objectContaining({ code: "FRAMES_INVALID" }));
    }
  });

  it("refuses other versions, flags and overlong frames", () => {
    const bytes = encodeBatcherData([one]);
    const withByte = (index: number, value: number) => bytes.map((byte, i) => (i === index ? value : byte));
    expect(() => decodeBatcherData(withByte(0, 1))).toThrowError(/version/);
    expect(() => decodeBatcherData(withByte(bytes.length - 1, 2))).toThrowError(/flag/);
    expect(() => decodeBatcherData(withByte(19, 0xff))).toThrowError(/too long/);
    expect(() => encodeBatcherData([{ ...one, number: 65_536 }])).toThrowError(/16 bits/);
    expect(() => encodeBatcherData([{ ...one, channelId: "0x01" }])).toThrowError(/16 bytes/);
  });

  it("never throws anything but its own error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (data) => {
        try {
          decodeBatcherData(data);
        } catch (error) {
          expect(error).toMatchObject({ code: "FRAMES_INVALID" });
        }
      }),
    );
  });
});
