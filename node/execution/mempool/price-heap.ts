import { createHeap, type Heap } from "../../base/heap.ts";
import type { PoolEntry } from "./pool-account.ts";
import { effectiveTip } from "./pool-entry.ts";

/** True when `a` pays less than `b` at this base fee; as geth's `priceHeap`, but of equal ones neither. */
export function paysLess(a: PoolEntry, b: PoolEntry, baseFee: bigint): boolean {
  const tips = [effectiveTip(a, baseFee), effectiveTip(b, baseFee)] as const;
  if (tips[0] !== tips[1]) return tips[0] < tips[1];
  return a.feeCap === b.feeCap ? a.tipCap < b.tipCap : a.feeCap < b.feeCap;
}

/**
 * Finds the cheapest transaction of those that it is for. It is built when somebody asks while the pool is full, and forgotten
 * with the base fee: a pool with room keeps no order.
 */
export class PriceHeap {
  private readonly isOfIt: (entry: PoolEntry) => boolean;
  private readonly mostHeld: number;
  private heap: Heap<PoolEntry> | undefined;
  /** Taken out since the last `settle` or `putBack`. */
  private popped: PoolEntry[] = [];

  /** It is forgotten when it holds more than `mostHeld`, most of which must have left the pool by then. */
  constructor(isOfIt: (entry: PoolEntry) => boolean, mostHeld: number) {
    this.isOfIt = isOfIt;
    this.mostHeld = mostHeld;
  }

  /** Notes an entry that is new, or that belongs here from now on. */
  add(entry: PoolEntry): void {
    if (this.heap === undefined || !this.isOfIt(entry)) return;
    if (this.heap.size >= this.mostHeld) this.forget();
    else this.heap.push(entry);
  }

  forget(): void {
    this.heap = undefined;
    this.popped = [];
  }

  /** Takes the cheapest one out of the heap. */
  pop(all: Iterable<PoolEntry>, baseFee: bigint): PoolEntry | undefined {
    this.heap ??= this.build(all, baseFee);
    for (;;) {
      const entry = this.heap.pop();
      if (entry !== undefined && !this.isOfIt(entry)) continue;
      if (entry !== undefined) this.popped.push(entry);
      return entry;
    }
  }

  /** What was popped leaves the pool. */
  settle(): void {
    if (this.popped.length > 0) this.popped = [];
  }

  /** What was popped stays in the pool. */
  putBack(): void {
    for (const entry of this.popped) this.heap?.push(entry);
    this.settle();
  }

  private build(all: Iterable<PoolEntry>, baseFee: bigint): Heap<PoolEntry> {
    // Of equal ones the higher nonce goes first, then the later: others may build on the earlier.
    const heap = createHeap<PoolEntry>((a, b) => {
      if (paysLess(a, b, baseFee)) return true;
      if (paysLess(b, a, baseFee)) return false;
      return a.nonce === b.nonce ? a.order > b.order : a.nonce > b.nonce;
    });
    for (const entry of all) if (this.isOfIt(entry)) heap.push(entry);
    return heap;
  }
}
