import { monotonicMs } from "../../base/clock.ts";
import { CodedError } from "../../base/errors.ts";
import { type RecoverSenders, recoverSendersHere } from "../../chain/crypto.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { ChainTransaction, SignedTransaction } from "../../chain/types/transaction.ts";
import type { CandidateSource } from "../evm/executor.ts";
import { AdmissionQueue } from "./admission-queue.ts";
import { type PoolCandidate, readEnvelope } from "./candidate.ts";
import { authoritiesOf, orphansOf, passedNonces } from "./change.ts";
import { checkDelegation, checkFunds, checkPrice, checkReplacement } from "./checks.ts";
import { DEFAULT_POOL_LIMITS, type PoolLimits, refuse } from "./limits.ts";
import type { PoolAccount, PoolEntry } from "./pool-account.ts";
import { PoolBook } from "./pool-book.ts";
import { slotsOf } from "./pool-entry.ts";
import { PoolRoom } from "./pool-room.ts";
import { poolSource } from "./pool-source.ts";
import { readJournal } from "./restore.ts";
import type { Mempool, MempoolOptions, PoolChange, PoolContent } from "./types.ts";

/** Accounts that run code which are looked at after each block. */
const DELEGATED_PER_HEAD = 1_024;

export function createMempool(options: MempoolOptions): Mempool {
  return new Pool(options);
}

class Pool implements Mempool {
  private readonly options: MempoolOptions;
  private readonly limits: PoolLimits;
  private readonly locals: ReadonlySet<Address>;
  private readonly now: () => number;
  private readonly recover: RecoverSenders;
  private readonly book: PoolBook;
  private readonly room: PoolRoom;
  private readonly admission: AdmissionQueue;
  private readonly listeners = new Set<(transaction: ChainTransaction) => void>();
  /** Journal numbers of entries that left the pool. */
  private done: number[] = [];
  private order = 0;

  constructor(options: MempoolOptions) {
    this.options = options;
    this.limits = { ...DEFAULT_POOL_LIMITS, ...options.limits };
    this.locals = new Set(options.locals);
    this.now = options.now ?? monotonicMs;
    this.recover = options.recover ?? recoverSendersHere;
    const watcher = {
      placed: (entry: PoolEntry) => this.room.placed(entry),
      pendingChanged: (account: PoolAccount) => this.room.pendingChanged(account),
      left: ({ arrival }: PoolEntry) => this.forget(arrival),
    };
    this.book = new PoolBook(watcher, this.now);
    this.room = new PoolRoom(this.book, this.limits, () => options.chain.baseFee());
    this.admission = new AdmissionQueue(this.recover, (candidates) => this.addBatch(candidates));
  }

  async add(raw: Uint8Array): Promise<Hash> {
    const transaction = readEnvelope(raw, this.options.rules);
    this.checkUnknown(transaction.hash);
    return this.admission.add(transaction);
  }

  async addBatch(candidates: readonly PoolCandidate[]): Promise<readonly (Hash | Error)[]> {
    const answers: (Hash | Error)[] = [];
    const accepted: PoolEntry[] = [];
    for (const candidate of candidates) {
      try {
        const entry = this.accept(candidate);
        accepted.push(entry);
        answers.push(entry.transaction.hash);
      } catch (error) {
        if (!(error instanceof CodedError) || error.severity === "fatal") {
          for (const entry of accepted) this.book.remove(entry);
          throw error;
        }
        answers.push(error);
      }
    }
    if (accepted.length > 0) this.journal(accepted);
    return answers;
  }

  keep(candidate: PoolCandidate): boolean {
    return this.keepEntry(candidate, undefined) !== undefined;
  }

  drop(hash: Hash): void {
    const entry = this.book.get(hash);
    if (entry !== undefined) this.book.remove(entry);
  }

  get(hash: Hash): ChainTransaction | undefined {
    return this.book.get(hash)?.transaction;
  }

  pendingNonce(address: Address): bigint | undefined {
    const account = this.book.accounts.get(address);
    return account === undefined || account.pending === 0 ? undefined : BigInt(account.pendingNonce);
  }

  count(): { pending: number; queued: number } {
    return { pending: this.book.pending, queued: this.book.queued };
  }

  content(address?: Address): PoolContent {
    const one = address && this.book.accounts.get(address);
    const accounts = address === undefined ? this.book.accounts.values() : one === undefined ? [] : [one];
    const pending = new Map();
    const queued = new Map();
    for (const account of accounts) {
      const entries = [...account.all()].sort((a, b) => a.nonce - b.nonce);
      const transactions = entries.map(({ transaction }) => transaction);
      if (account.pending > 0) pending.set(account.address, transactions.slice(0, account.pending));
      if (account.queued > 0) queued.set(account.address, transactions.slice(account.pending));
    }
    return { pending, queued };
  }

  onPending(listener: (transaction: ChainTransaction) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  source(): CandidateSource {
    return poolSource(this.book.accounts.values(), (entry, reason) => this.dropInvalid(entry, reason));
  }

  chainChanged(change: PoolChange): void {
    this.room.forgetOrder();
    const { removed, added } = change;
    const known = (hash: Hash) => this.book.get(hash)?.authorities;
    const authorities = this.book.size > 0 ? authoritiesOf([...removed, ...added], known) : [];
    for (const [address, nonce] of passedNonces(added)) {
      const account = this.book.accounts.get(address);
      if (account !== undefined && nonce > account.nonce) this.book.moveTo(account, nonce);
      this.sync(address);
    }
    const orphans = orphansOf(change);
    for (const { from } of orphans) this.sync(from);
    for (const authority of authorities) this.sync(authority);
    for (const transaction of orphans) this.takeBack(transaction, change.journalled?.get(transaction.hash));
    this.syncDelegated();
    for (const entry of this.room.trim(this.now())) this.dropForRoom(entry);
  }

  async restore(): Promise<void> {
    const { journal, rules } = this.options;
    for await (const { arrival, candidate, error } of readJournal(journal, rules, this.recover)) {
      if (error !== undefined)
        this.options.logger.warn({ error, arrival }, "A journalled transaction is unreadable");
      const entry = candidate && this.keepEntry(candidate, arrival);
      if (entry === undefined) this.forget(arrival);
    }
    const transactions = this.book.size;
    if (transactions > 0) this.options.logger.info({ transactions }, "Mempool restored");
  }

  private takeBack(transaction: SignedTransaction, arrival: number | undefined): void {
    const authorities = [...authoritiesOf([{ transactions: [transaction] }], () => undefined)];
    const entry = this.keepEntry({ transaction, authorities }, arrival);
    if (entry === undefined) this.forget(arrival);
    else this.room.holdPlace(entry, this.now());
  }

  /** Some of them at a head, in turn: of what it misses the executor finds out. */
  private syncDelegated(): void {
    const { delegated } = this.book;
    let left = DELEGATED_PER_HEAD;
    for (const account of [...delegated]) {
      if (left-- === 0) return;
      delegated.delete(account);
      delegated.add(account);
      this.sync(account.address);
    }
  }

  /** Checks against the state and takes it in; it waits for nothing, so that no other call comes between. */
  private accept({ transaction, authorities }: PoolCandidate): PoolEntry {
    const { chain } = this.options;
    const { hash, from } = transaction;
    this.checkUnknown(hash);
    if (transaction.gasLimit > chain.gasLimit()) {
      const fix = `A block holds ${chain.gasLimit()} gas.`;
      throw refuse("TXPOOL_GAS_LIMIT", "exceeds block gas limit", fix);
    }
    const isLocal = this.locals.has(from);
    const state = chain.account(from);
    const entry = this.entry({ transaction, authorities }, false);
    if (!isLocal) checkPrice(entry, this.limits.priceLimit);
    const nonce = Number(state?.nonce ?? 0n);
    if (entry.nonce < nonce) throw nonceTooLow(entry.nonce, nonce);
    const known = this.book.accounts.get(from);
    if (known !== undefined) this.book.moveTo(known, nonce);
    // The book closes an account with its last transaction.
    const account = this.book.accounts.get(from);
    checkFunds(entry, account, state?.balance ?? 0n);
    const hasCode = state?.hasCode ?? false;
    checkDelegation(entry, account, { book: this.book, hasCode, nonce });
    const old = account?.get(entry.nonce);
    if (old !== undefined) checkReplacement(entry, old, this.limits.priceBump);
    const isPending = entry.nonce <= (account?.pendingNonce ?? nonce);
    const slots = entry.slots - (old?.slots ?? 0);
    const wanted = { isLocal, isNew: old === undefined, isPending, slots };
    for (const victim of this.room.make(entry, account, wanted)) this.dropForRoom(victim);
    this.put(entry, nonce, hasCode);
    return entry;
  }

  private entry({ transaction, authorities }: PoolCandidate, isKept: boolean): PoolEntry {
    const { gasLimit, value, nonce, raw, maxFeePerGas: feeCap, maxPriorityFeePerGas: tipCap } = transaction;
    return {
      transaction,
      nonce: Number(nonce),
      feeCap,
      tipCap,
      cost: gasLimit * feeCap + value + this.options.chain.extraCost(transaction),
      authorities,
      slots: slotsOf(raw.length),
      order: this.order++,
      isKept,
      holdsPlace: false,
      account: undefined,
      since: this.now(),
      arrival: undefined,
    };
  }

  private put(entry: PoolEntry, nonce: number, hasCode: boolean): void {
    const { from } = entry.transaction;
    const account = this.book.open(from, nonce, this.locals.has(from));
    account.isDelegated = hasCode;
    if (hasCode) this.book.delegated.add(account);
    this.book.put(account, entry);
  }

  /** Undefined: the chain has passed it, or one that pays enough more is there. */
  private keepEntry(candidate: PoolCandidate, arrival: number | undefined): PoolEntry | undefined {
    const { hash, from } = candidate.transaction;
    const state = this.options.chain.account(from);
    const nonce = Number(state?.nonce ?? 0n);
    const entry = this.entry(candidate, true);
    if (this.book.get(hash) !== undefined || entry.nonce < nonce) return undefined;
    this.sync(from);
    const old = this.book.accounts.get(from)?.get(entry.nonce);
    if (old !== undefined && old.feeCap >= entry.feeCap) return undefined;
    entry.arrival = arrival;
    this.put(entry, nonce, state?.hasCode ?? false);
    return entry;
  }

  private checkUnknown(hash: Hash): void {
    if (this.book.get(hash) !== undefined)
      throw refuse("TXPOOL_ALREADY_KNOWN", "already known", "Nothing to do.", { hash });
  }

  /** Writes the entries to the journal and tells of them; takes them out again when they can't be written. */
  private journal(entries: readonly PoolEntry[]): void {
    try {
      const raws = entries.map(({ transaction }) => transaction.raw);
      const arrivals = this.options.journal.append(raws);
      for (const [index, entry] of entries.entries()) {
        // One of the batch may have left for a later one of it; it is written all the same.
        if (entry.account === undefined) this.forget(arrivals[index]);
        else entry.arrival = arrivals[index];
      }
    } catch (error) {
      for (const entry of entries) this.book.remove(entry);
      throw error;
    }
    for (const listener of this.listeners) for (const { transaction } of entries) listener(transaction);
  }

  /** Follows the account to the unsafe head; what it can't pay any more leaves. */
  private sync(address: Address): void {
    const account = this.book.accounts.get(address);
    if (account === undefined) return;
    const state = this.options.chain.account(address);
    this.book.moveTo(account, Number(state?.nonce ?? 0n));
    account.isDelegated = state?.hasCode ?? false;
    if (account.size === 0) return;
    if (account.isDelegated) this.book.delegated.add(account);
    else this.book.delegated.delete(account);
    const balance = state?.balance ?? 0n;
    if (account.queued === 0 && account.pendingCost <= balance) return;
    for (const entry of [...account.all()]) {
      if (entry.cost > balance && !entry.isKept) this.dropLogged(entry, "insufficient funds");
    }
  }

  private dropInvalid(entry: PoolEntry, reason: string): void {
    // What pays for a transaction of a removed block may come back with another one.
    const mayBePaid = entry.isKept && reason.startsWith("insufficient funds");
    if (mayBePaid && this.now() < entry.since + this.limits.lifetimeMs) return;
    this.dropLogged(entry, reason);
  }

  private dropLogged(entry: PoolEntry, reason: string): void {
    const { hash, from } = entry.transaction;
    const facts = { hash, from, nonce: entry.nonce, reason };
    this.options.logger.info(facts, "A transaction can't be included and is dropped");
    this.book.remove(entry);
  }

  private dropForRoom(entry: PoolEntry): void {
    const { hash, from } = entry.transaction;
    this.options.logger.debug({ hash, from, nonce: entry.nonce }, "A transaction is dropped for the limits");
    this.book.remove(entry);
  }

  /** One write for all that one turn took out of the pool. */
  private forget(arrival: number | undefined): void {
    if (arrival === undefined) return;
    if (this.done.length === 0) queueMicrotask(() => this.tidyJournal());
    this.done.push(arrival);
  }

  private tidyJournal(): void {
    const { done } = this;
    this.done = [];
    this.options.journal.remove(done).catch((error: unknown) => {
      this.options.logger.debug({ error }, "Journal entries stay until the next start");
    });
  }
}

function nonceTooLow(have: number, want: number): CodedError {
  const fix = "Use the account's next nonce; clear the wallet's activity after a reset.";
  return refuse("TXPOOL_NONCE_TOO_LOW", `nonce too low: next nonce ${want}, tx nonce ${have}`, fix);
}
