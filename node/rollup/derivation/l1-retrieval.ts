import { isCodedError } from "../../base/errors.ts";
import { decodeBlob } from "../../chain/codec/blob.ts";
import { isActive } from "../../chain/rules/forks.ts";
import { updateSystemConfig } from "../../chain/system-config.ts";
import type { L1Block, L1Transaction } from "../../chain/types/l1.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { RollupConfig, SystemConfig } from "../../chain/types/rollup.ts";
import { type DerivationObserver, DRAINED, type Pull } from "./types.ts";

const BLOB_TYPE = 3;
/** Types of L1 transactions that may carry frames. A set-code transaction (4) does not count. */
const BATCHER_TYPES: ReadonlySet<number> = new Set([0, 1, 2, BLOB_TYPE, 0x7e]);

/** One piece of batcher data: a transaction's calldata, or a place in the block's list of blobs. */
type Piece = { calldata: Uint8Array } | { blob: number };

/**
 * Walks L1 block by block and hands out the batcher's data in transaction order: calldata, and from Ecotone on the blobs of
 * blob transactions in their place. It keeps its own SystemConfig, updated by each L1 block that it enters: a batcher change in
 * a block already filters that block. A reverted transaction counts. Spec: derivation, "L1 Traversal" and "L1 Retrieval".
 */
export class L1Retrieval {
  private readonly rollup: RollupConfig;
  private readonly observe: DerivationObserver;
  private systemConfig: SystemConfig;
  private block: L1Block | undefined;
  private pieces: Piece[] = [];
  private blobHashes: Hash[] = [];
  /** Empty until the block's blobs are there. */
  private blobs: readonly Uint8Array[] = [];

  /** `systemConfig` holds after the first block that is entered. */
  constructor(rollup: RollupConfig, systemConfig: SystemConfig, observe: DerivationObserver) {
    this.rollup = rollup;
    this.systemConfig = systemConfig;
    this.observe = observe;
  }

  /** Enters the next block. False when it does not continue the chain: then nothing has changed. */
  enter(block: L1Block): boolean {
    if (this.block !== undefined) {
      if (block.parentHash !== this.block.hash) return false;
      this.systemConfig = updateSystemConfig(this.systemConfig, block.receipts, this.rollup, block.timestamp);
    }
    // The transactions go through the pieces; only what names the block is needed later.
    this.block = { ...block, transactions: [], receipts: [] };
    this.pieces = [];
    this.blobHashes = [];
    this.blobs = [];
    const withBlobs = isActive(this.rollup, "ecotone", block.timestamp);
    for (const transaction of block.transactions) {
      if (this.isFromBatcher(transaction)) this.addPieces(transaction, withBlobs);
    }
    return true;
  }

  /** The block's blobs, in the order of the hashes that `next` asked for. False when that did not ask for so many. */
  supply(blobs: readonly Uint8Array[]): boolean {
    if (this.blobs.length > 0 || blobs.length !== this.blobHashes.length) return false;
    this.blobs = blobs;
    return true;
  }

  /** The batcher's next data. */
  next(): Pull<Uint8Array> {
    if (this.blobHashes.length > this.blobs.length) return { kind: "blobs", hashes: this.blobHashes };
    for (let piece = this.pieces.shift(); piece !== undefined; piece = this.pieces.shift()) {
      const data = "calldata" in piece ? piece.calldata : this.dataOf(piece.blob);
      if (data !== undefined) return { kind: "item", item: data };
    }
    return DRAINED;
  }

  private isFromBatcher({ to, from, type }: L1Transaction): boolean {
    const { batchInboxAddress } = this.rollup;
    return to === batchInboxAddress && from === this.systemConfig.batcherAddress && BATCHER_TYPES.has(type);
  }

  /** A blob transaction's calldata does not count where its blobs do. */
  private addPieces({ type, input, blobHashes = [] }: L1Transaction, withBlobs: boolean): void {
    if (type !== BLOB_TYPE || !withBlobs) {
      this.pieces.push({ calldata: input });
      return;
    }
    for (const hash of blobHashes) this.pieces.push({ blob: this.blobHashes.push(hash) - 1 });
  }

  /** A blob that holds no data is left out alone. */
  private dataOf(index: number): Uint8Array | undefined {
    try {
      return decodeBlob(this.blobs[index]!);
    } catch (error) {
      if (!isCodedError(error, "BLOB_INVALID")) throw error;
      const facts = { ...error.facts, blob: this.blobHashes[index] };
      this.observe({ stage: "l1-retrieval", reason: error.message, facts });
      return undefined;
    }
  }
}
