import { createHeap } from "../../base/heap.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { TransactionSource } from "../evm/executor.ts";
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
): TransactionSource {
  const heap = createHeap<Candidate>(
    (a, b) => a.tip > b.tip || (a.tip === b.tip && a.entry.order < b.entry.order),
  );
  const given = new Map<Hash, Candidate>();
  let waiting: SenderQueue[] | undefined = [...queues];
  let fee = 0n;

  const offer = (queue: SenderQueue, nonce: bigint) => {
    const entry = queue.get(nonce);
    if (entry === undefined) return;
    const tip = effectiveTip(entry, fee);
    if (tip >= 0n) heap.push({ entry, queue, tip });
  };

  return {
    next(baseFee) {
      if (waiting !== undefined) {
        fee = baseFee;
        for (const queue of waiting) offer(queue, queue.stateNonce);
        waiting = undefined;
      }
      const candidate = heap.pop();
      if (candidate === undefined) return undefined;
      given.set(candidate.entry.transaction.hash, candidate);
      return candidate.entry.transaction;
    },
    report(hash, outcome) {
      const candidate = given.get(hash);
      if (candidate === undefined) return;
      given.delete(hash);
      if (outcome === "included") offer(candidate.queue, candidate.entry.nonce + 1n);
      else if (outcome !== "skipped") drop(candidate.entry, outcome.invalid);
    },
  };
}
