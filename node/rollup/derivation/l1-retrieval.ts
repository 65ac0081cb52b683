import type { CodedError } from "../../base/errors.ts";
import { updateSystemConfig } from "../../chain/system-config.ts";
import type { L1Block, L1Transaction } from "../../chain/types/l1.ts";
import type { RollupConfig, SystemConfig } from "../../chain/types/rollup.ts";
import { rollupError } from "../errors.ts";
import { DRAINED, type Pull } from "./types.ts";

/** Types of L1 transactions whose calldata may carry frames. A set-code transaction (4) does not count. */
const CALLDATA_TYPES: ReadonlySet<number> = new Set([0, 1, 2, 0x7e]);
const BLOB_TYPE = 3;

/**
 * Walks L1 block by block and hands out the batcher's calldata in transaction order. It keeps its own SystemConfig, updated by
 * each L1 block that it enters: a batcher change in a block already filters that block. A reverted transaction counts.
 * Spec: derivation, "L1 Traversal" and "L1 Retrieval".
 */
export class L1Retrieval {
  private readonly rollup: RollupConfig;
  private systemConfig: SystemConfig;
  private block: L1Block | undefined;
  private position = 0;

  /** `systemConfig` holds after the first block that is entered. */
  constructor(rollup: RollupConfig, systemConfig: SystemConfig) {
    this.rollup = rollup;
    this.systemConfig = systemConfig;
  }

  /** The block entered last. */
  get origin(): L1Block | undefined {
    return this.block;
  }

  /** Enters the next block. False when it does not continue the chain: then nothing has changed. */
  enter(block: L1Block): boolean {
    if (this.block !== undefined) {
      if (block.parentHash !== this.block.hash) return false;
      this.systemConfig = updateSystemConfig(this.systemConfig, block.receipts, this.rollup, block.timestamp);
    }
    this.block = block;
    this.position = 0;
    return true;
  }

  /** Calldata of the next batcher transaction. */
  next(): Pull<Uint8Array> {
    const transactions = this.block?.transactions ?? [];
    while (this.position < transactions.length) {
      const transaction = transactions[this.position++]!;
      if (!this.isFromBatcher(transaction)) continue;
      if (transaction.type === BLOB_TYPE) return { kind: "critical", error: blobsUnsupported(transaction) };
      if (CALLDATA_TYPES.has(transaction.type)) return { kind: "item", item: transaction.input };
    }
    return DRAINED;
  }

  private isFromBatcher(transaction: L1Transaction): boolean {
    return (
      transaction.to === this.rollup.batchInboxAddress &&
      transaction.from === this.systemConfig.batcherAddress
    );
  }
}

function blobsUnsupported(transaction: L1Transaction): CodedError {
  return rollupError("BATCHER_DATA_UNSUPPORTED", {
    message: `The batcher's L1 transaction ${transaction.hash} carries its data in blobs; this node reads calldata only.`,
    fix: "Run the batcher with calldata as its data availability.",
    facts: { transaction: transaction.hash },
  });
}
