import { RLP } from "@ethereumjs/rlp";
import { describe, expect, it } from "vitest";
import { concatBytes } from "../../base/bytes.ts";
import { encodeSingularBatch, parseSingularBatch, type SingularBatch } from "./singular-batch.ts";

const batch: SingularBatch = {
  parentHash: `0x${"11".repeat(32)}`,
  epochNumber: 0n,
  epochHash: `0x${"22".repeat(32)}`,
  timestamp: 1_700_000_000n,
  transactions: [Uint8Array.of(2, 1, 2, 3), Uint8Array.of()],
};
const hash = (byte: number) => new Uint8Array(32).fill(byte);
const encode = (...fields: Parameters<typeof RLP.encode>[0][]) =>
  concatBytes(Uint8Array.of(0), RLP.encode(fields as Parameters<typeof RLP.encode>[0]));

describe("singular batch", () => {
  it("gives back what was written; bytes after it do not count", () => {
    expect(parseSingularBatch(encodeSingularBatch(batch))).toEqual(batch);
    expect(parseSingularBatch(concatBytes(encodeSingularBatch(batch), Uint8Array.of(9)))).toEqual(batch);
    const bytes = encode(hash(0x11), 0, hash(0x22), 1_700_000_000, [
      Uint8Array.of(2, 1, 2, 3),
      new Uint8Array(),
    ]);
    expect(encodeSingularBatch(batch)).toEqual(bytes);
  });

  it.each<[string, Uint8Array]>([
    ["nothing after the type", Uint8Array.of(0)],
    ["another type", Uint8Array.of(2, 0xc0)],
    ["no list", Uint8Array.of(0, 0x81, 0x80)],
    ["a list that is cut off", encodeSingularBatch(batch).subarray(0, -1)],
    ["a short hash", encode(hash(1).subarray(1), 1, hash(2), 2, [])],
    ["a number with a leading zero", encode(hash(1), Uint8Array.of(0, 1), hash(2), 2, [])],
    ["a number of 72 bits", encode(hash(1), 1, hash(2), new Uint8Array(9).fill(1), [])],
    ["a field too few", encode(hash(1), 1, hash(2), 2)],
    ["a field too many", encode(hash(1), 1, hash(2), 2, [], 1)],
    ["bytes for a list", encode(hash(1), 1, hash(2), 2, 7)],
    ["a list among the transactions", encode(hash(1), 1, hash(2), 2, [[]])],
  ])("with %s is refused", (_, bytes) => {
    expect(() => parseSingularBatch(bytes)).toThrowError(expect.objectContaining({ code: "BATCH_INVALID" }));
  });
});
