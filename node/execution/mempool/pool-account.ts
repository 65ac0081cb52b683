import type { Address } from "../../chain/types/primitives.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";

/** A signed transaction in the mempool with what ordering and checks need. */
export interface PoolEntry {
  readonly transaction: SignedTransaction;
  readonly nonce: number;
  /** Wei per gas; legacy transactions have their gas price in both. */
  readonly feeCap: bigint;
  readonly tipCap: bigint;
  /** Wei that the sender must have before execution, with L1 and operator fee as they were on arrival. */
  readonly cost: bigint;
  /** Accounts of whose authorizations (EIP-7702) it carries one. */
  readonly authorities: readonly Address[];
  /** Units of 32 KiB. */
  readonly slots: number;
  /** Order of arrival in this process: the earlier of two equal tips goes first. */
  readonly order: number;
  /** It was acknowledged before a restart or a reorganisation: what pays for it may only come back. */
  readonly isKept: boolean;
  /** A block has held it: nobody pushes it out for its price or the room, until it has had time to get into another one. */
  holdsPlace: boolean;
  /** The account that holds it; undefined once it has left the pool. */
  account: PoolAccount | undefined;
  /** When it came, or began to wait behind a missing nonce; in ms. */
  since: number;
  /** Its number in the journal, where there is one. */
  arrival: number | undefined;
}

/**
 * One sender's waiting transactions by nonce. Those from the account's nonce on without a gap are pending: they could be in
 * the next block one after the other. The others are queued.
 */
export class PoolAccount {
  readonly address: Address;
  /** Transactions of it are never refused or dropped for their price or the pool's room. */
  readonly isLocal: boolean;
  /** The account's nonce at the unsafe head. */
  nonce: number;
  /** It runs code (EIP-7702). */
  isDelegated = false;
  pending = 0;
  /** Wei that all pending ones may cost together. */
  pendingCost = 0n;
  private readonly entries = new Map<number, PoolEntry>();

  constructor(address: Address, nonce: number, isLocal: boolean) {
    this.address = address;
    this.nonce = nonce;
    this.isLocal = isLocal;
  }

  get size(): number {
    return this.entries.size;
  }

  get queued(): number {
    return this.entries.size - this.pending;
  }

  /** The first nonce from the account's on that nothing uses. */
  get pendingNonce(): number {
    return this.nonce + this.pending;
  }

  get(nonce: number): PoolEntry | undefined {
    return this.entries.get(nonce);
  }

  isPending(entry: PoolEntry): boolean {
    return entry.nonce < this.pendingNonce && entry.nonce >= this.nonce;
  }

  all(): IterableIterator<PoolEntry> {
    return this.entries.values();
  }

  /** All with a higher nonce. */
  after(nonce: number): PoolEntry[] {
    return [...this.entries.values()].filter((entry) => entry.nonce > nonce);
  }

  /** The one with the highest nonce of those that wait behind a gap. */
  lastQueued(): PoolEntry | undefined {
    let last: PoolEntry | undefined;
    for (const entry of this.entries.values()) {
      if (entry.nonce >= this.pendingNonce && (last === undefined || entry.nonce > last.nonce)) last = entry;
    }
    return last;
  }

  /** Takes an entry whose nonce is free. */
  set(entry: PoolEntry): void {
    this.entries.set(entry.nonce, entry);
    if (entry.nonce === this.pendingNonce) this.extend();
  }

  /** Takes it out; those behind it wait from `now` on. */
  delete(entry: PoolEntry, now: number): void {
    this.entries.delete(entry.nonce);
    if (!this.isPending(entry)) return;
    this.pendingCost -= entry.cost;
    for (let nonce = entry.nonce + 1; nonce < this.pendingNonce; nonce++) {
      const stranded = this.entries.get(nonce)!;
      stranded.since = now;
      this.pendingCost -= stranded.cost;
    }
    this.pending = entry.nonce - this.nonce;
  }

  /** Puts `next` in the place of `old`, which has its nonce. */
  replace(old: PoolEntry, next: PoolEntry): void {
    this.entries.set(next.nonce, next);
    if (this.isPending(next)) this.pendingCost += next.cost - old.cost;
  }

  /** Notes the account's nonce and gives the entries that the chain has passed with it; they are out of here then. */
  moveTo(nonce: number, now: number): PoolEntry[] {
    if (nonce === this.nonce) return [];
    const passed = [...this.passedBy(nonce)];
    for (const entry of passed) this.entries.delete(entry.nonce);
    const before = this.pendingNonce;
    if (nonce > this.nonce && nonce <= before) {
      this.pending = before - nonce;
      for (const { cost } of passed) this.pendingCost -= cost;
      this.nonce = nonce;
      return passed;
    }
    this.nonce = nonce;
    this.pending = 0;
    this.pendingCost = 0n;
    this.extend();
    // What was pending and lies behind a gap now.
    for (let next = this.pendingNonce; next < before; next++) {
      const stranded = this.entries.get(next);
      if (stranded !== undefined) stranded.since = now;
    }
    return passed;
  }

  private *passedBy(nonce: number): Generator<PoolEntry> {
    // Blocks pass a nonce or two; a chain that was left alone may have passed any number.
    if (nonce - this.nonce > this.entries.size) {
      for (const entry of this.entries.values()) if (entry.nonce < nonce) yield entry;
      return;
    }
    for (let next = this.nonce; next < nonce; next++) {
      const entry = this.entries.get(next);
      if (entry !== undefined) yield entry;
    }
  }

  private extend(): void {
    for (;;) {
      const next = this.entries.get(this.pendingNonce);
      if (next === undefined) return;
      this.pending++;
      this.pendingCost += next.cost;
    }
  }
}
