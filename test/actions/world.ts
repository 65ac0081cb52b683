import { hexToBytes } from "@ethereumjs/util";
import { silentLogger } from "../../node/base/logger.ts";
import type { RollupConfig } from "../../node/chain/types/rollup.ts";
import { makeGenesis } from "../../node/execution/state/genesis-state.ts";
import { type Batcher, type BatcherOptions, createBatcher } from "../../node/rollup/batcher/batcher.ts";
import { buildChannel } from "../../node/rollup/batcher/channel-out.ts";
import { SpanBuilder } from "../../node/rollup/batcher/span-builder.ts";
import { l1Chain, testGenesis, testRollup } from "./chain-fixture.ts";
import { createMemoryNode } from "./memory-node.ts";
import { Miner } from "./miner.ts";
import { Sequencer } from "./sequencer.ts";
import { Verifier } from "./verifier.ts";

/** All actors of one test over one L1. */
export interface World {
  rollup: RollupConfig;
  miner: Miner;
  sequencer: Sequencer;
  verifier: Verifier;
  /** A batcher that mines an L1 block for each transaction; the verifier is its node's safe head. */
  batcher: Batcher;
  /** Another batcher process over the same L1 and L2. */
  restartBatcher(): Batcher;
  /** Calldata of a channel over the sequencer's blocks `from` to `to`. */
  channel(from: number, to: number, maxL1TxBytes?: number): Promise<Uint8Array[]>;
  /** A span batch over the sequencer's blocks `from` to `to`. */
  span(from: number, to: number): Promise<Uint8Array>;
}

export function createWorld(seqWindowSize = 100n, tuning: Partial<BatcherOptions> = {}): World {
  const genesis = testGenesis();
  const miner = new Miner();
  const { block } = makeGenesis(genesis);
  const rollup = testRollup(miner.genesis, block.hash, seqWindowSize);
  const node = () => createMemoryNode(genesis, rollup);
  const sequencer = new Sequencer({ rollup, l1Chain, genesis: block, build: node().build, miner });
  const verifier = new Verifier({ rollup, l1Chain, genesis: block, build: node().build, l1: miner.at });
  const spanOver = async (from: number, to: number) => {
    const span = new SpanBuilder(rollup);
    for (let number = from; number <= to; number++) await span.add(sequencer.at(number)!);
    return span;
  };
  const batcherOptions: BatcherOptions = {
    rollup,
    l2: {
      heads: () => {
        const { hash, header } = sequencer.unsafe;
        return { safe: verifier.safe.ref, unsafe: { hash, number: header.number } };
      },
      blockByNumber: (number) => sequencer.at(number),
    },
    l1: {
      blockNumber: async () => miner.head.number,
      send: async ({ data }) => {
        const hash = miner.include(hexToBytes(data));
        return { hash, blockNumber: miner.mine().number };
      },
    },
    logger: silentLogger,
    signal: new AbortController().signal,
    ...tuning,
  };
  return {
    rollup,
    miner,
    sequencer,
    verifier,
    batcher: createBatcher(batcherOptions),
    restartBatcher: () => createBatcher(batcherOptions),
    channel: async (from, to, maxL1TxBytes = 120_000) =>
      (await buildChannel({ span: await spanOver(from, to), maxL1TxBytes, l1Number: 0n })).calldata,
    span: async (from, to) => (await spanOver(from, to)).bytes(),
  };
}
