import { setImmediate } from "node:timers/promises";
import { bytesToHex, createAddressFromString } from "@ethereumjs/util";
import type { CodedError } from "../../base/errors.ts";
import { encodeExtraData } from "../../chain/codec/extra-data.ts";
import { hashHeader } from "../../chain/codec/header.ts";
import { mergeBlooms } from "../../chain/codec/receipt.ts";
import { decodeTransaction } from "../../chain/codec/transaction.ts";
import { EMPTY_REQUESTS, EMPTY_ROOT, EMPTY_UNCLES, L2_TO_L1_MESSAGE_PASSER } from "../../chain/constants.ts";
import { L1_ATTRIBUTES_LAYOUTS } from "../../chain/l1-attributes.ts";
import { nextBaseFee } from "../../chain/rules/base-fee.ts";
import { isActivationBlock, isActive } from "../../chain/rules/forks.ts";
import { daFootprint } from "../../chain/rules/rollup-fees.ts";
import { receiptsRoot, transactionsRoot } from "../../chain/trie-root.ts";
import type { BlockHeader, ChainTransaction, Receipt } from "../../chain/types/block.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { PayloadAttributes } from "../../chain/types/rollup.ts";
import { executionError } from "../errors.ts";
import { ChainState } from "../state/chain-state.ts";
import type { NodeStore } from "../state/node-store.ts";
import { type BlockEnv, evmBlock } from "./ethereumjs/block-env.ts";
import { type ChainRules, createChainEvm } from "./ethereumjs/chain-evm.ts";
import { executeDeposit } from "./ethereumjs/deposit-transaction.ts";
import { type TxOutcome, toReceipt } from "./ethereumjs/outcome.ts";
import { executeSigned, type Refusal } from "./ethereumjs/signed-transaction.ts";
import { startBlock } from "./ethereumjs/system-calls.ts";
import type { ExecutedBlock, TransactionSource } from "./executor.ts";

/** Transactions between two turns of the event loop, so that a long block doesn't stop the node from answering. */
const TURN = 8;
const passer = createAddressFromString(L2_TO_L1_MESSAGE_PASSER);

function payloadInvalid(reason: string, facts?: Record<string, unknown>): CodedError {
  return executionError("PAYLOAD_INVALID", { message: `Payload attributes: ${reason}.`, facts });
}

/** The header fields that are known before execution. */
function headerStart(rules: ChainRules, parent: BlockHeader, attributes: PayloadAttributes): BlockHeader {
  const { rollup } = rules;
  const { timestamp } = attributes;
  if (timestamp <= parent.timestamp) throw payloadInvalid("timestamp is not after the parent's");
  const ecotone = isActive(rollup, "ecotone", timestamp);
  return {
    parentHash: hashHeader(parent),
    sha3Uncles: EMPTY_UNCLES,
    miner: attributes.suggestedFeeRecipient,
    stateRoot: EMPTY_ROOT,
    transactionsRoot: EMPTY_ROOT,
    receiptsRoot: EMPTY_ROOT,
    logsBloom: new Uint8Array(256),
    difficulty: 0n,
    number: parent.number + 1n,
    gasLimit: attributes.gasLimit,
    gasUsed: 0n,
    timestamp,
    extraData: extraData(rules, attributes),
    mixHash: attributes.prevRandao,
    nonce: new Uint8Array(8),
    baseFeePerGas: nextBaseFee(rollup, parent, timestamp),
    withdrawalsRoot: isActive(rollup, "canyon", timestamp) ? EMPTY_ROOT : undefined,
    blobGasUsed: ecotone ? 0n : undefined,
    excessBlobGas: ecotone ? 0n : undefined,
    parentBeaconBlockRoot: ecotone ? attributes.parentBeaconBlockRoot : undefined,
    requestsHash: isActive(rollup, "isthmus", timestamp) ? EMPTY_REQUESTS : undefined,
  };
}

function extraData({ rollup }: ChainRules, attributes: PayloadAttributes): Uint8Array {
  const { eip1559, minBaseFee, timestamp } = attributes;
  if (!isActive(rollup, "holocene", timestamp)) {
    if (eip1559 !== undefined) throw payloadInvalid("eip1559 parameters before Holocene");
    return new Uint8Array(0);
  }
  if (eip1559 === undefined) throw payloadInvalid("eip1559 parameters are missing");
  if (isActive(rollup, "jovian", timestamp) !== (minBaseFee !== undefined)) {
    throw payloadInvalid("minBaseFee must be there from Jovian on and not before");
  }
  const { denominator, elasticity } = eip1559;
  if (denominator === 0 && elasticity !== 0) throw payloadInvalid("eip1559 denominator is 0");
  const fees = {
    denominator: denominator || rollup.eip1559DenominatorCanyon,
    elasticity: denominator === 0 ? rollup.eip1559Elasticity : elasticity,
    minBaseFee: minBaseFee ?? 0n,
  };
  return encodeExtraData(fees, rollup, timestamp);
}

/** Canyon's activation block writes a contract's code into the state, which this node doesn't carry. */
function assertSupported({ rollup }: ChainRules, time: bigint): void {
  if (!isActivationBlock(rollup, "canyon", time)) return;
  throw executionError("FORK_ACTIVATION_UNSUPPORTED", {
    message: "Canyon activates after genesis, which this node can't execute.",
    fix: "Use a chain with Canyon at genesis.",
    facts: { time },
  });
}

/** One block under construction. */
export class BlockBuilder {
  private readonly rules: ChainRules;
  private readonly parent: BlockHeader;
  private readonly env: BlockEnv;
  private readonly header: BlockHeader;
  private readonly transactions: ChainTransaction[] = [];
  private readonly receipts: Receipt[] = [];
  private gasUsed = 0n;
  private footprint = 0n;
  private daScalar: bigint | undefined;

  private constructor(rules: ChainRules, parent: BlockHeader, env: BlockEnv, header: BlockHeader) {
    this.rules = rules;
    this.parent = parent;
    this.env = env;
    this.header = header;
  }

  /** Opens the child of `parent` and makes the system calls. @throws CodedError `PAYLOAD_INVALID`. */
  static async open(
    rules: ChainRules,
    nodes: NodeStore,
    stateRoot: Uint8Array,
    parent: BlockHeader,
    attributes: PayloadAttributes,
  ): Promise<BlockBuilder> {
    const header = headerStart(rules, parent, attributes);
    assertSupported(rules, header.timestamp);
    const state = new ChainState(nodes, stateRoot);
    const evm = await createChainEvm(rules, state, parent, header.timestamp);
    const env: BlockEnv = { rollup: rules.rollup, evm, state, block: evmBlock(header), fees: undefined };
    await startBlock(env, rules.openledger, header.parentHash, attributes.parentBeaconBlockRoot);
    return new BlockBuilder(rules, parent, env, header);
  }

  private get isJovian(): boolean {
    return isActive(this.rules.rollup, "jovian", this.header.timestamp);
  }

  /** The DA footprint scalar is in the L1 attributes; their older layout (activation block) has none. */
  private readDaScalar(first: ChainTransaction): void {
    if (!this.isJovian) return;
    if (first.kind !== "deposit") throw payloadInvalid("the first transaction is not a deposit");
    const { data } = first.deposit;
    const { length } = L1_ATTRIBUTES_LAYOUTS.jovian;
    this.daScalar = data.length >= length ? (BigInt(data[176]!) << 8n) | BigInt(data[177]!) : 0n;
  }

  private gasLeft(): bigint {
    return this.header.gasLimit - this.gasUsed;
  }

  private append(transaction: ChainTransaction, outcome: TxOutcome): void {
    this.gasUsed += outcome.gasUsed;
    this.transactions.push(transaction);
    this.receipts.push(toReceipt(outcome, this.gasUsed));
  }

  /** Appends the transaction, or says why it can't be in this block. */
  private async add(transaction: ChainTransaction): Promise<Refusal | undefined> {
    if (this.transactions.length === 0) this.readDaScalar(transaction);
    if (transaction.kind === "deposit") {
      const { deposit } = transaction;
      const free = deposit.isSystemTx && !isActive(this.rules.rollup, "regolith", this.header.timestamp);
      if (!free && deposit.gas > this.gasLeft()) return { reason: "block gas limit reached", later: true };
      this.append(transaction, await executeDeposit(this.env, deposit));
      return undefined;
    }
    if (transaction.signed.gasLimit > this.gasLeft()) {
      return {
        reason: "block gas limit reached",
        later: transaction.signed.gasLimit <= this.header.gasLimit,
      };
    }
    const footprint = this.daScalar === undefined ? 0n : daFootprint(transaction.raw, this.daScalar);
    if (this.footprint + footprint > this.header.gasLimit) {
      return { reason: "DA footprint exceeds the block's gas limit", later: this.footprint > 0n };
    }
    const result = await executeSigned(this.env, transaction, this.daScalar);
    if ("refused" in result) return result.refused;
    this.footprint += footprint;
    this.append(transaction, result.outcome);
    return undefined;
  }

  /** Transactions that must be in the block. @throws CodedError `PAYLOAD_INVALID` naming the first that can't. */
  async force(envelopes: readonly Uint8Array[]): Promise<void> {
    for (const [index, raw] of envelopes.entries()) {
      let transaction: ChainTransaction;
      try {
        transaction = decodeTransaction(raw, this.rules.rollup);
      } catch (cause) {
        throw executionError("PAYLOAD_INVALID", {
          message: `Payload attributes: transaction ${index} can't be decoded.`,
          facts: { index },
          cause,
        });
      }
      await this.forceDecoded(index, transaction);
    }
  }

  async forceDecoded(index: number, transaction: ChainTransaction): Promise<void> {
    if (index % TURN === TURN - 1) await setImmediate();
    const refused = await this.add(transaction);
    if (refused === undefined) return;
    throw payloadInvalid(`transaction ${index} (${transaction.hash}) can't be included: ${refused.reason}`, {
      index,
      hash: transaction.hash,
      reason: refused.reason,
    });
  }

  /** Fills up from the pool until it has nothing more, or `signal` says that time is up. */
  async fill(pool: TransactionSource, signal?: AbortSignal): Promise<void> {
    for (let count = 0; !signal?.aborted; count++) {
      if (count % TURN === TURN - 1) await setImmediate();
      const transaction = pool.next(this.header.baseFeePerGas ?? 0n);
      if (transaction === undefined) return;
      const refused = await this.tryAdd(transaction);
      if (refused === undefined) pool.report(transaction.hash, "included");
      else pool.report(transaction.hash, refused.later ? "skipped" : { invalid: refused.reason });
    }
  }

  /** As {@link add}, but what goes wrong inside the EVM costs only this transaction, not the block. */
  private async tryAdd(transaction: ChainTransaction): Promise<Refusal | undefined> {
    const { state } = this.env;
    const mark = state.mark();
    try {
      const refused = await this.add(transaction);
      state.release(mark);
      return refused;
    } catch (error) {
      state.rollback(mark);
      this.env.evm = await createChainEvm(this.rules, state, this.parent, this.header.timestamp);
      return { reason: `execution failed: ${error instanceof Error ? error.message : error}`, later: false };
    }
  }

  private roots(stateRoot: Hash): Partial<BlockHeader> {
    const { timestamp } = this.header;
    const isthmus = isActive(this.rules.rollup, "isthmus", timestamp);
    return {
      stateRoot,
      transactionsRoot: transactionsRoot(this.transactions),
      receiptsRoot: receiptsRoot(this.receipts),
      logsBloom: mergeBlooms(this.receipts.map((receipt) => receipt.logsBloom)),
      gasUsed: this.gasUsed,
      ...(isthmus && { withdrawalsRoot: bytesToHex(this.env.state.storageRoot(passer)) }),
      ...(this.isJovian && { blobGasUsed: this.footprint }),
    };
  }

  /** Computes all roots and closes the block. */
  seal(): ExecutedBlock {
    const { root, writes } = this.env.state.flush();
    const header: BlockHeader = { ...this.header, ...this.roots(bytesToHex(root)) };
    return {
      block: { hash: hashHeader(header), header, transactions: this.transactions },
      receipts: this.receipts,
      stateWrites: writes,
    };
  }
}
