import { isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { assertSpanCarries } from "../../chain/codec/batch-transactions.ts";
import { DEPOSIT_TYPE, decodeDeposit } from "../../chain/codec/deposit.ts";
import {
  decodeUnrecovered,
  type TransactionRules,
  type UnrecoveredTransaction,
} from "../../chain/codec/transaction.ts";
import { transactionInvalid } from "../../chain/codec/transaction-fields.ts";
import { type RecoverSenders, recoverSendersHere } from "../../chain/crypto.ts";
import type { Block } from "../../chain/types/block.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { ChainTransaction, SignedTransaction } from "../../chain/types/transaction.ts";
import type { MempoolJournal } from "../../store/mempool-journal.ts";
import type { CandidateSource } from "../evm/executor.ts";
import {
  checkGasAndFees,
  checkSize,
  entryCost,
  type PoolEntry,
  poolEntry,
  refuse,
  replaces,
} from "./pool-entry.ts";
import { poolSource } from "./pool-source.ts";
import { RecoveryQueue } from "./recovery.ts";
import { SenderQueue } from "./sender-queue.ts";

/** What the pool asks about the unsafe head. */
export interface PoolChain {
  /** Undefined: the account does not exist. */
  account(address: Address): { nonce: bigint; balance: bigint } | undefined;
  gasLimit(): bigint;
  /** Wei beyond value and gas that the transaction will cost: L1 and operator fee. */
  extraCost(transaction: SignedTransaction): bigint;
}

export interface MempoolOptions {
  journal: MempoolJournal;
  chain: PoolChain;
  rules: TransactionRules;
  logger: Logger;
  /** On this thread unless given. */
  recover?: RecoverSenders;
  maxTransactions?: number;
  maxPerSender?: number;
}

/** Signed transactions that wait for a block, in nonce order for each sender. What it accepted survives a crash. */
export interface Mempool {
  /** @throws CodedError `TRANSACTION_INVALID`, `TXPOOL_*`. */
  add(raw: Uint8Array): Promise<Hash>;
  get(hash: Hash): ChainTransaction | undefined;
  /** The nonce after the account's queued transactions without a gap; undefined when none is queued. */
  pendingNonce(address: Address): bigint | undefined;
  /** pending: could be in the next block; queued: behind a missing nonce. */
  count(): { pending: number; queued: number };
  onPending(listener: (transaction: ChainTransaction) => void): () => void;
  /** One block's view: the best transactions first. */
  source(): CandidateSource;
  /** Takes included transactions out and those of removed blocks in again. */
  chainChanged(event: { removed: readonly Block[]; added: readonly Block[] }): Promise<void>;
  /** Reads the journal of an earlier process. */
  restore(): Promise<void>;
}

const DEFAULT_MAX_TRANSACTIONS = 20_000;
const DEFAULT_MAX_PER_SENDER = 1_024;
/** Journalled transactions that are decoded together at the start. */
const RESTORE_BATCH = 256;

export function createMempool(options: MempoolOptions): Mempool {
  return new Pool(options);
}

class Pool implements Mempool {
  private readonly options: MempoolOptions;
  private readonly senders = new Map<Address, SenderQueue>();
  private readonly byHash = new Map<Hash, PoolEntry>();
  private readonly listeners = new Set<(transaction: ChainTransaction) => void>();
  /** Journal numbers of entries that left the pool. */
  private readonly done: bigint[] = [];
  private readonly recovery: RecoveryQueue;
  private order = 0;

  constructor(options: MempoolOptions) {
    this.options = options;
    this.recovery = new RecoveryQueue(options.recover ?? recoverSendersHere);
  }

  async add(raw: Uint8Array): Promise<Hash> {
    const entry = await this.admit(raw);
    try {
      await this.journal(entry);
    } catch (error) {
      this.remove(entry);
      throw error;
    }
    for (const listener of this.listeners) listener(entry.transaction);
    return entry.transaction.hash;
  }

  get(hash: Hash): ChainTransaction | undefined {
    return this.byHash.get(hash)?.transaction;
  }

  pendingNonce(address: Address): bigint | undefined {
    return this.senders.get(address)?.pendingNonce();
  }

  count(): { pending: number; queued: number } {
    let pending = 0;
    for (const queue of this.senders.values()) pending += queue.executable();
    return { pending, queued: this.byHash.size - pending };
  }

  onPending(listener: (transaction: ChainTransaction) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  source(): CandidateSource {
    return poolSource(this.senders.values(), (entry, reason) => {
      const facts = { hash: entry.transaction.hash, from: entry.from, nonce: entry.nonce, reason };
      this.options.logger.info(facts, "A transaction can't be included and is dropped");
      this.remove(entry);
    });
  }

  async chainChanged(event: { removed: readonly Block[]; added: readonly Block[] }): Promise<void> {
    const included = new Set<Hash>();
    for (const block of event.added) {
      for (const transaction of block.transactions) {
        if (transaction.kind !== "signed") continue;
        included.add(transaction.hash);
        this.passNonce(transaction.from, transaction.nonce);
      }
    }
    const orphaned: SignedTransaction[] = [];
    for (const block of event.removed) {
      for (const transaction of block.transactions) {
        if (transaction.kind === "signed" && !included.has(transaction.hash)) orphaned.push(transaction);
      }
    }
    await Promise.all(orphaned.map((transaction) => this.takeBack(transaction)));
  }

  async restore(): Promise<void> {
    const stale: bigint[] = [];
    const readmit = async ({ arrival, raw }: { arrival: bigint; raw: Uint8Array }) => {
      try {
        (await this.admit(raw)).arrival = arrival;
      } catch (error) {
        this.options.logger.debug({ error }, "A journalled transaction is not needed any more");
        stale.push(arrival);
      }
    };
    let batch: Promise<void>[] = [];
    for await (const entry of this.options.journal.entries()) {
      batch.push(readmit(entry));
      if (batch.length < RESTORE_BATCH) continue;
      await Promise.all(batch);
      batch = [];
    }
    await Promise.all(batch);
    await this.options.journal.remove(stale);
    if (this.byHash.size > 0)
      this.options.logger.info({ transactions: this.byHash.size }, "Mempool restored");
  }

  /** From bytes to a queued entry, the cheap checks first. */
  private async admit(raw: Uint8Array): Promise<PoolEntry> {
    checkSize(raw);
    if (raw[0] === DEPOSIT_TYPE) {
      decodeDeposit(raw);
      throw refuse("TXPOOL_TYPE", "deposits come from L1 only", "Send it through the portal on L1.");
    }
    const order = this.order++;
    const decoded = decodeUnrecovered(raw, this.options.rules);
    this.checkUnknown(decoded.hash);
    checkGasAndFees(decoded, this.options.chain.gasLimit());
    assertCarried(decoded, this.options.rules);
    return this.accept(await this.recovery.run(decoded), order);
  }

  /** Checks against the state and queues; it waits for nothing, so that no other call comes between. */
  private accept(transaction: SignedTransaction, order: number): PoolEntry {
    const { chain } = this.options;
    const { hash } = transaction;
    this.checkUnknown(hash);
    const entry = poolEntry(transaction, order);
    const account = chain.account(entry.from);
    const nonce = account?.nonce ?? 0n;
    this.checkNonce(entry, nonce);
    checkFunds(entry, account?.balance ?? 0n, chain.extraCost(transaction));
    const queue = this.senders.get(entry.from) ?? new SenderQueue(nonce);
    for (const passed of queue.moveTo(nonce)) this.remove(passed);
    const old = queue.get(entry.nonce);
    if (old !== undefined && !replaces(entry, old)) {
      const fix = "Raise both fees by at least 10 %.";
      throw refuse("TXPOOL_REPLACEMENT_UNDERPRICED", "replacement transaction underpriced", fix, { hash });
    }
    if (old !== undefined) this.remove(old);
    else this.checkRoom(queue);
    queue.set(entry);
    this.senders.set(entry.from, queue);
    this.byHash.set(hash, entry);
    return entry;
  }

  private checkUnknown(hash: Hash): void {
    if (this.byHash.has(hash))
      throw refuse("TXPOOL_ALREADY_KNOWN", "already known", "Nothing to do.", { hash });
  }

  private checkNonce(entry: PoolEntry, nonce: bigint): void {
    if (entry.nonce < nonce) {
      const reason = `nonce too low: next nonce ${nonce}, tx nonce ${entry.nonce}`;
      throw refuse(
        "TXPOOL_NONCE_TOO_LOW",
        reason,
        "Use the account's next nonce; clear the wallet's activity after a reset.",
      );
    }
    const limit = BigInt(this.options.maxPerSender ?? DEFAULT_MAX_PER_SENDER);
    if (entry.nonce >= nonce + limit) {
      const reason = `nonce too high: next nonce ${nonce}, tx nonce ${entry.nonce}`;
      throw refuse(
        "TXPOOL_NONCE_TOO_HIGH",
        reason,
        "Send the missing nonces first; clear the wallet's activity after a reset.",
      );
    }
  }

  private checkRoom(queue: SenderQueue): void {
    const perSender = this.options.maxPerSender ?? DEFAULT_MAX_PER_SENDER;
    const total = this.options.maxTransactions ?? DEFAULT_MAX_TRANSACTIONS;
    if (queue.size < perSender && this.byHash.size < total) return;
    throw refuse("TXPOOL_FULL", "txpool is full", "Wait for the next blocks and send it again.");
  }

  /** Writes the entry to the journal; if a block took it meanwhile, out of it again. */
  private async journal(entry: PoolEntry): Promise<void> {
    const arrival = await this.options.journal.append(entry.transaction.raw);
    if (this.byHash.get(entry.transaction.hash) === entry) entry.arrival = arrival;
    else await this.options.journal.remove([arrival]);
  }

  private remove(entry: PoolEntry): void {
    const queue = this.senders.get(entry.from);
    queue?.delete(entry);
    if (queue?.size === 0) this.senders.delete(entry.from);
    this.byHash.delete(entry.transaction.hash);
    if (entry.arrival === undefined) return;
    if (this.done.length === 0) queueMicrotask(() => this.tidyJournal());
    this.done.push(entry.arrival);
  }

  /** One write for all entries that one block took out. */
  private tidyJournal(): void {
    this.options.journal.remove(this.done.splice(0)).catch((error: unknown) => {
      this.options.logger.debug({ error }, "Journal entries stay until the next start");
    });
  }

  /** The chain holds this nonce of the sender: it and all before it are done. */
  private passNonce(from: Address, nonce: bigint): void {
    const queue = this.senders.get(from);
    if (queue === undefined) return;
    for (const entry of queue.moveTo(nonce + 1n)) this.remove(entry);
  }

  private async takeBack(transaction: SignedTransaction): Promise<void> {
    try {
      checkGasAndFees(transaction, this.options.chain.gasLimit());
      await this.journal(this.accept(transaction, this.order++));
    } catch (error) {
      this.options.logger.debug({ error }, "A transaction of a removed block is not taken in again");
    }
  }
}

/** A block with a transaction that no batch brings back as it was would be nobody else's. */
function assertCarried(transaction: UnrecoveredTransaction, { l2ChainId }: TransactionRules): void {
  try {
    assertSpanCarries(transaction, l2ChainId);
  } catch (cause) {
    if (isCodedError(cause))
      throw transactionInvalid("no batch can carry it", { hash: transaction.hash }, cause);
    throw cause;
  }
}

function checkFunds(entry: PoolEntry, balance: bigint, extra: bigint): void {
  const cost = entryCost(entry) + extra;
  if (balance >= cost) return;
  const reason = `insufficient funds for gas * price + value: balance ${balance}, tx cost ${cost}, overshot ${cost - balance}`;
  throw refuse("TXPOOL_FUNDS", reason, "Send OPEN to the account, or lower value or fees.", {
    address: entry.from,
  });
}
