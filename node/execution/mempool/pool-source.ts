import { createHeap } from "../../base/heap.ts";
import type { CandidateOutcome, CandidateSource } from "../evm/executor.ts";
import { effectiveTip, type PoolEntry } from "./pool-entry.ts";
import type { SenderQueue } from "./sender-queue.ts";

interface Candidate {
  entry: PoolEntry;
  queue: SenderQueue;
  tip: bigint;
}

/**
 * The pool as one block sees it: by tip, each sender in nonce order, the earlier of equal tips first. A sender whose
 * transaction does not get in waits for the next block. `drop` takes an invalid one out of the pool.
 */
export function poolSource(
  queues: Iterable<SenderQueue>,
  drop: (entry: PoolEntry, reason: string) => void,
): CandidateSource {
  return new Source(queues, drop);
}

class Source implements CandidateSource {
  private readonly drop: (entry: PoolEntry, reason: string) => void;
  private readonly heap = createHeap<Candidate>(
    (a, b) => a.tip > b.tip || (a.tip === b.tip && a.entry.order < b.entry.order),
  );
  /** Senders whose first transaction is not in the heap yet. */
  private fresh: readonly SenderQueue[];
  /** What the last `take` gave, in its order. */
  private given: Candidate[] = [];
  /** Senders that are done with this block. */
  private readonly waiting = new Set<SenderQueue>();

  constructor(queues: Iterable<SenderQueue>, drop: (entry: PoolEntry, reason: string) => void) {
    this.fresh = [...queues];
    this.drop = drop;
  }

  take({ baseFee, count }: { baseFee: bigint; count: number }) {
    for (const queue of this.fresh) this.offer(queue, queue.stateNonce, baseFee);
    this.fresh = [];
    this.given = [];
    while (this.given.length < count) {
      const candidate = this.heap.pop();
      if (candidate === undefined) break;
      if (this.waiting.has(candidate.queue)) continue;
      this.given.push(candidate);
      this.offer(candidate.queue, candidate.entry.nonce + 1n, baseFee);
    }
    return this.given.map(({ entry }) => entry.transaction);
  }

  settle(outcomes: readonly CandidateOutcome[]): void {
    for (const [index, { outcome }] of outcomes.entries()) {
      const candidate = this.given[index];
      if (candidate === undefined || outcome === "included") continue;
      this.waiting.add(candidate.queue);
      if (outcome === "skipped") continue;
      const { entry, queue } = candidate;
      const dropped = outcome.sender ? [entry, ...queue.after(entry.nonce)] : [entry];
      for (const each of dropped) this.drop(each, outcome.invalid);
    }
    this.given = [];
  }

  private offer(queue: SenderQueue, nonce: bigint, baseFee: bigint): void {
    const entry = queue.get(nonce);
    if (entry === undefined) return;
    const tip = effectiveTip(entry, baseFee);
    if (tip >= 0n) this.heap.push({ entry, queue, tip });
  }
}
