import { Crowd } from "./crowd.ts";
import { type PoolLimits, refuse } from "./limits.ts";
import type { PoolAccount, PoolEntry } from "./pool-account.ts";
import type { PoolBook } from "./pool-book.ts";
import { PriceHeap, paysLess } from "./price-heap.ts";

/** Entries that may have to go for one that comes; more are only there after a reorganisation. */
const MAX_VICTIMS = 16;
/** Local transactions have no quota, but they must not fill the memory either: this many times the others' room. */
const LOCAL_SHARE = 2;
/** Heaps are built anew when they hold this many times the pool: the rest of it has left. */
const HELD_SHARE = 4;

/**
 * Who gets room, as in geth's legacypool: the cheapest go first when the pool is full, an account with many pending ones gives
 * room to those with few, and what waits behind a missing nonce has a quota by account and in all.
 */
export class PoolRoom {
  private readonly book: PoolBook;
  private readonly limits: PoolLimits;
  private readonly baseFee: () => bigint;
  private readonly cheapest: PriceHeap;
  private readonly cheapestQueued: PriceHeap;
  private readonly crowd: Crowd;
  /** Entries that hold their place, and since when. */
  private placeHolders: { entry: PoolEntry; since: number }[] = [];

  constructor(book: PoolBook, limits: PoolLimits, baseFee: () => bigint) {
    this.book = book;
    this.limits = limits;
    this.baseFee = baseFee;
    const mostHeld = HELD_SHARE * this.totalSlots;
    this.crowd = new Crowd(limits.accountSlots, mostHeld);
    const mayGo = ({ account, holdsPlace }: PoolEntry) =>
      account !== undefined && !account.isLocal && !holdsPlace;
    const isQueued = (entry: PoolEntry) => mayGo(entry) && entry.account?.isPending(entry) === false;
    this.cheapest = new PriceHeap(mayGo, mostHeld);
    this.cheapestQueued = new PriceHeap(isQueued, mostHeld);
  }

  private get totalSlots(): number {
    return this.limits.globalSlots + this.limits.globalQueue;
  }

  placed(entry: PoolEntry): void {
    this.cheapest.add(entry);
    this.cheapestQueued.add(entry);
  }

  pendingChanged(account: PoolAccount): void {
    this.crowd.changed(account);
  }

  /** A removed block held the entry: for a lifetime nobody pushes it out. */
  holdPlace(entry: PoolEntry, now: number): void {
    entry.holdsPlace = true;
    this.placeHolders.push({ entry, since: now });
  }

  /** There is a new head, with another base fee. */
  forgetOrder(): void {
    this.cheapest.forget();
    this.cheapestQueued.forget();
    this.crowd.forget();
  }

  /**
   * Makes room for `entry`, which takes `slots` more than now, by dropping others; drops none when it refuses.
   * @param account its sender's, if there is one
   * @param isNew it takes no other one's place
   * @param isPending it could be in the next block
   * @throws CodedError `TXPOOL_FULL`, `TXPOOL_UNDERPRICED`, `TXPOOL_ACCOUNT_LIMIT`, `TXPOOL_FUTURE_REPLACES_PENDING`.
   */
  make(
    entry: PoolEntry,
    account: PoolAccount | undefined,
    { isLocal, isNew, isPending, slots }: Wanted,
  ): PoolEntry[] {
    const victims: PoolEntry[] = [];
    try {
      if (isNew && !isLocal) {
        const quota = isPending ? this.crowded(account) : this.queueVictim(entry, account);
        if (quota !== undefined) victims.push(quota);
      }
      this.addCheapest(entry, account, { isLocal, isNew, isPending, slots }, victims);
    } catch (error) {
      this.cheapest.putBack();
      this.cheapestQueued.putBack();
      throw error;
    }
    this.cheapest.settle();
    this.cheapestQueued.settle();
    return victims;
  }

  /** Of the account with the most pending ones the last one, if there are too many of all accounts. */
  private crowded(account: PoolAccount | undefined): PoolEntry | undefined {
    if (this.book.pending < this.limits.globalSlots) return undefined;
    const own = account?.pending ?? 0;
    const largest = this.crowd.largest(this.book.accounts.values());
    const last = largest?.get(largest.pendingNonce - 1);
    if (last !== undefined && !last.holdsPlace && largest!.pending > own + 1) return last;
    if (own < this.limits.accountSlots) return undefined;
    throw full();
  }

  private queueVictim(entry: PoolEntry, account: PoolAccount | undefined): PoolEntry | undefined {
    const { accountQueue, globalQueue } = this.limits;
    if (account !== undefined && account.queued >= accountQueue) {
      const last = account.lastQueued();
      if (last !== undefined && last.nonce > entry.nonce) return last;
      const reason = `account limit exceeded: ${account.queued} transactions wait for nonce ${account.pendingNonce}`;
      throw refuse("TXPOOL_ACCOUNT_LIMIT", reason, "Send the missing nonces first.");
    }
    if (this.book.queued < globalQueue) return undefined;
    const victim = this.cheapestQueued.pop(this.book.entries(), this.baseFee());
    if (victim !== undefined && paysLess(victim, entry, this.baseFee())) return victim;
    throw full();
  }

  /** Adds to `victims` until the pool's slots suffice. */
  private addCheapest(
    entry: PoolEntry,
    account: PoolAccount | undefined,
    { isLocal, isPending, slots }: Wanted,
    victims: PoolEntry[],
  ): void {
    let excess = this.book.slots + slots - this.totalSlots;
    for (const victim of victims) excess -= victim.slots;
    const most = victims.length + MAX_VICTIMS;
    while (excess > 0) {
      const victim =
        victims.length < most ? this.cheapest.pop(this.book.entries(), this.baseFee()) : undefined;
      if (victim === undefined) {
        if (isLocal && excess <= (LOCAL_SHARE - 1) * this.totalSlots) return;
        throw full();
      }
      if (victims.includes(victim)) continue;
      victims.push(victim);
      excess -= victim.slots;
      if (isLocal) continue;
      const isBefore = victim.account === account && victim.nonce <= entry.nonce;
      if (isBefore || !paysLess(victim, entry, this.baseFee())) throw underpriced();
      if (!isPending && victim.account?.isPending(victim)) throw futureReplacesPending();
    }
  }

  /** Drops what waits behind a gap beyond the quotas or for too long; asked once a head. */
  trim(now: number): PoolEntry[] {
    const { accountQueue, globalQueue, lifetimeMs } = this.limits;
    this.endPlaces(now - lifetimeMs);
    const dropped: PoolEntry[] = [];
    let queued = 0;
    for (const account of this.book.accounts.values()) {
      if (account.queued === 0 || account.isLocal) continue;
      const waiting = account.after(account.pendingNonce);
      if (waiting.length > accountQueue) waiting.sort((a, b) => a.nonce - b.nonce);
      for (const [index, entry] of waiting.entries()) {
        const isTooMany = index >= accountQueue && !entry.holdsPlace;
        if (isTooMany || entry.since + lifetimeMs <= now) dropped.push(entry);
        else if (!entry.holdsPlace) queued++;
      }
    }
    const gone = new Set(dropped);
    this.trimTotal(gone, dropped);
    while (queued > globalQueue) {
      const victim = this.cheapestQueued.pop(this.book.entries(), this.baseFee());
      if (victim === undefined) break;
      if (gone.has(victim)) continue;
      dropped.push(victim);
      queued--;
    }
    this.cheapestQueued.settle();
    return dropped;
  }

  private endPlaces(before: number): void {
    const holders = this.placeHolders;
    for (const { entry, since } of holders) entry.holdsPlace = since > before;
    this.placeHolders = holders.filter(({ entry }) => entry.holdsPlace && entry.account !== undefined);
  }

  /** After a start with lower limits, or when places end; nobody goes for those who hold theirs. */
  private trimTotal(gone: Set<PoolEntry>, dropped: PoolEntry[]): void {
    let excess = this.book.slots - this.totalSlots;
    for (const { slots } of dropped) excess -= slots;
    for (const { entry } of this.placeHolders) excess -= entry.slots;
    while (excess > 0) {
      const victim = this.cheapest.pop(this.book.entries(), this.baseFee());
      if (victim === undefined) break;
      if (gone.has(victim)) continue;
      gone.add(victim);
      dropped.push(victim);
      excess -= victim.slots;
    }
    this.cheapest.settle();
  }
}

/** What an entry needs. */
export interface Wanted {
  isLocal: boolean;
  isNew: boolean;
  isPending: boolean;
  slots: number;
}

function full() {
  return refuse("TXPOOL_FULL", "txpool is full", "Wait for the next blocks and send it again.");
}

function underpriced() {
  const fix = "The pool is full; raise the fees, or wait for the next blocks.";
  return refuse("TXPOOL_UNDERPRICED", "transaction underpriced", fix);
}

function futureReplacesPending() {
  const reason = "future transaction tries to replace pending";
  return refuse("TXPOOL_FUTURE_REPLACES_PENDING", reason, "Send the missing nonces first.");
}
