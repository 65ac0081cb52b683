import type { L1Block } from "../../node/chain/types/l1.ts";
import type { Hash } from "../../node/chain/types/primitives.ts";
import { FORKS, type L2BlockRef, type RollupConfig } from "../../node/chain/types/rollup.ts";
import type { BatchContext } from "../../node/rollup/derivation/batch-rules.ts";

export const hash = (seed: number): Hash => `0x${seed.toString(16).padStart(2, "0").repeat(32)}`;

export const rollup = {
  genesis: { l2Time: 0n },
  blockTime: 2n,
  seqWindowSize: 20n,
  maxSequencerDrift: 600n,
  forkTimes: Object.fromEntries(FORKS.map((fork) => [fork, -10_000n])),
} as unknown as RollupConfig;

/** L1 blocks 10, 11, 12, each 12 s. */
export function l1Block(number: number, timestamp = 1_000n + 12n * BigInt(number - 10)): L1Block {
  return {
    number: BigInt(number),
    hash: hash(number),
    parentHash: hash(number - 1),
    timestamp,
    baseFeePerGas: 1n,
    mixHash: hash(0),
    parentBeaconBlockRoot: undefined,
    excessBlobGas: 0n,
    transactions: [],
    receipts: [],
  };
}

export function l2Ref(number: number, origin = 10): L2BlockRef {
  return {
    hash: hash(100 + number),
    number: BigInt(number),
    parentHash: hash(99 + number),
    timestamp: 1_000n + 2n * BigInt(number),
    l1Origin: { number: BigInt(origin), hash: hash(origin) },
    sequenceNumber: 0n,
  };
}

export const safeHead = l2Ref(5);
export const context: BatchContext = {
  rollup,
  l1Blocks: [l1Block(10), l1Block(11), l1Block(12)],
  safeHead,
  inclusion: l1Block(12),
};

/** The same chain before Holocene. */
export const beforeHolocene: BatchContext = {
  ...context,
  rollup: {
    ...rollup,
    forkTimes: { ...rollup.forkTimes, holocene: 10n ** 6n, isthmus: undefined, jovian: undefined },
  },
};
