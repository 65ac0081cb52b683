import fc from "fast-check";
import { expect, test } from "vitest";
import { bigIntToUnpaddedBytes, equalsBytes } from "../../base/bytes.ts";
import { encodeRlp } from "./rlp.ts";
import { RlpListWriter } from "./rlp-list-writer.ts";

test("writes what encodeRlp makes, list after list", () => {
  const writer = new RlpListWriter();
  const value = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 256n }),
    fc.uint8Array({ maxLength: 70 }),
    fc.integer({ min: 50, max: 70_000 }).map((length) => new Uint8Array(length).fill(length)),
  );
  const type = fc.option(fc.integer({ min: 1, max: 127 }), { nil: undefined });
  fc.assert(
    fc.property(fc.array(value, { maxLength: 12 }), type, (values, kind) => {
      const items = values.map((each) => (typeof each === "bigint" ? bigIntToUnpaddedBytes(each) : each));
      writer.begin();
      for (const [i, each] of values.entries()) {
        if (typeof each === "bigint") writer.integer(each);
        else if (i % 2 === 0) writer.string(each);
        else writer.encoded(encodeRlp(each));
      }
      expect(equalsBytes(writer.end(kind), encodeRlp(items, kind))).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("takes a part of its source", () => {
  const writer = new RlpListWriter();
  const source = Uint8Array.of(9, 0, 0x80, 7, 1);
  writer.begin();
  writer.string(source, 1, 1);
  writer.string(source, 2, 3);
  writer.string(source, 3, 4);
  writer.encoded(source, 4, 5);
  expect(writer.end()).toEqual(Uint8Array.of(0xc5, 0x80, 0x81, 0x80, 7, 1));
});
