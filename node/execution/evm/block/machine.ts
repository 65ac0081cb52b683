import type { BlockHeader } from "../../../chain/types/block.ts";
import type { Hash } from "../../../chain/types/primitives.ts";
import type { ChainDeposit, SignedTransaction } from "../../../chain/types/transaction.ts";
import type { StateCommit } from "../../state/state-commit.ts";
import type { TxOutcome } from "./outcome.ts";
import type { BlockState, Tracer } from "./tracer.ts";

export type MaybePromise<T> = T | Promise<T>;

export type DepositTx = ChainDeposit;
export type SignedTx = SignedTransaction;

/** Why a transaction can't be in a block; `later`: another block might take it. */
export interface Refusal {
  reason: string;
  later: boolean;
}

/** A refused transaction has changed nothing. */
export type SignedResult = { refused: Refusal } | { outcome: TxOutcome };

/** What the block fixes before its first transaction runs. */
export interface BlockStart {
  /** The block's header as far as it is known: roots and sums are still empty. */
  header: BlockHeader;
  parent: BlockHeader;
  parentBeaconBlockRoot: Hash;
}

/**
 * The EVM at work on one block: transactions run one after the other, each on the changes of those before it. Gas pool,
 * receipts and roots of lists are the builder's.
 */
export interface BlockMachine {
  /** Runs a deposit; it always gets into the block. */
  deposit(transaction: DepositTx): MaybePromise<TxOutcome>;
  /** Runs a signed transaction. `daScalar`: the block's DA footprint gas scalar, Jovian on. */
  signed(transaction: SignedTx, daScalar: bigint | undefined): MaybePromise<SignedResult>;
  /** Who hears of the transactions that run from now on; nobody unless given. */
  listen(tracer: Tracer | undefined): void;
  /** The state that the last transaction found: read it before anything else is asked. For a listener that wants states. */
  before(): BlockState;
  /** The state that it left, with all code that {@link before} and this one name. For a listener that wants states. */
  after(): BlockState;
  /** Takes back what the last transaction changed. */
  undo(): void;
  /** Puts all changes into the tries. Nothing can run after it. */
  commit(): BlockCommit;
  /** Gives back what the machine holds; called once, whatever happened. */
  close(): void;
}

export interface BlockCommit {
  state: StateCommit;
  /** Storage root of L2ToL1MessagePasser: the header's withdrawals root, asked for from Isthmus on. */
  messagePasserRoot(): Hash;
}

/** Opens blocks: makes their system calls, and their forks' first changes. */
export interface MachineFactory {
  open(start: BlockStart): MaybePromise<BlockMachine>;
}

/** A fault of the EVM itself, met in one transaction: without that transaction the block can go on in a new machine. */
export class MachineFault extends Error {
  constructor(cause: unknown) {
    super(`execution failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = "MachineFault";
  }
}
