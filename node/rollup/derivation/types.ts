import type { CodedError } from "../../base/errors.ts";
import type { SingularBatch } from "../../chain/codec/singular-batch.ts";
import type { SpanBatch } from "../../chain/codec/span-batch.ts";
import type { Block } from "../../chain/types/block.ts";
import type { L1Block } from "../../chain/types/l1.ts";
import type { BlockId, Hash } from "../../chain/types/primitives.ts";
import type { L2BlockRef, PayloadAttributes, SystemConfig } from "../../chain/types/rollup.ts";

/** The safe head that the next attributes build on. */
export interface SafeHead {
  ref: L2BlockRef;
  /** Read back from the block itself (L1 attributes transaction, gas limit, extraData). */
  systemConfig: SystemConfig;
}

/** Answers about L2 blocks at or below the safe head; span batches that overlap it need them. */
export interface SafeChain {
  refByNumber(number: bigint): L2BlockRef | undefined;
  /** Before Holocene a span's blocks are compared with the safe ones. */
  blockByNumber(number: bigint): Block | undefined;
}

/** Attributes with where they come from. */
export interface DerivedAttributes {
  attributes: PayloadAttributes;
  parent: L2BlockRef;
  /** The L1 block after which these attributes were complete. */
  derivedFrom: BlockId;
  /**
   * False for all but the last block of a span before Holocene: they become safe with it, or go with it. Always true from
   * Holocene on.
   */
  concluding: boolean;
  /** What the next block of the same span is to bring after its deposits; it may still turn out invalid. */
  ahead?: readonly Uint8Array[];
}

/**
 * One step of the pipeline. It owns no I/O: the driver feeds L1 blocks in order and applies attributes.
 * - `needL1`: push the L1 block of that number, then step again.
 * - `needBlobs`: push the data of these blobs of the L1 block that was pushed last, then step again.
 * - `attributes`: build it; then step with the new safe head, or call `rejectPayload` when it is invalid.
 *   Stepping again with the same safe head gives the same attributes.
 * - `reset`: what was pushed or the safe head is not on the pipeline's L1 chain; start a new pipeline at a common ancestor.
 * - `critical`: derivation can't go on, and a person must look.
 */
export type DerivationStep =
  | { kind: "needL1"; number: bigint }
  | { kind: "needBlobs"; block: L1Block; hashes: readonly Hash[] }
  | { kind: "attributes"; derived: DerivedAttributes }
  | { kind: "reset"; reason: string }
  | { kind: "critical"; error: CodedError };

export interface DerivationPipeline {
  /** The L1 block that the pipeline has read last; the one it starts at before the first push. */
  readonly origin: BlockId;
  /** @throws CodedError `L1_BLOCK_UNEXPECTED` unless the last step needed the block of that number. */
  pushL1(block: L1Block): void;
  /**
   * The blobs of the last `needBlobs`, each checked against its versioned hash, in the order of the hashes.
   * @throws CodedError `L1_BLOCK_UNEXPECTED` unless the last step needed so many.
   */
  pushBlobs(blobs: readonly Uint8Array[]): void;
  step(safeHead: SafeHead, chain: SafeChain): DerivationStep;
  /**
   * The payload of the last attributes is invalid. From Holocene on: drops channel and span and gives the deposits-only
   * attributes to build instead. Before: drops the whole batch and gives nothing; step again with the head that the last
   * concluding attributes made.
   * @throws CodedError `DEPOSITS_ONLY_INVALID` when those were the ones refused.
   */
  rejectPayload(): DerivedAttributes | undefined;
}

/** What a channel holds. */
export type Batch = { kind: "singular"; batch: SingularBatch } | { kind: "span"; span: SpanBatch };

/** The L1 block that is being read, as far as limits depend on it. */
export type L1Position = Pick<L1Block, "number" | "timestamp">;

/** The block to build next, with its L1 origin. */
export interface NextBlock {
  batch: SingularBatch;
  origin: L1Block;
  /** See {@link DerivedAttributes.concluding}. */
  concluding: boolean;
  /** See {@link DerivedAttributes.ahead}. */
  ahead?: readonly Uint8Array[] | undefined;
}

/** Something that derivation left aside, for logs and metrics; it changes nothing. */
export interface DerivationNote {
  stage:
    | "l1-retrieval"
    | "frame-queue"
    | "channel-bank"
    | "channel-assembler"
    | "channel-reader"
    | "batch-queue"
    | "batch-stage";
  reason: string;
  facts: Readonly<Record<string, unknown>>;
}

export type DerivationObserver = (note: DerivationNote) => void;

/** What a stage answers when it is pulled. */
export type Pull<T> =
  | { kind: "item"; item: T }
  /** Something was consumed, nothing came of it: pull again. */
  | { kind: "again" }
  /** Nothing until these blobs of the L1 block are there. */
  | { kind: "blobs"; hashes: readonly Hash[] }
  /** Nothing more until the next L1 block. */
  | { kind: "drained" }
  | { kind: "reset"; reason: string }
  | { kind: "critical"; error: CodedError };

export const AGAIN = { kind: "again" } as const;
export const DRAINED = { kind: "drained" } as const;
