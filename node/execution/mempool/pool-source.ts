import { createHeap } from "../../base/heap.ts";
import type { CandidateOutcome, CandidateSource } from "../evm/executor.ts";
import type { PoolAccount, PoolEntry } from "./pool-account.ts";
import { effectiveTip } from "./pool-entry.ts";

interface Candidate {
  entry: PoolEntry;
  account: PoolAccount;
  tip: bigint;
}

/**
 * The pool as one block sees it: by tip, each sender in nonce order, the earlier of equal tips first. A sender whose
 * transaction does not get in waits for the next block. `drop` takes an invalid one out of the pool.
 */
export function poolSource(
  accounts: Iterable<PoolAccount>,
  drop: (entry: PoolEntry, reason: string) => void,
): CandidateSource {
  return new Source(accounts, drop);
}

class Source implements CandidateSource {
  private readonly drop: (entry: PoolEntry, reason: string) => void;
  private readonly heap = createHeap<Candidate>(
    (a, b) => a.tip > b.tip || (a.tip === b.tip && a.entry.order < b.entry.order),
  );
  /** Senders whose first transaction is not in the heap yet. */
  private fresh: readonly PoolAccount[];
  /** What the last `take` gave, in its order. */
  private given: Candidate[] = [];
  /** Senders that are done with this block. */
  private readonly waiting = new Set<PoolAccount>();

  constructor(accounts: Iterable<PoolAccount>, drop: (entry: PoolEntry, reason: string) => void) {
    this.fresh = [...accounts];
    this.drop = drop;
  }

  take({ baseFee, count }: { baseFee: bigint; count: number }) {
    for (const account of this.fresh) this.offer(account, account.nonce, baseFee);
    this.fresh = [];
    this.given = [];
    while (this.given.length < count) {
      const candidate = this.heap.pop();
      if (candidate === undefined) break;
      if (this.waiting.has(candidate.account)) continue;
      this.given.push(candidate);
      this.offer(candidate.account, candidate.entry.nonce + 1, baseFee);
    }
    return this.given.map(({ entry }) => entry.transaction);
  }

  settle(outcomes: readonly CandidateOutcome[]): void {
    for (const [index, { outcome }] of outcomes.entries()) {
      const candidate = this.given[index];
      if (candidate === undefined || outcome === "included") continue;
      this.waiting.add(candidate.account);
      if (outcome === "skipped") continue;
      const { entry, account } = candidate;
      const dropped = outcome.sender ? [...account.after(entry.nonce), entry] : [entry];
      for (const each of dropped) this.drop(each, outcome.invalid);
    }
    this.given = [];
  }

  private offer(account: PoolAccount, nonce: number, baseFee: bigint): void {
    const entry = account.get(nonce);
    if (entry === undefined) return;
    const tip = effectiveTip(entry, baseFee);
    if (tip >= 0n) this.heap.push({ entry, account, tip });
  }
}
