import { bytesToHex, hexToBytes, joinBytes } from "../../base/bytes.ts";
import { MAX_SPAN_BATCH_ELEMENTS } from "../rules/chain-spec.ts";
import type { Hex } from "../types/primitives.ts";
import { BatchReader, Bitlist, batchInvalid, encodeUvarint } from "./batch-reader.ts";
import {
  joinTransactions,
  readTransactionColumns,
  type SpanTransaction,
  type TransactionColumns,
  TransactionColumnsWriter,
} from "./batch-transactions.ts";

/** First byte of a span batch. */
export const SPAN_BATCH_TYPE = 0x01;

/** One L2 block of a span. */
export interface SpanElement {
  /** Number of its L1 origin. */
  epochNumber: bigint;
  /** Seconds. */
  timestamp: bigint;
  /** EIP-2718 envelopes without deposits. */
  transactions: readonly Uint8Array[];
}

export interface SpanBatch {
  /** First 20 bytes of the first block's parent hash. */
  parentCheck: Hex;
  /** First 20 bytes of the hash of the last block's L1 origin. */
  originCheck: Hex;
  /** At least one, in order. */
  elements: readonly SpanElement[];
}

/** What a span needs from the rollup config. */
export interface SpanRules {
  /** Seconds. */
  genesisTime: bigint;
  /** Seconds. */
  blockTime: bigint;
  chainId: bigint;
}

/** A span batch whose fields are read, and whose transactions are not yet put together. */
export interface ParsedSpanBatch {
  /** Seconds after genesis of the first block. */
  relativeTimestamp: bigint;
  /** L1 origin of the last block. */
  lastOrigin: bigint;
  parentCheck: Hex;
  originCheck: Hex;
  /** Bit i: block i has another L1 origin than the block before it. */
  originBits: Bitlist;
  transactionCounts: number[];
  columns: TransactionColumns;
}

/**
 * Reads a batch's bytes, type byte first. Bytes after its end are ignored.
 * Spec: delta span batches. @throws CodedError `BATCH_INVALID`: the rest of its channel is lost with it.
 */
export function parseSpanBatch(data: Uint8Array): ParsedSpanBatch {
  const reader = new BatchReader(data);
  const type = reader.bytes(1)[0]!;
  if (type !== SPAN_BATCH_TYPE) throw batchInvalid("unknown batch type", { type });
  const relativeTimestamp = reader.uvarint();
  const lastOrigin = reader.uvarint();
  const parentCheck = bytesToHex(reader.bytes(20));
  const originCheck = bytesToHex(reader.bytes(20));
  const blocks = reader.count("blocks");
  if (blocks === 0) throw batchInvalid("no blocks");
  const originBits = reader.bitlist(blocks);
  const transactionCounts: number[] = [];
  let total = 0;
  for (let i = 0; i < blocks; i++) {
    const count = reader.count("transactions in a block");
    total += count;
    transactionCounts.push(count);
  }
  if (total > MAX_SPAN_BATCH_ELEMENTS) throw batchInvalid("too many transactions", { total });
  const columns = readTransactionColumns(reader, total);
  return {
    relativeTimestamp,
    lastOrigin,
    parentCheck,
    originCheck,
    originBits,
    transactionCounts,
    columns,
  };
}

/**
 * Puts a parsed span's blocks and transactions together. Times and origin numbers wrap at 64 bits as in op-node.
 * @throws CodedError `BATCH_TRANSACTION_INVALID`: the span is skipped, its channel goes on.
 */
export function joinSpanBatch(parsed: ParsedSpanBatch, rules: SpanRules): SpanBatch {
  const { transactionCounts, originBits, parentCheck, originCheck } = parsed;
  const count = transactionCounts.length;
  const transactions = joinTransactions(parsed.columns, rules.chainId);
  const origins = new Array<bigint>(count);
  let origin = parsed.lastOrigin;
  for (let i = count - 1; i >= 0; i--) {
    origins[i] = origin;
    if (originBits.get(i)) origin = BigInt.asUintN(64, origin - 1n);
  }
  let next = 0;
  const elements = transactionCounts.map((size, i) => {
    const block = transactions.slice(next, next + size);
    next += size;
    const time = rules.genesisTime + parsed.relativeTimestamp + rules.blockTime * BigInt(i);
    return { epochNumber: origins[i]!, timestamp: BigInt.asUintN(64, time), transactions: block };
  });
  return { parentCheck, originCheck, elements };
}

export interface SpanBatchInput extends Omit<SpanBatch, "elements"> {
  /** At least one, in order. */
  elements: readonly (Omit<SpanElement, "transactions"> & { transactions: readonly SpanTransaction[] })[];
  /** True when the first block opens an epoch (its sequence number is 0). */
  opensEpoch: boolean;
}

/** A span batch whose blocks come one after the other; each adds its columns when it comes. */
export class SpanWriter {
  private readonly rules: SpanRules;
  private readonly columns: TransactionColumnsWriter;
  private readonly advances: boolean[] = [];
  private readonly transactionCounts: number[] = [];
  private firstTimestamp = 0n;
  private lastEpoch = 0n;

  constructor(rules: SpanRules) {
    this.rules = rules;
    this.columns = new TransactionColumnsWriter(rules.chainId);
  }

  /** Begins the next block. Whether the first one opens an epoch nothing before it tells: `opensEpoch` does. */
  block(element: Omit<SpanElement, "transactions">, opensEpoch: boolean): void {
    const isFirst = this.advances.length === 0;
    if (isFirst) this.firstTimestamp = element.timestamp;
    this.advances.push(isFirst ? opensEpoch : element.epochNumber > this.lastEpoch);
    this.transactionCounts.push(0);
    this.lastEpoch = element.epochNumber;
  }

  /** Adds a transaction to the last block. @throws CodedError `BATCH_TRANSACTION_INVALID`: this span is of no use then. */
  transaction(transaction: SpanTransaction): void {
    this.columns.add(transaction);
    this.transactionCounts[this.transactionCounts.length - 1]! += 1;
  }

  /** The batch's bytes, type byte first. */
  bytes(parentCheck: Hex, originCheck: Hex): Uint8Array {
    if (this.advances.length === 0) throw batchInvalid("no blocks");
    return joinBytes([
      Uint8Array.of(SPAN_BATCH_TYPE),
      encodeUvarint(this.firstTimestamp - this.rules.genesisTime),
      encodeUvarint(this.lastEpoch),
      hexToBytes(parentCheck),
      hexToBytes(originCheck),
      encodeUvarint(BigInt(this.advances.length)),
      Bitlist.from(this.advances).bytes,
      ...this.transactionCounts.map((count) => encodeUvarint(BigInt(count))),
      ...this.columns.parts(),
    ]);
  }
}

/**
 * A whole span batch's bytes, type byte first; inverse of {@link parseSpanBatch} and {@link joinSpanBatch}.
 * @throws CodedError `BATCH_TRANSACTION_INVALID` for a transaction that would not come back byte for byte.
 */
export function encodeSpanBatch(batch: SpanBatchInput, rules: SpanRules): Uint8Array {
  const writer = new SpanWriter(rules);
  for (const element of batch.elements) {
    writer.block(element, batch.opensEpoch);
    for (const transaction of element.transactions) writer.transaction(transaction);
  }
  return writer.bytes(batch.parentCheck, batch.originCheck);
}
