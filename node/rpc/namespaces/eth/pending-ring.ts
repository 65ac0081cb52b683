import type { ChainTransaction } from "../../../chain/types/transaction.ts";
import type { TxPool } from "../../types.ts";

/** Transactions that are kept for those who poll; the oldest go first. */
const KEPT = 16_384;

/** What came into the pool last, for all filters together. It listens while one of them is there. */
export class PendingRing {
  private readonly pool: TxPool;
  private readonly ring: ChainTransaction[] = [];
  /** Of all that came so far. */
  private count = 0;
  private readers = 0;
  private stop: (() => void) | undefined;

  constructor(pool: TxPool) {
    this.pool = pool;
  }

  /** Where a reader who comes now begins; it must {@link leave} later. */
  join(): number {
    this.readers++;
    this.stop ??= this.pool.onPending((transaction) => {
      this.ring[this.count % KEPT] = transaction;
      this.count++;
    });
    return this.count;
  }

  leave(): void {
    this.readers--;
    if (this.readers > 0) return;
    this.stop?.();
    this.stop = undefined;
    this.ring.length = 0;
  }

  /** What came since `from`, at most the newest that are kept, and where to go on. */
  since(from: number): { transactions: ChainTransaction[]; next: number } {
    const transactions: ChainTransaction[] = [];
    for (let i = Math.max(from, this.count - KEPT); i < this.count; i++) {
      const transaction = this.ring[i % KEPT];
      if (transaction !== undefined) transactions.push(transaction);
    }
    return { transactions, next: this.count };
  }
}
