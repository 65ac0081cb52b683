import { isActive } from "../../chain/rules/forks.ts";
import type { L1Block } from "../../chain/types/l1.ts";
import type { L2BlockRef, RollupConfig } from "../../chain/types/rollup.ts";
import { BatchQueue } from "./batch-queue.ts";
import { type BatchSource, BatchStage } from "./batch-stage.ts";
import { OriginWindow } from "./origin-window.ts";
import type { DerivationObserver, NextBlock, Pull, SafeChain } from "./types.ts";

/**
 * The next block by the rules of the L1 block that is read: Holocene's first one drops the batches that wait, and keeps the L1
 * blocks, which the first channel after it refers to. Source: op-node `BatchMux`.
 */
export class BatchProvider {
  private readonly rollup: RollupConfig;
  private readonly stage: BatchStage;
  private queue: BatchQueue | undefined;

  constructor(batches: BatchSource, rollup: RollupConfig, observe: DerivationObserver) {
    const window = new OriginWindow(rollup);
    this.rollup = rollup;
    this.stage = new BatchStage(batches, window, rollup, observe);
    this.queue = new BatchQueue(batches, window, rollup, observe);
  }

  next(origin: L1Block, safeHead: L2BlockRef, chain: SafeChain): Pull<NextBlock> {
    if (isActive(this.rollup, "holocene", origin.timestamp)) this.queue = undefined;
    return (this.queue ?? this.stage).next(origin, safeHead, chain);
  }

  /** Drops the rest of the span and of its channel. From Holocene on. */
  flush(): void {
    this.stage.flush();
  }
}
