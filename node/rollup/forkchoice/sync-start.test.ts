import { expect, test } from "vitest";
import { fakeChild, l1Hash, TEST_GENESIS, testRollup } from "../../../test/harness/blocks.ts";
import { l2BlockRefFromBlock } from "../../chain/system-config.ts";
import type { Block } from "../../chain/types/block.ts";
import type { ChainStore } from "../../store/chain-store.ts";
import { findSyncStart } from "./sync-start.ts";

/** A chain whose block n has L1 block n as its origin, one second older than itself; the newest one is safe. */
function chainOf(length: number) {
  const blocks: Block[] = [TEST_GENESIS];
  for (let n = 1; n <= length; n++) {
    const timestamp = TEST_GENESIS.header.timestamp + 2n * BigInt(n) - 1n;
    blocks.push(fakeChild(blocks.at(-1)!, { hash: l1Hash(n), number: BigInt(n), timestamp }));
  }
  return blocks;
}

async function startOf(blocks: readonly Block[], graniteTime: bigint): Promise<bigint> {
  const plain = testRollup();
  const rollup = { ...plain, forkTimes: { ...plain.forkTimes, granite: graniteTime } };
  const byHash = (hash: string) => blocks.find((block) => block.hash === hash);
  const ref = (block: Block) => l2BlockRefFromBlock(block, rollup);
  const safe = ref(blocks.at(-1)!);
  const l1 = async (number: bigint) => ({
    hash: l1Hash(Number(number)),
    number,
    parentHash: l1Hash(Number(number) - 1),
    timestamp: 0n,
  });
  const store = {
    canonicalHash: (number) => blocks[Number(number)]?.hash,
    block: byHash,
    ref: (hash) => ref(byHash(hash)!),
    async *safeHeads() {
      yield { l1: safe.l1Origin, l2: { hash: safe.hash, number: safe.number } };
    },
  } as Partial<ChainStore> as ChainStore;
  const finalized = ref(TEST_GENESIS);
  const options = { store, l1: { refByNumber: l1, label: () => l1(1_000n) }, rollup };
  const { pipeline } = await findSyncStart(options, { unsafe: safe, safe, finalized });
  return pipeline.origin.number;
}

test("the pipeline starts a channel timeout before the safe head, by the clock of the L1 block it starts at", async () => {
  const blocks = chainOf(101);
  const timeOf = (number: number) => blocks[number]!.header.timestamp;
  expect(await startOf(blocks, 0n)).toBe(51n);
  expect(await startOf(blocks, timeOf(51) - 1n)).toBe(51n);
  // Block 51 is in Granite and its origin is not: a channel that was opened there has 300 L1 blocks, not 50.
  expect(await startOf(blocks, timeOf(51))).toBe(0n);
});
