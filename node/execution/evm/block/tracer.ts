import type { Log } from "../../../chain/types/block.ts";
import type { Address, Hash } from "../../../chain/types/primitives.ts";

export type FrameKind =
  | "CALL"
  | "CALLCODE"
  | "DELEGATECALL"
  | "STATICCALL"
  | "CREATE"
  | "CREATE2"
  | "SELFDESTRUCT";

/** A frame as it begins: a transaction's own call, or one inside of it. */
export interface FrameStart {
  kind: FrameKind;
  from: Address;
  /** Of a creation: the new address. */
  to: Address;
  value: bigint;
  gas: bigint;
  input: Uint8Array;
}

/** A frame as it ends. */
export interface FrameEnd {
  gasUsed: bigint;
  output: Uint8Array;
  /** Why it failed, in geth's words; undefined on success. */
  error: string | undefined;
}

/** The words on an instruction's stack. */
export interface StackView {
  readonly length: number;
  /** 0: the top. */
  at(depth: number): bigint;
}

/** One instruction, as it was about to run; valid while it is told. */
export interface TraceStep {
  pc: number;
  op: number;
  gas: bigint;
  /** What it took, with what it passes to a frame. */
  cost: bigint;
  /** 1: the transaction's own frame. */
  depth: number;
  refund: bigint;
  stack: StackView;
  memory: Uint8Array | undefined;
  /** What SLOAD read or SSTORE wrote, for who wants it. */
  slot: { key: bigint; value: bigint } | undefined;
  /** Why it could not run, in geth's words. */
  error: string | undefined;
}

/** What a tracer wants to hear beside frames and logs. */
export interface TraceWants {
  /** Every instruction. */
  steps: boolean;
  /** With `steps`: the memory before each. */
  memory: boolean;
  /** With `steps`: the slots that SLOAD and SSTORE name. */
  slots: boolean;
  /** The states before and after. */
  states: boolean;
}

/** Hears what a machine's transactions do. */
export interface Tracer {
  readonly wants: TraceWants;
  enter(frame: FrameStart): void;
  leave(end: FrameEnd): void;
  /** Told before the frame that it opens. */
  step(step: TraceStep): void;
  log(log: Log): void;
}

export interface StateAccount {
  nonce: bigint;
  balance: bigint;
  codeHash: Hash;
}

/** A state in the middle of a block. */
export interface BlockState {
  account(address: Address): StateAccount | undefined;
  storage(address: Address, slot: Hash): Hash;
  code(codeHash: Hash): Uint8Array;
}

/** What is known of a transaction or message before it runs. */
export interface TransactionStart {
  block: { number: bigint; hash: Hash | undefined; coinbase: Address };
  /** Of a message that is in no block: undefined. */
  transaction: { hash: Hash; index: number } | undefined;
  from: Address;
  to: Address | undefined;
  gas: bigint;
  /** Its authorizations (EIP-7702) whose signer can be told, and what they delegate to. */
  delegations: readonly { signer: Address; target: Address }[];
  /** Logs of the block before it. */
  logIndex: number;
  /** EIP-6780: SELFDESTRUCT deletes only what was created in the same transaction. */
  keepsDestroyed: boolean;
  /** EIP-7702: accounts may delegate. */
  delegates: boolean;
  isPrecompile(address: Address): boolean;
}

/** Hears one transaction or message from its start to its end. */
export interface TransactionTracer extends Tracer {
  begin(start: TransactionStart): void;
  /** When it has run: the state that it found. For who wants states. */
  before(state: BlockState): void;
  /** At last; `state` is the one that it left, with all code of both, and only there for who wants states. */
  end(end: { gasUsed: bigint; state: BlockState | undefined }): void;
}
