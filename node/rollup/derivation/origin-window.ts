import { sequencerWindowEnd } from "../../chain/rules/chain-spec.ts";
import type { L1Block } from "../../chain/types/l1.ts";
import type { L2BlockRef, RollupConfig } from "../../chain/types/rollup.ts";
import type { NextBlock } from "./types.ts";

/**
 * The L1 blocks that the next L2 blocks may have as their origin: a sequencing window of them at most. Source: op-node
 * `baseBatchStage`.
 */
export class OriginWindow {
  private readonly rollup: RollupConfig;
  /** First the safe head's origin, last the L1 block that is being read; empty while L1 is read up to that origin. */
  private blocks: L1Block[] = [];
  private last: L1Block | undefined;

  constructor(rollup: RollupConfig) {
    this.rollup = rollup;
  }

  get known(): readonly L1Block[] {
    return this.blocks;
  }

  /** Takes in the L1 block that is read now, and lets go those before the safe head's origin. */
  advance(origin: L1Block, safeHead: L2BlockRef): void {
    if (this.last === undefined) {
      this.blocks = [origin];
    } else if (this.last.hash !== origin.hash) {
      if (origin.number >= safeHead.l1Origin.number) this.blocks.push(origin);
      else this.blocks = [];
    }
    this.last = origin;
    const index = this.blocks.findIndex((block) => block.number === safeHead.l1Origin.number);
    if (index > 0) this.blocks.splice(0, index);
  }

  /**
   * Why the safe head is not on the L1 chain that was read. The first block is its origin, or the next one when empty blocks
   * have filled that epoch.
   */
  conflict({ l1Origin: { hash, number } }: L2BlockRef): string | undefined {
    const epoch = this.blocks[0];
    if (epoch === undefined || epoch.hash === hash || epoch.number === number + 1n) return undefined;
    return `the safe head's L1 origin ${hash} is not the ${epoch.hash} that was read`;
  }

  /**
   * The empty block that follows where the sequencing window of the current epoch has expired; `drained` says that nothing is
   * left to read up to the L1 block being read, which may be the window's last. Where the epoch is full it steps to the next one.
   */
  emptyBlock(safeHead: L2BlockRef, drained: boolean): NextBlock | undefined {
    const [epoch, nextEpoch] = this.blocks;
    if (epoch === undefined || nextEpoch === undefined || this.last === undefined) return undefined;
    const end = sequencerWindowEnd(this.rollup, epoch.number);
    if (end > this.last.number || (end === this.last.number && !drained)) return undefined;
    const timestamp = safeHead.timestamp + this.rollup.blockTime;
    const opensEpoch = epoch.number === safeHead.l1Origin.number + 1n;
    if (timestamp >= nextEpoch.timestamp && !opensEpoch) {
      this.blocks.shift();
      return undefined;
    }
    const batch = {
      parentHash: safeHead.hash,
      epochNumber: epoch.number,
      epochHash: epoch.hash,
      timestamp,
      transactions: [],
    };
    return { batch, origin: epoch, concluding: true };
  }

  /** The block of that number. */
  at(number: bigint): L1Block | undefined {
    return this.blocks.find((block) => block.number === number);
  }
}
