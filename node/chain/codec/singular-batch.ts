import {
  bigIntToUnpaddedBytes,
  bytesToBigInt,
  bytesToHex,
  concatBytes,
  hexToBytes,
} from "../../base/bytes.ts";
import { isCodedError } from "../../base/errors.ts";
import type { Hash } from "../types/primitives.ts";
import { batchInvalid } from "./batch-reader.ts";
import { encodeRlp, RlpReader } from "./rlp.ts";

/** First byte of a batch of one block. */
export const SINGULAR_BATCH_TYPE = 0x00;

/** One L2 block, on top of its parent. */
export interface SingularBatch {
  parentHash: Hash;
  /** Number of its L1 origin. */
  epochNumber: bigint;
  epochHash: Hash;
  /** Seconds. */
  timestamp: bigint;
  /** EIP-2718 envelopes without deposits. */
  transactions: readonly Uint8Array[];
}

function hash(reader: RlpReader): Hash {
  const bytes = reader.bytes();
  if (bytes.length !== 32) throw batchInvalid("a hash has another length", { length: bytes.length });
  return bytesToHex(bytes);
}

function uint64(reader: RlpReader): bigint {
  const bytes = reader.bytes();
  if (bytes.length > 8 || bytes[0] === 0)
    throw batchInvalid("a number is not of 64 bits in its shortest form");
  return bytesToBigInt(bytes);
}

function byteStrings(reader: RlpReader): Uint8Array[] {
  const items: Uint8Array[] = [];
  while (!reader.done) items.push(reader.bytes());
  return items;
}

/**
 * Reads a singular batch's bytes, type byte first: `0x00 ++ rlp([parent, epoch number, epoch hash, timestamp, [transactions]])`.
 * Bytes after the list are ignored, as by op-node. Spec: derivation, "Batch Format".
 * @throws CodedError `BATCH_INVALID`: the rest of its channel is lost with it.
 */
export function parseSingularBatch(data: Uint8Array): SingularBatch {
  if (data[0] !== SINGULAR_BATCH_TYPE) throw batchInvalid("unknown batch type", { type: data[0] });
  try {
    const fields = new RlpReader(data, 1).list();
    const batch: SingularBatch = {
      parentHash: hash(fields),
      epochNumber: uint64(fields),
      epochHash: hash(fields),
      timestamp: uint64(fields),
      transactions: byteStrings(fields.list()),
    };
    fields.finish();
    return batch;
  } catch (error) {
    if (!isCodedError(error, "RLP_INVALID")) throw error;
    throw batchInvalid(error.message, error.facts);
  }
}

/** Inverse of {@link parseSingularBatch}. */
export function encodeSingularBatch(batch: SingularBatch): Uint8Array {
  const fields = [
    hexToBytes(batch.parentHash),
    bigIntToUnpaddedBytes(batch.epochNumber),
    hexToBytes(batch.epochHash),
    bigIntToUnpaddedBytes(batch.timestamp),
    batch.transactions,
  ];
  return concatBytes(Uint8Array.of(SINGULAR_BATCH_TYPE), encodeRlp(fields));
}
