import { setImmediate } from "node:timers/promises";
import { keccak256Many } from "../../../../native/js/crypto.ts";
import { CodedError } from "../../../base/errors.ts";
import { inTurns } from "../../../base/steps.ts";
import { hashHeader } from "../../../chain/codec/header.ts";
import { mergeBlooms } from "../../../chain/codec/receipt.ts";
import { fastLzSize } from "../../../chain/codec/transaction.ts";
import { L1_ATTRIBUTES_LAYOUTS } from "../../../chain/l1-attributes.ts";
import { isActive } from "../../../chain/rules/forks.ts";
import { daFootprint } from "../../../chain/rules/rollup-fees.ts";
import { receiptsRootSteps, transactionsRootSteps } from "../../../chain/trie-root.ts";
import type { BlockHeader, Receipt } from "../../../chain/types/block.ts";
import type { PayloadAttributes } from "../../../chain/types/rollup.ts";
import type { ChainTransaction } from "../../../chain/types/transaction.ts";
import { executionError } from "../../errors.ts";
import type { ChainRules, ExecutedBlock } from "../executor.ts";
import { headerStart, payloadInvalid } from "./header.ts";
import type { BlockCommit, BlockMachine, BlockStart, MachineFactory, Refusal, SignedTx } from "./machine.ts";
import { type TxOutcome, toReceipt } from "./outcome.ts";

/** Transactions between two turns of the event loop, so that a long block doesn't stop the node from answering. */
const TURN = 8;

/** One block under construction. */
export class BlockBuilder {
  private readonly rules: ChainRules;
  private readonly start: BlockStart;
  private readonly machine: BlockMachine;
  private readonly transactions: ChainTransaction[] = [];
  private readonly receipts: Receipt[] = [];
  private gasUsed = 0n;
  private footprint = 0n;
  private daScalar: bigint | undefined;
  /** Of transactions by their compressed size. */
  private readonly footprints = new Map<number, bigint>();

  private constructor(rules: ChainRules, start: BlockStart, machine: BlockMachine) {
    this.rules = rules;
    this.start = start;
    this.machine = machine;
  }

  /** Opens the child of `parent` and makes the system calls. @throws CodedError `PAYLOAD_INVALID`. */
  static async open(
    rules: ChainRules,
    machines: MachineFactory,
    parent: BlockHeader,
    attributes: PayloadAttributes,
  ): Promise<BlockBuilder> {
    const header = headerStart(rules, parent, attributes);
    const { parentBeaconBlockRoot } = attributes;
    const start: BlockStart = { header, parent, parentBeaconBlockRoot };
    return new BlockBuilder(rules, start, await machines.open(start));
  }

  /** What the block's transactions pay at least, in wei per gas. */
  get baseFee(): bigint {
    return this.start.header.baseFeePerGas ?? 0n;
  }

  gasLeft(): bigint {
    return this.start.header.gasLimit - this.gasUsed;
  }

  private isActive(fork: "regolith" | "isthmus" | "jovian"): boolean {
    return isActive(this.rules.rollup, fork, this.start.header.timestamp);
  }

  /** The DA footprint scalar is in the L1 attributes; their older layout (activation block) has none. */
  private readDaScalar(first: ChainTransaction): void {
    if (!this.isActive("jovian")) return;
    if (first.kind !== "deposit") throw payloadInvalid("the first transaction is not a deposit");
    const { data } = first.deposit;
    const { length } = L1_ATTRIBUTES_LAYOUTS.jovian;
    this.daScalar = data.length >= length ? (BigInt(data[176]!) << 8n) | BigInt(data[177]!) : 0n;
  }

  private append(transaction: ChainTransaction, outcome: TxOutcome, footprint: bigint): void {
    this.gasUsed += outcome.gasUsed;
    this.footprint += footprint;
    this.transactions.push(transaction);
    this.receipts.push(toReceipt(outcome, this.gasUsed));
  }

  private footprintOf(transaction: SignedTx): bigint {
    if (this.daScalar === undefined) return 0n;
    const size = fastLzSize(transaction);
    const known = this.footprints.get(size) ?? daFootprint(transaction, this.daScalar);
    this.footprints.set(size, known);
    return known;
  }

  /** Runs a transaction that is not in the block yet. */
  private async run(
    transaction: ChainTransaction,
  ): Promise<{ refused: Refusal } | { outcome: TxOutcome; footprint: bigint }> {
    const { gasLimit } = this.start.header;
    if (this.transactions.length === 0) this.readDaScalar(transaction);
    if (transaction.kind === "deposit") {
      const { deposit } = transaction;
      const free = deposit.isSystemTx && !this.isActive("regolith");
      if (!free && deposit.gas > this.gasLeft()) return refuse("block gas limit reached", true);
      return { outcome: await this.machine.deposit(transaction), footprint: 0n };
    }
    const wanted = transaction.gasLimit;
    if (wanted > this.gasLeft()) return refuse("block gas limit reached", wanted <= gasLimit);
    const footprint = this.footprintOf(transaction);
    if (this.footprint + footprint > gasLimit) {
      return refuse("DA footprint exceeds the block's gas limit", this.footprint > 0n);
    }
    const result = await this.machine.signed(transaction, this.daScalar);
    return "refused" in result ? result : { outcome: result.outcome, footprint };
  }

  /** Transactions that must be in the block. @throws CodedError `PAYLOAD_INVALID` naming the first that can't. */
  async force(decoded: readonly (ChainTransaction | CodedError)[]): Promise<void> {
    for (const [index, transaction] of decoded.entries()) {
      if (transaction instanceof CodedError) {
        throw executionError("PAYLOAD_INVALID", {
          message: `Payload attributes: transaction ${index} can't be decoded.`,
          facts: { index },
          cause: transaction,
        });
      }
      await this.forceDecoded(index, transaction);
    }
  }

  async forceDecoded(index: number, transaction: ChainTransaction): Promise<void> {
    if (index % TURN === TURN - 1) await setImmediate();
    const result = await this.run(transaction);
    if ("outcome" in result) return this.append(transaction, result.outcome, result.footprint);
    const { reason } = result.refused;
    const facts = { index, hash: transaction.hash, reason };
    throw payloadInvalid(`transaction ${index} (${transaction.hash}) can't be included: ${reason}`, facts);
  }

  /**
   * Appends a transaction of the pool, or says why not. `accept` may still refuse it when it has run.
   * @throws MachineFault where the EVM itself broke: the block is as before. A fault of the node is thrown as it is.
   */
  async offer(
    transaction: SignedTx,
    accept: (outcome: TxOutcome) => Refusal | undefined,
  ): Promise<Refusal | undefined> {
    const result = await this.run(transaction);
    if ("refused" in result) return result.refused;
    const refused = accept(result.outcome);
    if (refused === undefined) this.append(transaction, result.outcome, result.footprint);
    else this.machine.undo();
    return refused;
  }

  private async roots({ state, messagePasserRoot }: BlockCommit): Promise<Partial<BlockHeader>> {
    return {
      stateRoot: state.root,
      transactionsRoot: await inTurns(transactionsRootSteps(this.transactions, keccak256Many)),
      receiptsRoot: await inTurns(receiptsRootSteps(this.receipts, keccak256Many)),
      logsBloom: mergeBlooms(this.receipts.map((receipt) => receipt.logsBloom)),
      gasUsed: this.gasUsed,
      ...(this.isActive("isthmus") && { withdrawalsRoot: messagePasserRoot() }),
      ...(this.isActive("jovian") && { blobGasUsed: this.footprint }),
    };
  }

  /** Computes all roots and closes the block. */
  async seal(): Promise<ExecutedBlock> {
    const commit = this.machine.commit();
    const header: BlockHeader = { ...this.start.header, ...(await this.roots(commit)) };
    return {
      block: { hash: hashHeader(header), header, transactions: this.transactions },
      receipts: this.receipts,
      state: commit.state,
    };
  }

  close(): void {
    this.machine.close();
  }
}

function refuse(reason: string, later: boolean): { refused: Refusal } {
  return { refused: { reason, later } };
}
