import { BLOOM_BYTES, bloomItem } from "../rules/bloom.ts";
import type { Log, Receipt } from "../types/block.ts";
import type { Hex } from "../types/primitives.ts";
import { DEPOSIT_TYPE } from "./deposit.ts";
import { RlpListWriter } from "./rlp-list-writer.ts";

/** Of receipts without logs: most of a block's may share it. Nobody writes to a filter once it is made. */
const NO_LOGS = new Uint8Array(BLOOM_BYTES);

/** Filters that are cut from one piece of memory: pieces of this size are dear to get one by one. */
const FILTERS_A_PIECE = 32;
let piece = new Uint8Array(0);

/** An empty filter that the caller may write to. */
function emptyBloom(): Uint8Array {
  if (piece.length === 0) piece = new Uint8Array(FILTERS_A_PIECE * BLOOM_BYTES);
  const bloom = piece.subarray(0, BLOOM_BYTES);
  piece = piece.subarray(BLOOM_BYTES);
  return bloom;
}

/** The 2,048-bit filter over addresses and topics. Source: Yellow Paper, section 4.3.1. */
export function logsBloom(logs: readonly Log[]): Uint8Array {
  if (logs.length === 0) return NO_LOGS;
  const bloom = emptyBloom();
  for (const { address, topics } of logs) {
    addItem(bloom, address);
    for (const topic of topics) addItem(bloom, topic);
  }
  return bloom;
}

function addItem(bloom: Uint8Array, item: Hex): void {
  for (const bit of bloomItem(item)) bloom[bit >> 3] = bloom[bit >> 3]! | (1 << (bit & 7));
}

/** Union of filters. */
export function mergeBlooms(blooms: Iterable<Uint8Array>): Uint8Array {
  const words = new Uint32Array(BLOOM_BYTES / 4);
  const merged = new Uint8Array(words.buffer);
  for (const bloom of blooms) {
    if (bloom === NO_LOGS) continue;
    if (bloom.byteOffset % 4 === 0) {
      const others = new Uint32Array(bloom.buffer, bloom.byteOffset, words.length);
      for (let i = 0; i < words.length; i++) words[i] = words[i]! | others[i]!;
    } else {
      for (let i = 0; i < BLOOM_BYTES; i++) merged[i] = merged[i]! | bloom[i]!;
    }
  }
  return merged;
}

/** Writes the list of a receipt's logs. */
export function writeLogs(writer: RlpListWriter, logs: readonly Log[]): void {
  const all = writer.open();
  for (const { address, topics, data } of logs) {
    const log = writer.open();
    writer.hex(address);
    const list = writer.open();
    for (const topic of topics) writer.hex(topic);
    writer.close(list);
    writer.string(data);
    writer.close(log);
  }
  writer.close(all);
}

const writer = new RlpListWriter();
const SUCCEEDED = Uint8Array.of(1);
const FAILED = new Uint8Array(0);

/**
 * Consensus encoding, as it enters the receipts root. Deposits append nonce and version where the receipt has a
 * version (Canyon on); before that the root leaves both out.
 */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  writer.begin();
  writer.string(receipt.status === 1 ? SUCCEEDED : FAILED);
  writer.integer(receipt.cumulativeGasUsed);
  writer.string(receipt.logsBloom);
  writeLogs(writer, receipt.logs);
  if (receipt.type === DEPOSIT_TYPE && receipt.depositReceiptVersion !== undefined) {
    writer.integer(receipt.depositNonce ?? 0n);
    writer.integer(BigInt(receipt.depositReceiptVersion));
  }
  return writer.end(receipt.type === 0 ? undefined : receipt.type).slice();
}
