import type { L1Block } from "../chain/types/l1.ts";
import type { BlockId } from "../chain/types/primitives.ts";
import type { L2BlockRef, PayloadAttributes, SystemConfig } from "../chain/types/rollup.ts";

/** The safe head that the next attributes build on. */
export interface SafeHead {
  ref: L2BlockRef;
  /** Read back from the block itself (L1 attributes transaction, gas limit, extraData). */
  systemConfig: SystemConfig;
}

/** Answers about L2 blocks at or below the safe head; span batches that overlap it need them. */
export interface SafeChain {
  refByNumber(number: bigint): L2BlockRef | undefined;
}

/** Attributes with where they come from. */
export interface DerivedAttributes {
  attributes: PayloadAttributes;
  parent: L2BlockRef;
  /** The L1 block after which these attributes were complete. */
  derivedFrom: BlockId;
  /** True when this is the last block of its span: the safe head may be published. */
  concluding: boolean;
}

/**
 * One step of the pipeline. It owns no I/O: the driver feeds L1 blocks in order and applies attributes.
 * - `needL1`: push the next L1 block, then step again.
 * - `attributes`: build it; then step with the new safe head, or call `rejectPayload` when it is invalid.
 * - `reset`: the L1 block pushed does not continue the chain; rewind to a common ancestor.
 */
export type DerivationStep =
  | { kind: "needL1"; number: bigint }
  | { kind: "attributes"; derived: DerivedAttributes }
  | { kind: "reset"; reason: string };

export interface DerivationPipeline {
  /** The L1 block that the pipeline has read last. */
  readonly origin: BlockId;
  pushL1(block: L1Block): void;
  step(safeHead: SafeHead, chain: SafeChain): DerivationStep;
  /** Holocene: the payload of the last attributes is invalid; drops channel and span and gives the deposits-only attributes to build instead. */
  rejectPayload(): DerivedAttributes;
}
