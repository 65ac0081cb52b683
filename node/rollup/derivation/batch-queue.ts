import type { L1Block } from "../../chain/types/l1.ts";
import type { L2BlockRef, RollupConfig } from "../../chain/types/rollup.ts";
import { rollupError } from "../errors.ts";
import { type BatchContext, type BatchVerdict, checkSingularBatch } from "./batch-rules.ts";
import type { BatchSource } from "./batch-stage.ts";
import { OpenSpan } from "./open-span.ts";
import type { OriginWindow } from "./origin-window.ts";
import { checkSpan, splitSpan } from "./span-rules.ts";
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

/** A batch that may become a block, with the L1 block that it was read in. */
interface WaitingBatch {
  batch: Batch;
  inclusion: L1Position;
}

/**
 * Turns batches into blocks before Holocene: they may come in any order, one that is too early waits, and the first that fits the
 * safe head is the next block. A span is judged as a whole, and becomes safe as a whole. Source: op-node `BatchQueue`.
 */
export class BatchQueue {
  private readonly batches: BatchSource;
  private readonly window: OriginWindow;
  private readonly rollup: RollupConfig;
  private readonly observe: DerivationObserver;
  private readonly span: OpenSpan;
  /** In the order in which they were read. */
  private waiting: WaitingBatch[] = [];

  constructor(batches: BatchSource, window: OriginWindow, rollup: RollupConfig, observe: DerivationObserver) {
    this.batches = batches;
    this.window = window;
    this.rollup = rollup;
    this.observe = observe;
    this.span = new OpenSpan(rollup);
  }

  /** `origin` is the L1 block that is being read; it needs its header and receipts only. */
  next(origin: L1Block, safeHead: L2BlockRef, chain: SafeChain): Pull<NextBlock> {
    // The window stays as it is while a span is applied: what comes after a span that fails is judged by it.
    const pending = this.fromSpan(safeHead);
    if (pending !== undefined) return pending;
    this.window.advance(origin, safeHead);
    const isBehind = origin.number < safeHead.l1Origin.number;
    const pulled = this.batches.next(origin);
    if (pulled.kind !== "item" && pulled.kind !== "drained") return pulled;
    const rest = pulled.kind === "drained" ? DRAINED : AGAIN;
    if (isBehind) return rest;
    if (pulled.kind === "item") this.add({ batch: pulled.item, inclusion: origin }, safeHead, chain);
    return this.derive(safeHead, chain, pulled.kind === "drained") ?? rest;
  }

  private add(candidate: WaitingBatch, safeHead: L2BlockRef, chain: SafeChain): void {
    const verdict = this.check(candidate, safeHead, chain);
    if (verdict.kind === "drop") this.note(candidate, verdict.reason);
    else this.waiting.push(candidate);
  }

  private check({ batch, inclusion }: WaitingBatch, safeHead: L2BlockRef, chain: SafeChain): BatchVerdict {
    const context: BatchContext = {
      rollup: this.rollup,
      l1Blocks: this.window.known,
      safeHead,
      inclusion,
    };
    return batch.kind === "singular"
      ? checkSingularBatch(batch.batch, context)
      : checkSpan(batch.span, context, chain);
  }

  private derive(safeHead: L2BlockRef, chain: SafeChain, drained: boolean): Pull<NextBlock> | undefined {
    if (this.window.known.length === 0) return startInvalid(safeHead);
    const reason = this.window.conflict(safeHead);
    if (reason !== undefined) return { kind: "reset", reason };
    const found = this.firstThatFits(safeHead, chain);
    if (found === "undecided") return undefined;
    if (found !== undefined) return this.open(found.batch, safeHead);
    const item = this.window.emptyBlock(safeHead, drained);
    return item && { kind: "item", item };
  }

  /** Takes the first batch that is accepted out; those before it that can't be judged yet keep it from being looked for. */
  private firstThatFits(safeHead: L2BlockRef, chain: SafeChain): WaitingBatch | "undecided" | undefined {
    const early: WaitingBatch[] = [];
    for (const [index, candidate] of this.waiting.entries()) {
      const verdict = this.check(candidate, safeHead, chain);
      if (verdict.kind === "future") early.push(candidate);
      else if (verdict.kind === "drop") this.note(candidate, verdict.reason);
      else {
        const isAccepted = verdict.kind === "accept";
        this.waiting = [...early, ...this.waiting.slice(isAccepted ? index + 1 : index)];
        return isAccepted ? candidate : "undecided";
      }
    }
    this.waiting = early;
    return undefined;
  }

  private open(batch: Batch, safeHead: L2BlockRef): Pull<NextBlock> | undefined {
    const context = { rollup: this.rollup, l1Blocks: this.window.known, safeHead };
    // What is accepted has its origins in the window.
    this.span.open(batch.kind === "singular" ? [batch.batch] : splitSpan(batch.span, context)!);
    return this.fromSpan(safeHead);
  }

  private fromSpan(safeHead: L2BlockRef): Pull<NextBlock> | undefined {
    const batch = this.span.take(safeHead);
    const origin = batch && this.window.at(batch.epochNumber);
    if (batch === undefined || origin === undefined) return undefined;
    return { kind: "item", item: { batch, origin, concluding: this.span.isOver } };
  }

  private note({ batch }: WaitingBatch, reason: string): void {
    const timestamp = batch.kind === "singular" ? batch.batch.timestamp : batch.span.elements[0]!.timestamp;
    this.observe({ stage: "batch-queue", reason, facts: { what: batch.kind, timestamp } });
  }
}

function startInvalid(safeHead: L2BlockRef): Pull<never> {
  const error = rollupError("DERIVATION_START_INVALID", {
    message: `Derivation did not start before the safe head's L1 origin ${safeHead.l1Origin.number}.`,
    fix: "Start the pipeline at least a channel timeout before the safe head's origin.",
    facts: { safeHead: safeHead.hash },
  });
  return { kind: "critical", error };
}
