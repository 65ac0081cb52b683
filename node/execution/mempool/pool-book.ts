import type { Address, Hash } from "../../chain/types/primitives.ts";
import { PoolAccount, type PoolEntry } from "./pool-account.ts";

/** What the book tells of its changes. */
export interface BookWatcher {
  /** The entry is new, or waits behind a gap from now on. */
  placed(entry: PoolEntry): void;
  pendingChanged(account: PoolAccount): void;
  left(entry: PoolEntry): void;
}

/** All that waits, by account and by hash, with its sums. Every change of the pool goes through here. */
export class PoolBook {
  readonly accounts = new Map<Address, PoolAccount>();
  private readonly byHash = new Map<Hash, PoolEntry>();
  /** How many entries carry an authorization of an account. */
  private readonly authorities = new Map<Address, number>();
  /** Accounts that run code: what happens in a block may change their nonce and balance although they sent nothing. */
  readonly delegated = new Set<PoolAccount>();
  private readonly watcher: BookWatcher;
  private readonly now: () => number;
  pending = 0;
  /** Slots of all entries. */
  slots = 0;

  constructor(watcher: BookWatcher, now: () => number) {
    this.watcher = watcher;
    this.now = now;
  }

  get size(): number {
    return this.byHash.size;
  }

  get queued(): number {
    return this.byHash.size - this.pending;
  }

  get(hash: Hash): PoolEntry | undefined {
    return this.byHash.get(hash);
  }

  entries(): IterableIterator<PoolEntry> {
    return this.byHash.values();
  }

  hasAuthorityOf(address: Address): boolean {
    return this.authorities.has(address);
  }

  /** The account in the book, which is there as long as one of its transactions is. */
  open(address: Address, nonce: number, isLocal: boolean): PoolAccount {
    const known = this.accounts.get(address);
    if (known !== undefined) return known;
    const account = new PoolAccount(address, nonce, isLocal);
    this.accounts.set(address, account);
    return account;
  }

  close(account: PoolAccount): void {
    if (account.size > 0) return;
    this.accounts.delete(account.address);
    this.delegated.delete(account);
  }

  /** Puts an entry under its account, in the place of the one that has its nonce, if any. */
  put(account: PoolAccount, entry: PoolEntry): void {
    const old = account.get(entry.nonce);
    const before = account.pending;
    entry.account = account;
    if (old === undefined) account.set(entry);
    else account.replace(old, entry);
    if (old !== undefined) this.unlist(old);
    this.byHash.set(entry.transaction.hash, entry);
    this.slots += entry.slots;
    for (const authority of entry.authorities) {
      this.authorities.set(authority, (this.authorities.get(authority) ?? 0) + 1);
    }
    this.count(account, before);
    this.watcher.placed(entry);
  }

  remove(entry: PoolEntry): void {
    const { account } = entry;
    if (account === undefined) return;
    const before = account.pending;
    account.delete(entry, this.now());
    this.unlist(entry);
    this.count(account, before);
    if (account.pending < before) for (const each of account.after(entry.nonce)) this.watcher.placed(each);
    this.close(account);
  }

  /** Notes the account's nonce at a new head; what the chain has passed leaves. */
  moveTo(account: PoolAccount, nonce: number): void {
    const before = account.pending;
    const passed = account.moveTo(nonce, this.now());
    for (const entry of passed) this.unlist(entry);
    this.count(account, before);
    this.close(account);
  }

  private unlist(entry: PoolEntry): void {
    entry.account = undefined;
    this.byHash.delete(entry.transaction.hash);
    this.slots -= entry.slots;
    for (const authority of entry.authorities) {
      const left = (this.authorities.get(authority) ?? 1) - 1;
      if (left === 0) this.authorities.delete(authority);
      else this.authorities.set(authority, left);
    }
    this.watcher.left(entry);
  }

  private count(account: PoolAccount, before: number): void {
    if (account.pending === before) return;
    this.pending += account.pending - before;
    this.watcher.pendingChanged(account);
  }
}
