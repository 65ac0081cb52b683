import type { SingularBatch } from "../../chain/codec/singular-batch.ts";
import type { SpanBatch } from "../../chain/codec/span-batch.ts";
import { sequencerWindowEnd } from "../../chain/rules/chain-spec.ts";
import type { L1Block } from "../../chain/types/l1.ts";
import type { L2BlockRef, RollupConfig } from "../../chain/types/rollup.ts";
import { rollupError } from "../errors.ts";
import {
  type BatchContext,
  type BatchVerdict,
  checkSingularBatch,
  checkSpanPrefix,
  splitSpan,
} from "./batch-rules.ts";
import {
  AGAIN,
  type Batch,
  type DerivationObserver,
  DRAINED,
  type L1Position,
  type Pull,
  type SafeChain,
} from "./types.ts";

export interface BatchSource {
  next(l1: L1Position): Pull<Batch>;
  flush(): void;
}

/** The block to build next, with its L1 origin. */
export interface NextBlock {
  batch: SingularBatch;
  origin: L1Block;
}

/**
 * Turns batches into one block after the other on top of the safe head, and into empty blocks where the sequencing window has
 * expired. Spec: Holocene, "Batch Queue" becomes the batch stage.
 */
export class BatchStage {
  private readonly batches: BatchSource;
  private readonly rollup: RollupConfig;
  private readonly observe: DerivationObserver;
  /** First the safe head's origin, last the L1 block that is being read; empty while L1 is read up to that origin. */
  private l1Blocks: L1Block[] = [];
  private origin: L1Block | undefined;
  /** Blocks of the current span that are still to come. */
  private span: Omit<SingularBatch, "parentHash">[] = [];

  constructor(batches: BatchSource, rollup: RollupConfig, observe: DerivationObserver) {
    this.batches = batches;
    this.rollup = rollup;
    this.observe = observe;
  }

  /** Drops the rest of the span and of its channel. */
  flush(): void {
    this.span = [];
    this.batches.flush();
  }

  /** `origin` is the L1 block that is being read; it needs its header and receipts only. */
  next(origin: L1Block, safeHead: L2BlockRef, chain: SafeChain): Pull<NextBlock> {
    this.updateOrigins(origin, safeHead);
    if (origin.number <= safeHead.l1Origin.number) {
      // A channel complete by then holds nothing after the safe head.
      const batch = this.batches.next(origin);
      return batch.kind === "item" ? AGAIN : batch;
    }
    const broken = this.checkOrigins(safeHead);
    if (broken !== undefined) return broken;
    const context = { rollup: this.rollup, l1Blocks: this.l1Blocks, safeHead, inclusion: origin.number };
    const candidate = this.candidate(origin, context, chain);
    if (candidate.kind === "drained") return this.emptyBlock(context);
    return candidate.kind === "item" ? this.judge(candidate.item, context) : candidate;
  }

  private updateOrigins(origin: L1Block, safeHead: L2BlockRef): void {
    if (this.origin === undefined) {
      this.l1Blocks = [origin];
    } else if (this.origin.hash !== origin.hash) {
      if (origin.number >= safeHead.l1Origin.number) this.l1Blocks.push(origin);
      else this.l1Blocks = [];
    }
    this.origin = origin;
    const index = this.l1Blocks.findIndex((block) => block.number === safeHead.l1Origin.number);
    if (index > 0) this.l1Blocks.splice(0, index);
  }

  /** The first block is the safe head's origin, or the next one when empty blocks have filled that epoch. */
  private checkOrigins(safeHead: L2BlockRef): Pull<never> | undefined {
    const [epoch, ...later] = this.l1Blocks;
    if (epoch === undefined || later.length === 0) {
      const error = rollupError("DERIVATION_START_INVALID", {
        message: `Derivation did not start before the safe head's L1 origin ${safeHead.l1Origin.number}.`,
        fix: "Start the pipeline at least a channel timeout before the safe head's origin.",
        facts: { origin: this.origin?.number, safeHead: safeHead.hash },
      });
      return { kind: "critical", error };
    }
    const { hash, number } = safeHead.l1Origin;
    if (epoch.hash === hash || epoch.number === number + 1n) return undefined;
    return {
      kind: "reset",
      reason: `the safe head's L1 origin ${hash} is not the ${epoch.hash} that was read`,
    };
  }

  private candidate(origin: L1Block, context: BatchContext, chain: SafeChain): Pull<SingularBatch> {
    const pending = this.takeFromSpan(context);
    if (pending !== undefined) return { kind: "item", item: pending };
    const next = this.batches.next(origin);
    if (next.kind !== "item") return next;
    return next.item.kind === "singular"
      ? { kind: "item", item: next.item.batch }
      : this.openSpan(next.item.span, context, chain);
  }

  private openSpan(span: SpanBatch, context: BatchContext, chain: SafeChain): Pull<SingularBatch> {
    const verdict = checkSpanPrefix(span, context, chain);
    if (verdict.kind !== "accept") return this.setAside(verdict, "span", span.elements[0]!.timestamp);
    const split = splitSpan(span, context);
    if (split === undefined) {
      const reason = "one of its L1 origins is not known";
      return this.setAside({ kind: "drop", reason }, "span", span.elements[0]!.timestamp);
    }
    this.span = split;
    const first = this.takeFromSpan(context);
    return first === undefined ? AGAIN : { kind: "item", item: first };
  }

  /** The next block of the current span; a span that no longer fits the safe head is forgotten. */
  private takeFromSpan({ safeHead, rollup }: BatchContext): SingularBatch | undefined {
    const next = this.span.shift();
    if (next?.timestamp === safeHead.timestamp + rollup.blockTime) {
      return { ...next, parentHash: safeHead.hash };
    }
    this.span = [];
    return undefined;
  }

  private judge(batch: SingularBatch, context: BatchContext): Pull<NextBlock> {
    const verdict = checkSingularBatch(batch, context);
    if (verdict.kind !== "accept") return this.setAside(verdict, "block", batch.timestamp);
    const origin = context.l1Blocks.find((block) => block.number === batch.epochNumber)!;
    return { kind: "item", item: { batch, origin } };
  }

  private setAside(
    verdict: Exclude<BatchVerdict, { kind: "accept" }>,
    what: string,
    timestamp: bigint,
  ): Pull<never> {
    const reason = verdict.kind === "past" ? "it is not after the safe head" : verdict.reason;
    this.observe({ stage: "batch-stage", reason, facts: { what, timestamp, verdict: verdict.kind } });
    if (verdict.kind === "drop") this.flush();
    return AGAIN;
  }

  /** Nothing is left to read up to here: has the sequencing window of the current epoch expired? */
  private emptyBlock({ rollup, safeHead, inclusion }: BatchContext): Pull<NextBlock> {
    const [epoch, nextEpoch] = this.l1Blocks;
    if (epoch === undefined || nextEpoch === undefined) return DRAINED;
    if (sequencerWindowEnd(rollup, epoch.number) > inclusion) return DRAINED;
    const timestamp = safeHead.timestamp + rollup.blockTime;
    const opensEpoch = epoch.number === safeHead.l1Origin.number + 1n;
    if (timestamp < nextEpoch.timestamp || opensEpoch) {
      const batch: SingularBatch = {
        parentHash: safeHead.hash,
        epochNumber: epoch.number,
        epochHash: epoch.hash,
        timestamp,
        transactions: [],
      };
      return { kind: "item", item: { batch, origin: epoch } };
    }
    this.l1Blocks.shift();
    return DRAINED;
  }
}
