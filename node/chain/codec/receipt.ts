import { bigIntToUnpaddedBytes, concatBytes, hexToBytes } from "../../base/bytes.ts";
import { BLOOM_BYTES, bloomItem } from "../rules/bloom.ts";
import type { Log, Receipt } from "../types/block.ts";
import { DEPOSIT_TYPE } from "./deposit.ts";
import { encodeRlp, type RlpItem } from "./rlp.ts";

/** The 2,048-bit filter over addresses and topics. Source: Yellow Paper, section 4.3.1. */
export function logsBloom(logs: readonly Log[]): Uint8Array {
  const bloom = new Uint8Array(BLOOM_BYTES);
  for (const log of logs) {
    for (const item of [log.address, ...log.topics]) {
      for (const bit of bloomItem(item)) bloom[bit >> 3] = bloom[bit >> 3]! | (1 << (bit & 7));
    }
  }
  return bloom;
}

/** Union of filters. */
export function mergeBlooms(blooms: Iterable<Uint8Array>): Uint8Array {
  const merged = new Uint8Array(BLOOM_BYTES);
  for (const bloom of blooms) for (let i = 0; i < BLOOM_BYTES; i++) merged[i] = merged[i]! | bloom[i]!;
  return merged;
}

function logFields(log: Log): RlpItem {
  return [hexToBytes(log.address), log.topics.map((topic) => hexToBytes(topic)), log.data];
}

/**
 * Consensus encoding, as it enters the receipts root. Deposits append nonce and version where the receipt has a
 * version (Canyon on); before that the root leaves both out.
 */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  const fields: RlpItem[] = [
    receipt.status === 1 ? Uint8Array.of(1) : new Uint8Array(0),
    bigIntToUnpaddedBytes(receipt.cumulativeGasUsed),
    receipt.logsBloom,
    receipt.logs.map(logFields),
  ];
  if (receipt.type === DEPOSIT_TYPE && receipt.depositReceiptVersion !== undefined) {
    fields.push(
      bigIntToUnpaddedBytes(receipt.depositNonce ?? 0n),
      bigIntToUnpaddedBytes(BigInt(receipt.depositReceiptVersion)),
    );
  }
  const payload = encodeRlp(fields);
  return receipt.type === 0 ? payload : concatBytes(Uint8Array.of(receipt.type), payload);
}
