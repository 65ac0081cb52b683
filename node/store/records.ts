import { bytesToHex, concatBytes, hexToBytes } from "../base/bytes.ts";
import type { CodedError } from "../base/errors.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { storeError } from "./errors.ts";
import type { ChainHeads, SafeHeadEntry, TransactionLocation } from "./types.ts";

/** Raised with every change of keys or values; there is no reading of older formats. */
export const SCHEMA_VERSION = 4;

/** First entry of every store. */
export interface StoreMeta {
  schema: number;
  genesis: Hash;
}

export function encodeMeta(meta: StoreMeta): Uint8Array {
  return concatBytes(uint32(meta.schema), hexToBytes(meta.genesis));
}

/** @throws CodedError `STORE_CORRUPT`. */
export function decodeMeta(bytes: Uint8Array): StoreMeta {
  if (bytes.length < 4) throw unreadable("meta");
  const schema = readUint32(bytes, 0);
  return { schema, genesis: bytes.length >= 36 ? bytesToHex(bytes.subarray(4, 36)) : "0x" };
}

/** Unsafe, safe, finalized: 32 bytes each. */
export function encodeHeads(heads: ChainHeads): Uint8Array {
  return concatBytes(hexToBytes(heads.unsafe), hexToBytes(heads.safe), hexToBytes(heads.finalized));
}

/** @throws CodedError `STORE_CORRUPT`. */
export function decodeHeads(bytes: Uint8Array): ChainHeads {
  requireLength(bytes, 96, "heads");
  return {
    unsafe: bytesToHex(bytes.subarray(0, 32)),
    safe: bytesToHex(bytes.subarray(32, 64)),
    finalized: bytesToHex(bytes.subarray(64, 96)),
  };
}

/** L1 hash, L2 hash, L2 number (u64); the L1 number is in the key. */
export function encodeSafeHead(entry: SafeHeadEntry): Uint8Array {
  return concatBytes(hexToBytes(entry.l1.hash), hexToBytes(entry.l2.hash), uint64(entry.l2.number));
}

/** @throws CodedError `STORE_CORRUPT`. */
export function decodeSafeHead(l1Number: bigint, bytes: Uint8Array): SafeHeadEntry {
  requireLength(bytes, 72, "safe head");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    l1: { hash: bytesToHex(bytes.subarray(0, 32)), number: l1Number },
    l2: { hash: bytesToHex(bytes.subarray(32, 64)), number: view.getBigUint64(64) },
  };
}

/** Block hash and index (u32). */
export function encodeTransactionLocation(location: TransactionLocation): Uint8Array {
  return concatBytes(hexToBytes(location.blockHash), uint32(location.index));
}

/** @throws CodedError `STORE_CORRUPT`. */
export function decodeTransactionLocation(bytes: Uint8Array): TransactionLocation {
  requireLength(bytes, 36, "transaction location");
  return { blockHash: bytesToHex(bytes.subarray(0, 32)), index: readUint32(bytes, 32) };
}

function requireLength(bytes: Uint8Array, length: number, what: string): void {
  if (bytes.length !== length) throw unreadable(what);
}

function unreadable(what: string): CodedError {
  return storeError("STORE_CORRUPT", {
    message: `The stored ${what} can't be read.`,
    fix: "Restore the data folder from a copy, or start with --reset.",
  });
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function uint64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

function readUint32(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset);
}
