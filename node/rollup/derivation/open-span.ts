import type { SingularBatch } from "../../chain/codec/singular-batch.ts";
import type { L2BlockRef, RollupConfig } from "../../chain/types/rollup.ts";

/** A block of a span, before the block that it follows is there. */
export type SpanBlock = Omit<SingularBatch, "parentHash">;

/** The blocks of a span that are still to come. */
export class OpenSpan {
  private readonly rollup: RollupConfig;
  private blocks: SpanBlock[] = [];

  constructor(rollup: RollupConfig) {
    this.rollup = rollup;
  }

  /** True when the last block was taken, or there was none. */
  get isOver(): boolean {
    return this.blocks.length === 0;
  }

  /** Transactions of the block that comes next. */
  get next(): readonly Uint8Array[] | undefined {
    return this.blocks[0]?.transactions;
  }

  open(blocks: readonly SpanBlock[]): void {
    this.blocks = [...blocks];
  }

  close(): void {
    this.blocks = [];
  }

  /** The next block on the safe head. When that is not the block before it, one of the span was invalid: all of it goes. */
  take(safeHead: L2BlockRef): SingularBatch | undefined {
    const next = this.blocks.shift();
    if (next?.timestamp === safeHead.timestamp + this.rollup.blockTime) {
      return { ...next, parentHash: safeHead.hash };
    }
    this.blocks = [];
    return undefined;
  }
}
