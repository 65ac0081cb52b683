import { createHeap, type Heap } from "../../base/heap.ts";
import type { PoolAccount } from "./pool-account.ts";

interface Counted {
  account: PoolAccount;
  pending: number;
}

/** Finds the account with the most pending transactions. Built when somebody asks, then told of every change. */
export class Crowd {
  private heap: Heap<Counted> | undefined;
  private readonly least: number;
  private readonly mostHeld: number;

  /** Accounts with up to `least` pending ones are nobody's burden. It is built anew when it holds more than `mostHeld`. */
  constructor(least: number, mostHeld: number) {
    this.least = least;
    this.mostHeld = mostHeld;
  }

  /** Notes that the account's number of pending ones has changed. */
  changed(account: PoolAccount): void {
    if (this.heap === undefined) return;
    if (this.heap.size >= this.mostHeld) this.forget();
    else this.push(this.heap, account);
  }

  forget(): void {
    this.heap = undefined;
  }

  largest(all: Iterable<PoolAccount>): PoolAccount | undefined {
    this.heap ??= this.build(all);
    for (;;) {
      const top = this.heap.pop();
      if (top === undefined) return undefined;
      if (top.account.pending !== top.pending) continue;
      this.heap.push(top);
      return top.account;
    }
  }

  private build(all: Iterable<PoolAccount>): Heap<Counted> {
    const heap = createHeap<Counted>((a, b) => a.pending > b.pending);
    for (const account of all) this.push(heap, account);
    return heap;
  }

  private push(heap: Heap<Counted>, account: PoolAccount): void {
    const { pending, isLocal } = account;
    if (pending > this.least && !isLocal) heap.push({ account, pending });
  }
}
