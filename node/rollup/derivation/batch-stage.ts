import type { SingularBatch } from "../../chain/codec/singular-batch.ts";
import type { SpanBatch } from "../../chain/codec/span-batch.ts";
import type { L1Block } from "../../chain/types/l1.ts";
import type { L2BlockRef, RollupConfig } from "../../chain/types/rollup.ts";
import { rollupError } from "../errors.ts";
import { type BatchContext, type BatchVerdict, checkSingularBatch } from "./batch-rules.ts";
import { OpenSpan } from "./open-span.ts";
import type { OriginWindow } from "./origin-window.ts";
import { checkSpanPrefix, splitSpan } from "./span-rules.ts";
import {
  AGAIN,
  type Batch,
  type DerivationObserver,
  DRAINED,
  type L1Position,
  type NextBlock,
  type Pull,
  type SafeChain,
} from "./types.ts";

export interface BatchSource {
  next(l1: L1Position): Pull<Batch>;
  flush(): void;
}

/**
 * Turns batches into one block after the other on top of the safe head, and into empty blocks where the sequencing window has
 * expired; from Holocene on. Spec: Holocene, "Batch Queue" becomes the batch stage.
 */
export class BatchStage {
  private readonly batches: BatchSource;
  private readonly window: OriginWindow;
  private readonly rollup: RollupConfig;
  private readonly observe: DerivationObserver;
  private readonly span: OpenSpan;

  constructor(batches: BatchSource, window: OriginWindow, rollup: RollupConfig, observe: DerivationObserver) {
    this.batches = batches;
    this.window = window;
    this.rollup = rollup;
    this.observe = observe;
    this.span = new OpenSpan(rollup);
  }

  /** Drops the rest of the span and of its channel. */
  flush(): void {
    this.span.close();
    this.batches.flush();
  }

  /** `origin` is the L1 block that is being read; it needs its header and receipts only. */
  next(origin: L1Block, safeHead: L2BlockRef, chain: SafeChain): Pull<NextBlock> {
    const { window, rollup } = this;
    window.advance(origin, safeHead);
    if (origin.number <= safeHead.l1Origin.number) {
      // A channel complete by then holds nothing after the safe head.
      const batch = this.batches.next(origin);
      return batch.kind === "item" ? AGAIN : batch;
    }
    if (window.known.length < 2) return startInvalid(origin, safeHead);
    const reason = window.conflict(safeHead);
    if (reason !== undefined) return { kind: "reset", reason };
    const context = { rollup, l1Blocks: window.known, safeHead, inclusion: origin };
    const candidate = this.candidate(context, chain);
    if (candidate.kind === "drained") {
      const item = window.emptyBlock(safeHead, true);
      return item === undefined ? DRAINED : { kind: "item", item };
    }
    return candidate.kind === "item" ? this.judge(candidate.item, context) : candidate;
  }

  private candidate(context: BatchContext, chain: SafeChain): Pull<SingularBatch> {
    const pending = this.span.take(context.safeHead);
    if (pending !== undefined) return { kind: "item", item: pending };
    const next = this.batches.next(context.inclusion);
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
    this.span.open(split);
    const first = this.span.take(context.safeHead);
    return first === undefined ? AGAIN : { kind: "item", item: first };
  }

  private judge(batch: SingularBatch, context: BatchContext): Pull<NextBlock> {
    const verdict = checkSingularBatch(batch, context);
    if (verdict.kind !== "accept") return this.setAside(verdict, "block", batch.timestamp);
    const origin = this.window.at(batch.epochNumber)!;
    return { kind: "item", item: { batch, origin, concluding: true, ahead: this.span.next } };
  }

  private setAside(
    verdict: Exclude<BatchVerdict, { kind: "accept" }>,
    what: string,
    timestamp: bigint,
  ): Pull<never> {
    const reason = "reason" in verdict ? verdict.reason : "it is not after the safe head";
    this.observe({ stage: "batch-stage", reason, facts: { what, timestamp, verdict: verdict.kind } });
    if (verdict.kind === "drop") this.flush();
    return AGAIN;
  }
}

function startInvalid(origin: L1Block, safeHead: L2BlockRef): Pull<never> {
  const error = rollupError("DERIVATION_START_INVALID", {
    message: `Derivation did not start before the safe head's L1 origin ${safeHead.l1Origin.number}.`,
    fix: "Start the pipeline at least a channel timeout before the safe head's origin.",
    facts: { origin: origin.number, safeHead: safeHead.hash },
  });
  return { kind: "critical", error };
}
