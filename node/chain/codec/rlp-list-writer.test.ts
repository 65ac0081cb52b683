import fc from "fast-check";
import { expect, test } from "vitest";
import { bigIntToUnpaddedBytes, bytesToHex, equalsBytes } from "../../base/bytes.ts";
import { encodeRlp, type RlpItem } from "./rlp.ts";
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

test("writes lists within lists, and hexadecimal text", () => {
  const tree = fc.letrec<{ item: RlpItem; list: RlpItem[] }>((tie) => ({
    list: fc.array(tie("item"), { maxLength: 6 }),
    item: fc.oneof({ depthSize: "small" }, fc.uint8Array({ minLength: 2, maxLength: 90 }), tie("list")),
  }));
  const write = (writer: RlpListWriter, items: readonly RlpItem[]) => {
    for (const item of items) {
      if (item instanceof Uint8Array) {
        if (item.length <= 55) writer.hex(bytesToHex(item));
        else writer.string(item);
        continue;
      }
      const from = writer.open();
      write(writer, item);
      writer.close(from);
    }
  };
  const writer = new RlpListWriter();
  fc.assert(
    fc.property(tree.list, (items) => {
      writer.begin();
      write(writer, items);
      expect(equalsBytes(writer.end(), encodeRlp(items))).toBe(true);
    }),
    { numRuns: 500 },
  );
  // A list that outgrows the writer's memory.
  const long = [[new Uint8Array(3_000).fill(7), [new Uint8Array(70_000)]]];
  writer.begin();
  write(writer, long);
  expect(equalsBytes(writer.end(), encodeRlp(long))).toBe(true);
});
