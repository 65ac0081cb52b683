import { expect, test } from "vitest";
import { l1Hash, TEST_GENESIS, TEST_L1_CHAIN, testRollup } from "../../../test/harness/blocks.ts";
import { silentLogger } from "../../base/logger.ts";
import { ZERO_HASH } from "../../chain/constants.ts";
import { l2BlockRefFromBlock } from "../../chain/system-config.ts";
import type { L1Block } from "../../chain/types/l1.ts";
import type { PayloadAttributes, RollupConfig } from "../../chain/types/rollup.ts";
import { createSequencer, type SequencerOptions } from "./sequencer.ts";

const l1Block: L1Block = {
  ...{ number: 0n, hash: l1Hash(0), parentHash: ZERO_HASH, timestamp: 1_000n },
  ...{ baseFeePerGas: 7n, mixHash: ZERO_HASH, parentBeaconBlockRoot: undefined, excessBlobGas: undefined },
  ...{ transactions: [], receipts: [] },
};

/** The attributes of block 1, at 1,002 s, as the sequencer asks the engine for it. */
async function firstAttributes(rollup: RollupConfig): Promise<PayloadAttributes> {
  const controller = new AbortController();
  let asked: PayloadAttributes | undefined;
  const unsafe = l2BlockRefFromBlock(TEST_GENESIS, rollup);
  const options = {
    engine: {
      heads: () => ({ unsafe, safe: unsafe, finalized: unsafe }),
      sequence: async (_parent: unknown, attributes: PayloadAttributes) => {
        asked = attributes;
        controller.abort();
        return undefined;
      },
    },
    driver: { isReady: () => true, requestReset: () => undefined },
    store: { block: () => TEST_GENESIS },
    l1: {
      blockByHash: async () => l1Block,
      refByNumber: async () => l1Block,
      blockByNumber: async () => undefined,
    },
    watcher: { heads: () => ({ latest: l1Block }) },
    mempool: { source: () => ({ take: () => [], settle: () => undefined }) },
    clock: { now: () => 1_002 },
    ...{ rollup, l1Chain: TEST_L1_CHAIN, confirmations: 0n },
    ...{ logger: silentLogger, signal: controller.signal },
  };
  await createSequencer(options as unknown as SequencerOptions).run();
  return asked!;
}

test.each([
  ["isthmus", true],
  ["jovian", true],
  ["holocene", false],
] as const)(
  "the block that activates %s takes nothing from the pool where it has upgrade transactions: %s",
  async (fork, isUpgrade) => {
    const rollup = testRollup();
    const later = { ...rollup, forkTimes: { ...rollup.forkTimes, [fork]: 1_001n } };
    const attributes = await firstAttributes(later);
    expect(attributes.noTxPool).toBe(isUpgrade);
    expect(attributes.transactions.length > 1).toBe(isUpgrade);
    expect((await firstAttributes(rollup)).noTxPool).toBe(false);
  },
);
