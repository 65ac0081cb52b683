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

it("tells the sync status from memory, with the last L1 block that was read, while L1 hangs", async () => {
  const block = (number: bigint) => ({ hash: hash("c"), number, parentHash: hash("d"), timestamp: 7n });
  const hangs = () => new Promise<never>(() => undefined);
  const heads = { unsafe: block(3n), safe: block(2n), finalized: block(1n) };
  const parts = {
    engine: { heads: () => heads },
    driver: { lastReadL1: () => block(40n), currentL1: () => undefined },
    watcher: { heads: () => ({ latest: block(41n), safe: undefined, finalized: block(9n) }) },
    l1: { refByNumber: hangs, blockByNumber: hangs, label: hangs },
  };
  expect(await createRollupReader(parts as unknown as RollupReaderParts).syncStatus()).toMatchObject({
    currentL1: block(40n),
    headL1: block(41n),
    safeL1: { number: 0n },
    unsafeL2: { number: 3n },
  });
});
