import { bytesToHex, hexToBytes } from "../../../base/bytes.ts";
import { DEPOSIT_TYPE } from "../../../chain/codec/deposit.ts";
import { fastLzSize } from "../../../chain/codec/transaction.ts";
import { BEACON_ROOTS, HISTORY_STORAGE, L2_TO_L1_MESSAGE_PASSER } from "../../../chain/constants.ts";
import { depositReceiptVersion } from "../../../chain/rules/chain-spec.ts";
import { isActive } from "../../../chain/rules/forks.ts";
import { type FeeContext, isL1CostBySize, l1Cost } from "../../../chain/rules/rollup-fees.ts";
import type { L1FeeReceipt } from "../../../chain/types/block.ts";
import type { Hash } from "../../../chain/types/primitives.ts";
import type { FlatState } from "../../state/flat-state.ts";
import type { NodeStore } from "../../state/node-store.ts";
import { commitChanges, storageRootAfter } from "../../state/state-commit.ts";
import type { StateView } from "../../state/state-view.ts";
import { blockHashes } from "../block/block-hashes.ts";
import { readFeeContext } from "../block/fee-context.ts";
import { feeReceipt } from "../block/fee-receipt.ts";
import {
  type BlockCommit,
  type BlockMachine,
  type BlockStart,
  type DepositTx,
  type MachineFactory,
  MachineFault,
  type SignedResult,
  type SignedTx,
} from "../block/machine.ts";
import { openingCode } from "../block/opening-code.ts";
import { creationAddress, type TxOutcome } from "../block/outcome.ts";
import { prices } from "../block/prices.ts";
import type { BlockState, Tracer } from "../block/tracer.ts";
import type { ChainRules } from "../executor.ts";
import { type RunAnswer, type RunResult, readAnswer, readChanges } from "./answer.ts";
import { RequestWriter } from "./bytes.ts";
import { type BlockHost, type EvmInstance, EvmTrap } from "./instance.ts";
import type { InstancePool } from "./instance-pool.ts";
import { InstanceState } from "./instance-state.ts";
import {
  blockRequest,
  depositRequest,
  putCodeRequest,
  signedRequest,
  systemCallRequest,
  traceFlags,
} from "./request.ts";
import { tellTracer } from "./trace.ts";

const passer = hexToBytes(L2_TO_L1_MESSAGE_PASSER);
const beaconRoots = hexToBytes(BEACON_ROOTS);
const historyStorage = hexToBytes(HISTORY_STORAGE);

export interface RevmParts {
  rules: ChainRules;
  nodes: NodeStore;
  flat: FlatState;
  /** By a block's time. */
  instances: (time: bigint) => InstancePool;
}

/** Blocks on op-revm in WebAssembly. */
export function revmMachines(parts: RevmParts): MachineFactory {
  return { open: (start) => new RevmMachine(parts, start) };
}

class RevmMachine implements BlockMachine {
  private readonly parts: RevmParts;
  private readonly start: BlockStart;
  private readonly view: StateView;
  private readonly host: BlockHost;
  private readonly writer = new RequestWriter();
  private readonly instances: InstancePool;
  private instance: EvmInstance;
  /** Transactions that are in the block, to run them again if the instance breaks. */
  private readonly kept: (DepositTx | SignedTx)[] = [];
  private pending: DepositTx | SignedTx | undefined;
  private fees: FeeContext | undefined;
  /** What receipts say of their fees, by compressed size, where nothing else decides it. */
  private readonly feesBySize = new Map<number, L1FeeReceipt>();
  /** What a tracer wants to hear. */
  private flags = 0;
  /** The block so far, before what is pending. */
  private readonly state: InstanceState;

  constructor(parts: RevmParts, start: BlockStart) {
    this.parts = parts;
    this.start = start;
    this.view = parts.flat.view(start.parent.stateRoot);
    this.host = {
      view: this.view,
      blockHash: blockHashes(parts.rules, this.view, start.parent, start.header),
    };
    this.instances = parts.instances(start.header.timestamp);
    this.instance = this.instances.take();
    this.state = new InstanceState(() => this.instance, this.view);
    this.begin();
  }

  /** What happens before a block's first transaction: EIP-4788, EIP-2935, and the code that a fork's activation brings. */
  private begin(): void {
    const { rules } = this.parts;
    const { rollup } = rules;
    const { header, parentBeaconBlockRoot } = this.start;
    const { timestamp } = header;
    this.instance.openBlock(blockRequest(this.writer, rollup, header), this.host);
    if (isActive(rollup, "ecotone", timestamp)) this.systemCall(beaconRoots, parentBeaconBlockRoot);
    if (isActive(rollup, "isthmus", timestamp)) this.systemCall(historyStorage, header.parentHash);
    for (const { address, nonce, code } of openingCode(rules, timestamp)) {
      const kept = nonce ?? this.state.account(address)?.nonce ?? 0n;
      this.instance.putCode(putCodeRequest(this.writer, hexToBytes(address), kept, code));
    }
  }

  private systemCall(to: Uint8Array, word: Hash): void {
    readAnswer(this.instance.systemCall(systemCallRequest(this.writer, to, word)));
    this.instance.settle(true);
  }

  deposit(transaction: DepositTx): TxOutcome {
    const { deposit } = transaction;
    const answer = this.run(transaction);
    if (answer.kind === "refused") throw new Error(`a deposit was refused: ${answer.refusal.reason}`);
    const { rollup } = this.parts.rules;
    const time = this.start.header.timestamp;
    const nonce = this.state.account(deposit.from)?.nonce ?? 0n;
    const regolith = isActive(rollup, "regolith", time);
    return {
      ...outcomeOf(answer),
      type: DEPOSIT_TYPE,
      effectiveGasPrice: 0n,
      contractAddress:
        deposit.to === undefined ? creationAddress(deposit.from, regolith ? nonce : 0n) : undefined,
      depositNonce: regolith ? nonce : undefined,
      depositReceiptVersion: depositReceiptVersion(rollup, time),
      l1: undefined,
    };
  }

  signed(transaction: SignedTx, daScalar: bigint | undefined): SignedResult {
    const answer = this.run(transaction);
    if (answer.kind === "refused") return { refused: answer.refusal };
    const { baseFeePerGas } = this.start.header;
    const { status, gasUsed, logs } = outcomeOf(answer);
    return {
      // A literal without a spread: the engine makes it several times faster, and a block has thousands.
      outcome: {
        status,
        gasUsed,
        logs,
        type: transaction.type,
        effectiveGasPrice: prices(transaction, baseFeePerGas ?? 0n).effective,
        contractAddress:
          transaction.to === undefined ? creationAddress(transaction.from, transaction.nonce) : undefined,
        depositNonce: undefined,
        depositReceiptVersion: undefined,
        l1: this.feesOf(transaction, daScalar),
      },
    };
  }

  private feesOf(transaction: SignedTx, daScalar: bigint | undefined): L1FeeReceipt {
    const { rollup } = this.parts.rules;
    const { timestamp: time } = this.start.header;
    this.fees ??= readFeeContext((address, slot) => this.instance.storage(address, slot), rollup, time);
    const { fees } = this;
    const made = () => {
      const cost = l1Cost(rollup, time, fees, transaction);
      return feeReceipt({ rollup, time, fees, transaction, cost, daScalar });
    };
    if (!isL1CostBySize(rollup, time, fees)) return made();
    const size = fastLzSize(transaction);
    const known = this.feesBySize.get(size) ?? made();
    this.feesBySize.set(size, known);
    return known;
  }

  listen(tracer: Tracer | undefined): void {
    this.host.trace = tracer && ((records) => tellTracer(records, tracer));
    this.flags = traceFlags(tracer);
    if (tracer?.wants.states) this.settled();
  }

  before(): BlockState {
    return this.state;
  }

  after(): BlockState {
    return this.settled();
  }

  /** Keeps what is pending, and knows all code of it. */
  private settled(): BlockState {
    this.keep();
    this.state.collectCodes();
    return this.state;
  }

  undo(): void {
    this.pending = undefined;
    this.instance.settle(false);
  }

  commit(): BlockCommit {
    this.keep();
    const state = commitChanges(this.parts.nodes, this.view, readChanges(this.instance.changes()));
    return { state, messagePasserRoot: () => bytesToHex(storageRootAfter(state, this.view, passer)) };
  }

  close(): void {
    this.instances.give(this.instance);
  }

  /** Makes the last transaction part of the block. */
  private keep(): void {
    if (this.pending === undefined) return;
    this.instance.settle(true);
    this.kept.push(this.pending);
    this.pending = undefined;
  }

  /** Runs a transaction on the block so far. @throws MachineFault: the block is as before it. */
  private run(transaction: DepositTx | SignedTx): RunAnswer {
    this.keep();
    try {
      const { answer } = readAnswer(this.instance.exec(this.request(transaction, this.flags)));
      if (answer.kind === "done") this.pending = transaction;
      return answer;
    } catch (error) {
      if (!(error instanceof EvmTrap)) throw error;
      this.replay();
      throw new MachineFault(error);
    }
  }

  /** Brings a new instance to where the broken one was. */
  private replay(): void {
    this.instances.give(this.instance);
    this.instance = this.instances.take();
    this.begin();
    for (const transaction of this.kept) {
      this.instance.exec(this.request(transaction, 0));
      this.instance.settle(true);
    }
  }

  private request(transaction: DepositTx | SignedTx, flags: number): Uint8Array {
    return transaction.kind === "deposit"
      ? depositRequest(this.writer, transaction, flags)
      : signedRequest(this.writer, transaction, flags);
  }
}

function outcomeOf({ status, gasUsed, logs }: RunResult): Pick<TxOutcome, "status" | "gasUsed" | "logs"> {
  return { status: status === "success" ? 1 : 0, gasUsed, logs: status === "success" ? logs : [] };
}
