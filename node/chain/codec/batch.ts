import { bytesToHex, hexToBytes, joinBytes } from "../../base/bytes.ts";
import { MAX_SPAN_BATCH_ELEMENTS } from "../rules/chain-spec.ts";
import type { Hex } from "../types/primitives.ts";
import { BatchReader, Bitlist, batchInvalid, encodeUvarint } from "./batch-reader.ts";
import {
  encodeTransactionColumns,
  joinTransactions,
  readTransactionColumns,
  type SpanTransaction,
  type TransactionColumns,
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

/**
 * A span batch's bytes, type byte first; inverse of {@link parseSpanBatch} and {@link joinSpanBatch}.
 * @throws CodedError `BATCH_TRANSACTION_INVALID` for a transaction that would not come back byte for byte.
 */
export function encodeSpanBatch(batch: SpanBatchInput, rules: SpanRules): Uint8Array {
  const { elements } = batch;
  const first = elements[0];
  const last = elements.at(-1);
  if (first === undefined || last === undefined) throw batchInvalid("no blocks");
  const advances = elements.map((element, i) =>
    i === 0 ? batch.opensEpoch : element.epochNumber > elements[i - 1]!.epochNumber,
  );
  return joinBytes([
    Uint8Array.of(SPAN_BATCH_TYPE),
    encodeUvarint(first.timestamp - rules.genesisTime),
    encodeUvarint(last.epochNumber),
    hexToBytes(batch.parentCheck),
    hexToBytes(batch.originCheck),
    encodeUvarint(BigInt(elements.length)),
    Bitlist.from(advances).bytes,
    ...elements.map((element) => encodeUvarint(BigInt(element.transactions.length))),
    encodeTransactionColumns(
      elements.flatMap((element) => element.transactions),
      rules.chainId,
    ),
  ]);
}
