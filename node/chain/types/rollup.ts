import type { Address, BlockId, Hash } from "./primitives.ts";

/** The L2 fee and batcher settings, as L1's SystemConfig contract keeps them. Reference: op-stack `SystemConfig`. */
export interface SystemConfig {
  batcherAddress: Address;
  /** Bedrock's L1 fee overhead. */
  overhead: bigint;
  /** The 32-byte scalar word, version in its first byte. */
  scalar: bigint;
  gasLimit: bigint;
  eip1559Denominator: number;
  eip1559Elasticity: number;
  operatorFeeScalar: number;
  operatorFeeConstant: bigint;
  minBaseFee: bigint;
  daFootprintGasScalar: number;
}

export const FORKS = [
  "regolith",
  "canyon",
  "delta",
  "ecotone",
  "fjord",
  "granite",
  "holocene",
  "isthmus",
  "jovian",
] as const;
export type Fork = (typeof FORKS)[number];

/** op-node's rollup.json, parsed. Times in seconds; a fork that is absent never activates. */
export interface RollupConfig {
  genesis: {
    l1: BlockId;
    l2: BlockId;
    l2Time: bigint;
    systemConfig: SystemConfig;
  };
  blockTime: bigint;
  maxSequencerDrift: bigint;
  seqWindowSize: bigint;
  /** `channel_timeout` before Granite, in L1 blocks. */
  channelTimeout: bigint;
  l1ChainId: bigint;
  l2ChainId: bigint;
  forkTimes: Readonly<Partial<Record<Fork, bigint>>>;
  batchInboxAddress: Address;
  depositContractAddress: Address;
  l1SystemConfigAddress: Address;
  eip1559Elasticity: number;
  eip1559Denominator: number;
  eip1559DenominatorCanyon: number;
  /** While the L1 origin is older than this (seconds), the blob base fee is computed with Cancun's fraction. */
  pectraBlobScheduleTime?: bigint;
}

/** openledger.json: what this chain adds to the stock rollup. */
export interface OpenLedgerConfig {
  /** Seconds. 0: stubs in genesis; later: written before the first transaction of the activation block; absent: never. */
  attributionTime: bigint | undefined;
  /** The same for the SpanVerifier, not before the others; absent: never, and no model commits spans. */
  spanVerifierTime?: bigint;
}

/** L1's chain config as far as L2 consensus reads it: the blob fee schedule. */
export interface L1ChainConfig {
  chainId: bigint;
  /** Ascending by time; `baseFeeUpdateFraction` applies from `time` (seconds) on. */
  blobSchedule: readonly { time: bigint; baseFeeUpdateFraction: bigint }[];
  /** From then on (seconds) L1's pool takes blobs with cell proofs only (EIP-7594); absent: not scheduled. */
  osakaTime?: bigint;
}

export interface L2BlockRef {
  hash: Hash;
  number: bigint;
  parentHash: Hash;
  timestamp: bigint;
  l1Origin: BlockId;
  /** Distance to the first block of the epoch. */
  sequenceNumber: bigint;
}

/** Engine API `PayloadAttributes` with the OP Stack's extras; transactions are EIP-2718 envelopes, deposits first. */
export interface PayloadAttributes {
  timestamp: bigint;
  prevRandao: Hash;
  suggestedFeeRecipient: Address;
  parentBeaconBlockRoot: Hash;
  transactions: readonly Uint8Array[];
  /** True: only `transactions`; false: the sequencer may add from its pool. */
  noTxPool: boolean;
  gasLimit: bigint;
  /** Holocene on; 0,0 asks the engine for its chain config's values. */
  eip1559: { denominator: number; elasticity: number } | undefined;
  /** Jovian on. */
  minBaseFee: bigint | undefined;
}
