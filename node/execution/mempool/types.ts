import type { Logger } from "../../base/logger.ts";
import type { RecoverSenders } from "../../chain/crypto.ts";
import type { Block } from "../../chain/types/block.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { ChainTransaction, SignedTransaction } from "../../chain/types/transaction.ts";
import type { MempoolJournal } from "../../store/mempool-journal.ts";
import type { CandidateSource } from "../evm/executor.ts";
import type { AdmissionRules, PoolCandidate } from "./candidate.ts";
import type { PoolLimits } from "./limits.ts";

/** An account at the unsafe head. */
export interface PoolAccountState {
  nonce: bigint;
  /** Wei. */
  balance: bigint;
  /** It runs code of its own: a sender can only have that by EIP-7702. */
  hasCode: boolean;
}

/** What the pool asks about the unsafe head. */
export interface PoolChain {
  /** Undefined: the account does not exist. */
  account(address: Address): PoolAccountState | undefined;
  gasLimit(): bigint;
  /** Wei per gas of the next block, unless its fork changes the rule. */
  baseFee(): bigint;
  /** Wei beyond value and gas that the transaction will cost: L1 and operator fee. */
  extraCost(transaction: SignedTransaction): bigint;
}

export interface MempoolOptions {
  journal: MempoolJournal;
  chain: PoolChain;
  rules: AdmissionRules;
  logger: Logger;
  /** On this thread unless given. */
  recover?: RecoverSenders;
  limits?: Partial<PoolLimits>;
  /** Senders whose transactions have no least fee, no quota and no lifetime, and are never dropped for others. */
  locals?: Iterable<Address>;
  /** Milliseconds on a clock that nobody sets. */
  now?: () => number;
}

/** A change of the chain that is on disk already; both lists oldest first. */
export interface PoolChange {
  removed: readonly Block[];
  added: readonly Block[];
  /** Journal numbers of the removed blocks' transactions that were written with the change. */
  journalled?: ReadonlyMap<Hash, number>;
}

/** What waits, by account and in nonce order. */
export interface PoolContent {
  pending: ReadonlyMap<Address, readonly SignedTransaction[]>;
  queued: ReadonlyMap<Address, readonly SignedTransaction[]>;
}

/**
 * Signed transactions that wait for a block. What it has accepted survives a crash and leaves only when a block holds it or its
 * nonce, a dearer one takes its place, no block can take it, or the limits say so ({@link PoolLimits}).
 */
export interface Mempool {
  /** @throws CodedError `TRANSACTION_INVALID`, `DEPOSIT_ENCODING_INVALID`, `TXPOOL_*`, `STORE_BUSY`. */
  add(raw: Uint8Array): Promise<Hash>;
  /**
   * Takes candidates in, in their order, before it returns; resolves when the journal has them, with each one's hash or the
   * CodedError `TXPOOL_*` that refuses it. @throws CodedError `STORE_BUSY`: none is taken in then.
   */
  addBatch(candidates: readonly PoolCandidate[]): Promise<readonly (Hash | Error)[]>;
  /** Takes in what somebody has acknowledged already: only its nonce is looked at. False: the chain has passed it. */
  keep(candidate: PoolCandidate): boolean;
  /** Takes one out that the chain will not take any more. */
  drop(hash: Hash): void;
  get(hash: Hash): ChainTransaction | undefined;
  /** The nonce after the account's pending transactions; undefined when it has none. */
  pendingNonce(address: Address): bigint | undefined;
  /** pending: could be in the next block; queued: behind a missing nonce. */
  count(): { pending: number; queued: number };
  content(address?: Address): PoolContent;
  /** Calls `listener` for each accepted transaction once it is in the journal. */
  onPending(listener: (transaction: ChainTransaction) => void): () => void;
  /** One block's view: the best transactions first. */
  source(): CandidateSource;
  /** Takes included transactions out and those of removed blocks in again; the chain must answer for the new head by now. */
  chainChanged(change: PoolChange): void;
  /** Reads the journal of an earlier process. */
  restore(): Promise<void>;
}
