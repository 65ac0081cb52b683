import { bytesToHex, hexToBytes } from "../../base/bytes.ts";
import { monotonicMs } from "../../base/clock.ts";
import type { CodedError } from "../../base/errors.ts";
import { SpanWriter } from "../../chain/codec/span-batch.ts";
import { l1BlockInfoOf } from "../../chain/system-config.ts";
import type { Block } from "../../chain/types/block.ts";
import type { BlockId, Hash, Hex } from "../../chain/types/primitives.ts";
import type { RollupConfig } from "../../chain/types/rollup.ts";
import { rollupError } from "../errors.ts";

/** Longest work in one go, in ms; then others get their turn on the thread. */
const TURN_MS = 2;
/** Transactions between two looks at the clock. */
const LOOK_EVERY = 16;

/** A span batch that grows block by block. */
export class SpanBuilder {
  private readonly writer: SpanWriter;
  private parentHash: Hash | undefined;
  private firstBlock: BlockId | undefined;
  private lastBlock: BlockId | undefined;
  private lastOrigin: BlockId | undefined;
  private count = 0;

  constructor({ genesis, blockTime, l2ChainId }: RollupConfig) {
    this.writer = new SpanWriter({ genesisTime: genesis.l2Time, blockTime, chainId: l2ChainId });
  }

  get blocks(): number {
    return this.count;
  }

  /** Undefined while it is empty. */
  get first(): BlockId | undefined {
    return this.firstBlock;
  }

  get last(): BlockId | undefined {
    return this.lastBlock;
  }

  /**
   * Takes the next block in. After an error the span is of no use.
   * @throws CodedError `BATCH_BLOCKS_INVALID` unless it follows the last one, `BATCH_TRANSACTION_INVALID`.
   */
  async add({ hash, header, transactions }: Block): Promise<void> {
    if (this.lastBlock !== undefined && header.parentHash !== this.lastBlock.hash)
      throw blocksInvalid("they do not follow each other");
    const origin = l1BlockInfoOf({ hash, header, transactions });
    const element = { epochNumber: origin.number, timestamp: header.timestamp };
    this.writer.block(element, origin.sequenceNumber === 0n);
    let until = monotonicMs() + TURN_MS;
    for (const [index, transaction] of transactions.entries()) {
      if (transaction.kind === "signed") this.writer.transaction(transaction);
      if (index % LOOK_EVERY !== 0 || monotonicMs() < until) continue;
      await new Promise((resolve) => setImmediate(resolve));
      until = monotonicMs() + TURN_MS;
    }
    this.parentHash ??= header.parentHash;
    this.lastBlock = { hash, number: header.number };
    this.firstBlock ??= this.lastBlock;
    this.lastOrigin = { hash: origin.hash, number: origin.number };
    this.count++;
  }

  /** The span batch over all blocks. @throws CodedError `BATCH_BLOCKS_INVALID` when there are none. */
  bytes(): Uint8Array {
    if (this.parentHash === undefined || this.lastOrigin === undefined) throw blocksInvalid("there are none");
    return this.writer.bytes(check(this.parentHash), check(this.lastOrigin.hash));
  }
}

/** The first 20 bytes. */
function check(hash: Hash): Hex {
  return bytesToHex(hexToBytes(hash).subarray(0, 20));
}

/** Blocks that make no batch. */
export function blocksInvalid(reason: string): CodedError {
  return rollupError("BATCH_BLOCKS_INVALID", { message: `Blocks of a batch: ${reason}.` });
}
