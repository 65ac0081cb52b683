import { expect, it } from "vitest";
import type { BlockId, Hash } from "../chain/types/primitives.ts";
import { createRollupReader, type RollupReaderParts } from "./readers.ts";

const hash = (digit: string): Hash => `0x${digit.repeat(64)}`;
const record = { l1: { hash: hash("1"), number: 12n }, l2: { hash: hash("2"), number: 5n } };

/** Only what safe heads need of the parts. */
function reader(firstL1Block: BlockId | undefined) {
  const parts = {
    store: {
      async *safeHeads(l1Number: bigint) {
        if (l1Number >= record.l1.number) yield record;
      },
      canonicalHash: (number: bigint) => (number === 0n ? hash("a") : undefined),
    },
    l1: { refByNumber: async () => firstL1Block },
  };
  return createRollupReader(parts as unknown as RollupReaderParts);
}

it("answers with the newest record up to the L1 block, before the first with genesis at L1's first block", async () => {
  const first = { hash: hash("b"), number: 0n };
  const rollup = reader(first);
  expect(await rollup.safeHeadAtL1Block(12n)).toEqual({ l1Block: record.l1, safeHead: record.l2 });
  expect(await rollup.safeHeadAtL1Block(99n)).toEqual({ l1Block: record.l1, safeHead: record.l2 });
  expect(await rollup.safeHeadAtL1Block(11n)).toEqual({
    l1Block: first,
    safeHead: { hash: hash("a"), number: 0n },
  });
  await expect(reader(undefined).safeHeadAtL1Block(11n)).rejects.toMatchObject({
    code: "SAFE_HEAD_NOT_FOUND",
  });
});
