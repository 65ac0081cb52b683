import type { BloomQuery } from "../chain/rules/bloom.ts";
import type { Block, BlockHeader, Receipt } from "../chain/types/block.ts";
import type { L1BlockRef } from "../chain/types/l1.ts";
import type { Address, BlockId, Hash } from "../chain/types/primitives.ts";
import type { L2BlockRef } from "../chain/types/rollup.ts";
import type { ChainTransaction } from "../chain/types/transaction.ts";
import type { PoolCandidate } from "../execution/mempool/candidate.ts";
import type { PoolContent } from "../execution/mempool/types.ts";
import type { SimulationBound } from "../execution/simulation/simulator.ts";
import type { TouchedBlock } from "../store/address-index.ts";
import type { TransactionLocation } from "../store/types.ts";
import type { Page } from "./door/protocol.ts";

/** Which head a request means: `unsafe` is RPC's "latest". */
export type HeadKind = "unsafe" | "safe" | "finalized";

/** A transaction of a canonical block, with that block's number. */
export interface LocatedTransaction extends TransactionLocation {
  blockNumber: bigint;
}

/** A change of the unsafe head; after a reorg `removed` is not empty. Both oldest first. */
export interface HeadEvent {
  removed: readonly Block[];
  added: readonly Block[];
}

/** Transactions by the addresses that they touch. */
export interface AddressReader {
  /** Number of the block up to which it looks; -1: not even at the first. */
  builtTo(): bigint;
  /** Canonical blocks with transactions of the address, from block `from` on, upwards or downwards. */
  find(address: Address, from: bigint, direction: "up" | "down"): AsyncIterable<TouchedBlock>;
}

/** The chain as RPC reads it. Numbers mean canonical blocks; hashes may also find others that are still stored. */
export interface ChainReader {
  /** The head's block id; the genesis block until a later one is known. */
  head(kind: HeadKind): BlockId;
  headerByNumber(number: bigint): Promise<{ hash: Hash; header: BlockHeader } | undefined>;
  headerByHash(hash: Hash): Promise<BlockHeader | undefined>;
  blockByNumber(number: bigint): Promise<Block | undefined>;
  blockByHash(hash: Hash): Promise<Block | undefined>;
  /** Numbers of the canonical blocks in `from` to `to` whose logs may match, ascending; in turns with other work. */
  candidates(query: BloomQuery, from: bigint, to: bigint): AsyncIterable<bigint>;
  receipts(blockHash: Hash): Promise<readonly Receipt[] | undefined>;
  /** Absent where the node keeps no index of addresses. */
  readonly addresses?: AddressReader;
  /** Number of the oldest block whose state this node keeps. */
  oldestState(): bigint;
  /** Only transactions of canonical blocks. */
  locate(transactionHash: Hash): Promise<LocatedTransaction | undefined>;
  /** Calls `listener` after each change of the unsafe head is stored; the answer ends it. */
  onHead(listener: (event: HeadEvent) => void): () => void;
}

/** Transactions that wait for a block. */
export interface TxPool {
  /**
   * Accepts a signed EIP-2718 envelope; resolves once it would survive a crash.
   * @throws CodedError with a `TXPOOL_*` code, e.g. `TXPOOL_NONCE_TOO_LOW`, `TXPOOL_UNDERPRICED`, `TXPOOL_FUNDS`; or
   * `TRANSACTION_INVALID`, `STORE_BUSY`.
   */
  add(raw: Uint8Array): Promise<Hash>;
  /** The nonce that follows the account's queued transactions; undefined when none is queued. */
  pendingNonce(address: Address): bigint | undefined;
  get(hash: Hash): ChainTransaction | undefined;
  count(): { pending: number; queued: number };
  /** Of one account, or of all. */
  content(address?: Address): PoolContent;
  onPending(listener: (transaction: ChainTransaction) => void): () => void;
}

export interface SyncStatus {
  /** The L1 block that derivation has read last. */
  currentL1: L1BlockRef;
  headL1: L1BlockRef;
  safeL1: L1BlockRef;
  finalizedL1: L1BlockRef;
  unsafeL2: L2BlockRef;
  safeL2: L2BlockRef;
  finalizedL2: L2BlockRef;
}

export interface OutputAtBlock {
  outputRoot: Hash;
  blockRef: L2BlockRef;
  withdrawalStorageRoot: Hash;
  stateRoot: Hash;
}

/** What `optimism_*` answers from. */
export interface RollupReader {
  syncStatus(): Promise<SyncStatus>;
  /** @throws CodedError `BLOCK_NOT_FOUND`, `STATE_PRUNED`. */
  outputAtBlock(number: bigint): Promise<OutputAtBlock>;
  /** The safe head after everything up to that L1 block was derived. @throws CodedError `SAFE_HEAD_NOT_FOUND`. */
  safeHeadAtL1Block(l1Number: bigint): Promise<{ l1Block: BlockId; safeHead: BlockId }>;
}

/** What a method may know about its request. */
export interface RpcContext {
  /** Present on WebSocket connections. */
  connection: RpcConnection | undefined;
  /** Present in batches: what their simulations may take together. */
  budget?: CallBudget;
}

/** What the simulations of one batch may still take. */
export interface CallBudget {
  /** The bound of the next one. @throws RpcError -32005 when nothing is left. */
  next(): SimulationBound;
  /** Takes what one has used. */
  spend(gasUsed: bigint): void;
}

/** A WebSocket peer that can receive the events of its subscriptions. */
export interface RpcConnection {
  /** Names it; never used twice. */
  readonly number: number;
  /** Where it comes from: one for all connections of one client. */
  readonly address: string;
  readonly hub: RpcHub;
  /** Runs when the connection is gone. */
  onClose(listener: () => void): void;
}

/** Takes transactions whose envelopes are checked and whose senders are recovered. */
export interface TransactionIntake {
  /**
   * In order. Resolves, once the accepted ones would survive a crash, with each one's hash or error in its place.
   */
  addBatch(candidates: readonly PoolCandidate[]): Promise<readonly (Hash | Error)[]>;
}

/** What GET answers, by path. */
export type Pages = Readonly<Record<string, () => Page | Promise<Page>>>;

/** Sends events to connections. */
export interface RpcHub {
  /** One result, made into text once, to each of these subscriptions; those of gone connections are passed over. */
  publish(
    targets: Iterable<readonly [connection: RpcConnection, subscription: string]>,
    result: unknown,
  ): void;
}

/**
 * One JSON-RPC method: positional parameters in, a JSON value out (bigints must be formatted by the method).
 * An {@link RpcError} sets the answer's code; a CodedError becomes -32000 with its code in `data`.
 */
export type RpcMethod = (params: readonly unknown[], context: RpcContext) => unknown;
export type RpcMethods = Readonly<Record<string, RpcMethod>>;

/** An error with the JSON-RPC code that clients match on. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.name = "RpcError";
    this.code = code;
    this.data = data;
  }
}
