import { hexToBytes } from "@ethereumjs/util";
import { silentLogger } from "../../node/base/logger.ts";
import { ZERO_HASH } from "../../node/chain/constants.ts";
import type { RollupConfig } from "../../node/chain/types/rollup.ts";
import { makeGenesis } from "../../node/execution/state/genesis-state.ts";
import { type Batcher, type BatcherOptions, createBatcher } from "../../node/rollup/batcher/batcher.ts";
import { buildChannel, framesOf } from "../../node/rollup/batcher/channel-out.ts";
import { SpanBuilder } from "../../node/rollup/batcher/span-builder.ts";
import type { L1Prices } from "../../node/rollup/l1/fees.ts";
import type { L1SendRequest } from "../../node/rollup/l1/sender.ts";
import { type ForkTimes, l1Chain, testGenesis, testRollup } from "./chain-fixture.ts";
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
  /** L1 transactions in each group that the batchers sent. */
  groups: number[];
  /** What L1 says of its prices, in wei. */
  prices: L1Prices & { blobBaseFee: bigint };
  /** What the batcher's node says of its derivation beside the verifier's origin. */
  derivation: { isReady: boolean };
  /** Calldata of a channel over the sequencer's blocks `from` to `to`. */
  channel(from: number, to: number, maxL1TxBytes?: number): Promise<Uint8Array[]>;
  /** A span batch over the sequencer's blocks `from` to `to`. */
  span(from: number, to: number): Promise<Uint8Array>;
}

type Requests = readonly L1SendRequest[];
/** May throw or take requests by itself; true: L1 mines a block without them. */
type Intercept = (requests: Requests, take: (requests: Requests) => void) => boolean;

export function createWorld(
  seqWindowSize = 100n,
  tuning: Partial<BatcherOptions> = {},
  intercept: Intercept = () => false,
  forkTimes?: ForkTimes,
): World {
  const genesis = testGenesis(forkTimes);
  const miner = new Miner();
  const { block } = makeGenesis(genesis);
  const rollup = testRollup(miner.genesis, block.hash, seqWindowSize, forkTimes);
  const node = () => createMemoryNode(genesis, rollup);
  const sequencer = new Sequencer({ rollup, l1Chain, genesis: block, build: node().build, miner });
  const verifier = new Verifier({
    rollup,
    l1Chain,
    genesis: block,
    build: node().build,
    l1: miner.at,
    blobs: miner.blobs,
  });
  const spanOver = async (from: number, to: number) => {
    const span = new SpanBuilder(rollup);
    for (let number = from; number <= to; number++) await span.add(sequencer.at(number)!);
    return span;
  };
  const groups: number[] = [];
  const prices = { baseFee: 10n ** 9n, tip: 10n ** 9n, blobBaseFee: 1n };
  const derivation = { isReady: true };
  const batcherOptions: BatcherOptions = {
    rollup,
    l2: {
      heads: () => {
        const { hash, header } = sequencer.unsafe;
        return { safe: verifier.safe.ref, unsafe: { hash, number: header.number } };
      },
      blockByNumber: (number) => sequencer.at(number),
      // The verifier has derived all of its origin when a test goes on.
      derivation: () => ({ ...derivation, currentL1: verifier.origin.number + 1n }),
    },
    l1: {
      blockNumber: async () => miner.head.number,
      proofForm: async () => "blob",
      prices: async () => prices,
      sendAll: async (requests) => {
        groups.push(requests.length);
        const take = (some: Requests) =>
          some.map(({ data, sidecars }) =>
            sidecars === undefined
              ? miner.include(hexToBytes(data))
              : miner.includeBlobs(sidecars.map(({ blob }) => blob)),
          );
        const isLost = intercept(requests, (some) => {
          take(some);
          miner.mine();
        });
        const hashes = isLost ? requests.map(() => ZERO_HASH) : take(requests);
        const { number } = miner.mine();
        return hashes.map((hash) => ({ hash, blockNumber: number }));
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
    groups,
    prices,
    derivation,
    channel: async (from, to, maxL1TxBytes = 120_000) =>
      framesOf(await buildChannel({ span: await spanOver(from, to), l1Number: 0n }), maxL1TxBytes),
    span: async (from, to) => (await spanOver(from, to)).bytes(),
  };
}
