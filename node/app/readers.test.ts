import { expect, it } from "vitest";
import { fakeChild, l1Hash, TEST_GENESIS, testRollup } from "../../test/harness/blocks.ts";
import { EMPTY_ROOT } from "../chain/constants.ts";
import type { BlockId, Hash } from "../chain/types/primitives.ts";
import { createRollupReader, type OutputParts, outputAtBlock, type RollupReaderParts } from "./readers.ts";

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

it("tells before Isthmus that a block's state is deleted, and needs none from Isthmus on", async () => {
  const { hash: blockHash, header } = fakeChild(TEST_GENESIS, { hash: l1Hash(1), number: 1n });
  const store = (oldest: bigint) =>
    ({
      canonicalHash: (number: bigint) => (number === header.number ? blockHash : undefined),
      header: () => header,
      ref: () => ({ hash: blockHash, number: header.number }),
      oldestState: () => oldest,
    }) as unknown as OutputParts["store"];
  const asked: Hash[] = [];
  const state = {
    account: async (root: Hash) => {
      asked.push(root);
      return { storageRoot: hash("5") };
    },
  } as unknown as OutputParts["state"];
  const rollup = testRollup();
  const { isthmus: _isthmus, jovian: _jovian, ...forkTimes } = rollup.forkTimes;
  const older = { ...rollup, forkTimes };
  const kept = await outputAtBlock({ store: store(1n), state, rollup: older }, 1n);
  expect(kept.withdrawalStorageRoot).toBe(hash("5"));
  await expect(outputAtBlock({ store: store(2n), state, rollup: older }, 1n)).rejects.toMatchObject({
    code: "STATE_PRUNED",
    severity: "input",
    message: expect.stringMatching(/block 1 is not available: this node keeps states from block 2 on/),
    fix: expect.stringContaining("--state-history"),
  });
  expect(asked).toEqual([header.stateRoot]);
  const later = await outputAtBlock({ store: store(2n), state, rollup }, 1n);
  expect(later.withdrawalStorageRoot).toBe(EMPTY_ROOT);
  await expect(outputAtBlock({ store: store(0n), state, rollup }, 7n)).rejects.toMatchObject({
    code: "BLOCK_NOT_FOUND",
  });
});
