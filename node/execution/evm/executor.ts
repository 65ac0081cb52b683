import type { PackedBlock } from "../../chain/codec/packed-block.ts";
import type { Block, BlockHeader, Log, Receipt } from "../../chain/types/block.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import type { OpenLedgerConfig, PayloadAttributes, RollupConfig } from "../../chain/types/rollup.ts";
import type { AccessListEntry, Authorization, SignedTransaction } from "../../chain/types/transaction.ts";
import type { StateCommit } from "../state/state-commit.ts";
import type { TransactionTracer } from "./block/tracer.ts";
import type { TracerSpec } from "./tracers/spec.ts";

/** The rules of the chain that an executor runs. */
export interface ChainRules {
  rollup: RollupConfig;
  openledger: OpenLedgerConfig;
  /** What the state doesn't tell: without it BLOCKHASH is 0 before Isthmus, and the chain another one. */
  ancestorHash: AncestorHash;
}

/** Hash of an ancestor of `parent` by number; only asked where the state itself doesn't tell (before Isthmus). */
export type AncestorHash = (number: bigint, parent: BlockHeader) => Hash | undefined;

/** A block with everything that its execution made, nothing of it stored yet. */
export interface ExecutedBlock {
  block: Block;
  receipts: readonly Receipt[];
  /** To be written in the same batch as the block. */
  state: StateCommit;
}

/** Where a block under construction takes transactions from. */
export interface CandidateSource {
  /**
   * The best transactions at this base fee, best first, each sender's in nonce order; at most `count`. It counts on all of
   * them being included. None: nothing is left.
   */
  take(want: { baseFee: bigint; count: number }): readonly SignedTransaction[];
  /** What became of all that the last `take` gave. */
  settle(outcomes: readonly CandidateOutcome[]): void;
}

export interface CandidateOutcome {
  transaction: SignedTransaction;
  /** `invalid`: no block can take it, for this reason; with `sender`, its sender's others go with it. */
  outcome: "included" | "skipped" | { invalid: string; sender: boolean };
}

/** When to stop taking from the pool, and the block is sealed; and what there is to do beside it. */
export interface BuildBudget {
  /** What the next block brings after its deposits, the same arrays: their senders are recovered while this one runs. */
  ahead?: readonly Uint8Array[];
  /** On the monotonic clock, in ms. */
  deadline?: number;
  signal?: AbortSignal;
}

export interface CallRequest {
  from: Address;
  to: Address | undefined;
  value: bigint;
  data: Uint8Array;
  gas: bigint;
  /** Wei per gas; 0: free, also under a base fee. */
  gasPrice: bigint;
  /** The most that the sender would pay for a gas, which it must have; {@link gasPrice} unless given. */
  feeCap?: bigint;
  accessList?: readonly AccessListEntry[];
  authorizationList?: readonly Authorization[];
  /** What the message sees otherwise than the chain has it. */
  overrides?: CallOverrides;
}

/** What a call sees of one account otherwise than the chain has it; what is undefined stays. */
export interface AccountOverride {
  address: Address;
  nonce?: bigint;
  balance?: bigint;
  code?: Uint8Array;
  /** All of the storage. */
  state?: readonly SlotOverride[];
  /** Some slots of the storage. */
  stateDiff?: readonly SlotOverride[];
  /** Only of a precompile: where it is instead. */
  movePrecompileTo?: Address;
}

export interface SlotOverride {
  slot: Hash;
  value: Hash;
}

/** What a call sees of its block otherwise than the chain has it. */
export interface BlockOverride {
  number?: bigint;
  /** Seconds. */
  time?: bigint;
  gasLimit?: bigint;
  feeRecipient?: Address;
  prevRandao?: Hash;
  /** Wei per gas. */
  baseFee?: bigint;
  /** Wei per blob gas: what BLOBBASEFEE answers. */
  blobBaseFee?: bigint;
}

/** What a message sees otherwise than the chain has it. */
export interface CallOverrides {
  accounts?: readonly AccountOverride[];
  block?: BlockOverride;
}

/** A message as a simulated block holds it: what is undefined is chosen when it runs. */
export interface SimulatedCall extends Omit<CallRequest, "gas" | "gasPrice" | "feeCap" | "overrides"> {
  gas: bigint | undefined;
  nonce: bigint | undefined;
  /** Wei per gas. */
  fees: { gasPrice: bigint } | { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint };
}

/** A block to be simulated. */
export interface BlockCalls {
  override: BlockOverride;
  /** EIP-4788; zeros unless given. */
  beaconRoot: Hash | undefined;
  accounts: readonly AccountOverride[];
  calls: readonly SimulatedCall[];
}

/** Blocks to be simulated one upon the other. */
export interface BlockSimulation {
  blocks: readonly BlockCalls[];
  /** Base fees, nonces and fees count as in a block of the chain. */
  validation: boolean;
  /** Tell of transfers as if they were logs. */
  traceTransfers: boolean;
  /** Most gas of all messages together. */
  gasCap: bigint;
  /** Jovian on: that of the base block. */
  daScalar: bigint | undefined;
}

export interface SimulatedResult {
  succeeded: boolean;
  exception: string | undefined;
  returnData: Uint8Array;
  gasUsed: bigint;
  maxGasUsed: bigint;
  /** With their place in the block, which those of failed frames count in. */
  logs: readonly { index: number; log: Log }[];
}

export interface SimulatedBlock {
  /** Its transactions have no signatures. */
  block: Block;
  receipts: readonly Receipt[];
  results: readonly SimulatedResult[];
}

/** What a message touches beside its sender, its target and the precompiles. */
export interface AccessListResult {
  accessList: readonly AccessListEntry[];
  gasUsed: bigint;
  /** Why the message fails, if it does; the list is there all the same. */
  error: string | undefined;
}

export interface CallResult {
  /** undefined: success. */
  error: { kind: "revert" | "halt"; reason: string } | undefined;
  returnData: Uint8Array;
  gasUsed: bigint;
}

export interface AccountView {
  nonce: bigint;
  balance: bigint;
  codeHash: Hash;
  storageRoot: Hash;
}

/** State by its root: reads for RPC. Any root that is still stored works (those of old blocks may be pruned). */
export interface StateReader {
  account(root: Hash, address: Address): Promise<AccountView | undefined>;
  code(root: Hash, address: Address): Promise<Uint8Array>;
  storage(root: Hash, address: Address, slot: Hash): Promise<Uint8Array>;
  /** EIP-1186 proof nodes, root first. */
  proof(root: Hash, address: Address, slots: readonly Hash[]): Promise<AccountProof>;
}

export interface AccountProof {
  account: AccountView;
  accountProof: readonly Hex[];
  storageProof: readonly { key: Hash; value: bigint; proof: readonly Hex[] }[];
}

/** Who hears of a block's transaction by its index; `stop`: neither it nor those after it are run. */
export type Listen = (index: number) => TransactionTracer | undefined | "stop";

/** Runs again, with an ear on it, what can be run: what tracers are made on. */
export interface Replayer {
  /** Runs a stored block again on its parent's state. */
  replay(parent: BlockHeader, block: Block, listen: Listen): Promise<void>;
  /** As {@link Simulator.call}. @throws CodedError `CALL_FUNDS`, `CALL_GAS`. */
  replayCall(header: BlockHeader, request: CallRequest, tracer: TransactionTracer): Promise<void>;
}

/** What is to be traced, and how. */
export interface TraceRequest {
  subject: TraceSubject;
  tracer: TracerSpec;
}

/** A block or one of its transactions, on the state of the block's parent; or a call, on that of its block. */
export type TraceSubject =
  | { kind: "block"; block: PackedBlock }
  | { kind: "transaction"; block: PackedBlock; index: number }
  /** A block as bytes that a stranger gave. */
  | { kind: "rlp"; raw: Uint8Array }
  | { kind: "call"; request: CallRequest };

/** Runs messages on a block's state without changing anything: what RPC asks. */
export interface Simulator {
  /** Runs a message on the state after `header`'s block. */
  call(header: BlockHeader, request: CallRequest): Promise<CallResult>;
  /** Smallest gas limit with which `request` succeeds; the OP fees' affordability is checked as op-geth does. */
  estimateGas(header: BlockHeader, request: CallRequest): Promise<bigint | CallResult>;
  createAccessList(header: BlockHeader, request: CallRequest): Promise<AccessListResult>;
  /**
   * Runs blocks of messages upon `header`'s block. Source: op-geth internal/ethapi/simulate.go.
   * @throws CodedError `SIMULATE_*`, and for messages and overrides as {@link call}.
   */
  simulateBlocks(header: BlockHeader, request: BlockSimulation): Promise<readonly SimulatedBlock[]>;
  /**
   * A trace as JSON text, in geth's form, on the state after `header`'s block.
   * @throws CodedError `TRACE_TOO_LARGE`; for calls as {@link call}; for a stranger's block as its decoding, and `BLOCK_INVALID`.
   */
  trace(header: BlockHeader, request: TraceRequest): Promise<string>;
}

/** Makes and checks blocks. */
export interface BlockExecutor {
  /**
   * Builds the child of `parent` from attributes, then from `pool` unless `noTxPool`. A spent budget means
   * "take no more from the pool": the block is sealed.
   * @throws CodedError `PAYLOAD_INVALID` when a forced transaction can't be included (derivation then retries with deposits only).
   */
  build(
    parent: BlockHeader,
    attributes: PayloadAttributes,
    pool?: CandidateSource,
    budget?: BuildBudget,
  ): Promise<ExecutedBlock>;
  /** Runs a whole block again. @throws CodedError `BLOCK_INVALID` naming the first header field that differs. */
  check(parent: BlockHeader, block: Block): Promise<ExecutedBlock>;
}

/** All that executes the chain's transactions; every implementation gives the same bytes. */
export interface Executor extends BlockExecutor, Simulator, Replayer {}
