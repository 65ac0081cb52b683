import { describe, expect, it } from "vitest";
import { fakeChild, l1Hash, TEST_GENESIS, testRollup } from "../../test/harness/blocks.ts";
import type { Watch } from "../base/watch-progress.ts";
import { l2BlockRefFromBlock } from "../chain/system-config.ts";
import type { Block } from "../chain/types/block.ts";
import type { L1BlockRef } from "../chain/types/l1.ts";
import type { ChainContext } from "./chain-context.ts";
import { watchBatcher, watchDerivation, watchL1, watchSequencer } from "./watches.ts";

const rollup = testRollup();
const one = fakeChild(TEST_GENESIS, { hash: l1Hash(1), number: 1n });
const ref = (block: Block) => l2BlockRefFromBlock(block, rollup);
const l1Block = (number: number): L1BlockRef => ({
  ...{ hash: l1Hash(number), number: BigInt(number), parentHash: l1Hash(number - 1) },
  timestamp: BigInt(number),
});

/** A node that is one block ahead of what is safe, its facts to be changed. */
function nodeWith() {
  const facts = { isReady: true, l1: 100, read: 100, answers: 1, unsafe: ref(one), safe: ref(one) };
  facts.safe = { ...ref(one), number: 0n, hash: TEST_GENESIS.hash };
  const context = {
    watcher: { heads: () => ({ latest: l1Block(facts.l1) }), answers: () => facts.answers },
    driver: { isReady: () => facts.isReady, lastReadL1: () => l1Block(facts.read) },
    engine: { heads: () => ({ unsafe: facts.unsafe, safe: facts.safe, finalized: facts.safe }) },
    config: { batcherChannelBlocks: 2 },
    definition: { rollup },
  } as unknown as ChainContext;
  return { facts, context };
}

/** Whether a change counts as progress. */
function isProgress(watch: Watch, change: () => void): boolean {
  const before = watch.progress();
  change();
  return watch.progress() !== before;
}

describe("what tells that a part hangs", () => {
  it("l1: every answer is progress, also of the same head", () => {
    const { facts, context } = nodeWith();
    const watch = watchL1(context);
    expect(watch.hasWork()).toBe(true);
    expect(isProgress(watch, () => facts.answers++)).toBe(true);
    expect(isProgress(watch, () => {})).toBe(false);
  });

  it("derivation: has work while L1 has blocks that it has not read", () => {
    const { facts, context } = nodeWith();
    const watch = watchDerivation(context);
    expect(watch.hasWork()).toBe(false);
    facts.l1++;
    expect(watch.hasWork()).toBe(true);
    expect(isProgress(watch, () => facts.read++)).toBe(true);
    expect(isProgress(watch, () => (facts.safe = ref(one)))).toBe(true);
  });

  it("the sequencer: has work once the next block's time has come, and derivation has checked the chain", () => {
    const { facts, context } = nodeWith();
    let now = Number(facts.unsafe.timestamp + rollup.blockTime) - 0.5;
    const watch = watchSequencer(context, { now: () => now });
    expect(watch.hasWork()).toBe(false);
    now += 1;
    expect(watch.hasWork()).toBe(true);
    facts.isReady = false;
    expect(watch.hasWork()).toBe(false);
    expect(isProgress(watch, () => (facts.unsafe = { ...facts.unsafe, hash: l1Hash(9) }))).toBe(true);
  });

  it("the batcher: has work where L1 went on and nothing became safe, not where L1 stands", () => {
    const { facts, context } = nodeWith();
    const watch = watchBatcher(context);
    expect(watch.hasWork()).toBe(false);
    facts.l1 += 32;
    expect(watch.hasWork()).toBe(false);
    facts.l1++;
    expect(watch.hasWork()).toBe(true);
    expect(isProgress(watch, () => (facts.safe = ref(one)))).toBe(true);
    expect(watch.hasWork()).toBe(false);
    facts.l1 += 100;
    expect(watch.hasWork()).toBe(false);
  });
});
