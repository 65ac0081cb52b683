import { bytesToHex, concatBytes, hexToBytes } from "../base/bytes.ts";
import type { Hash } from "../chain/types/primitives.ts";

/** One byte in front of every key says what the entry is. Values are in chain-store.ts. */
export const BUCKET = {
  /** () -> schema version and genesis hash */
  meta: 0x01,
  /** block hash -> header and L1 attributes: block-codec.ts */
  block: 0x02,
  /** block hash -> receipts */
  receipts: 0x03,
  /** number -> hash of the canonical block */
  canonical: 0x04,
  /** transaction hash -> canonical block hash and index */
  transaction: 0x05,
  /** L1 block number -> safe head after that L1 block */
  safeHead: 0x06,
  /** () -> unsafe, safe and finalized head */
  heads: 0x07,
  /** trie node or code */
  state: 0x09,
  /** block hash -> its other transactions */
  body: 0x0a,
  /** section of blocks, vector -> bits: log-index.ts */
  logIndex: 0x0b,
  /** hash of an address, or that and a slot's hash -> account or value of the flat table: flat-table.ts */
  flat: 0x0c,
  /** () -> whose state the flat table holds */
  flatRoot: 0x0d,
  /** block number -> what the canonical block changed in the flat table */
  flatUndo: 0x0e,
  /** () -> number of the oldest canonical block whose state is kept */
  history: 0x0f,
  /** block number and hash -> nothing; a block that left the chain and is not deleted yet */
  orphan: 0x10,
  /** address, block number, index -> nothing; a transaction that touches the address: address-index.ts */
  address: 0x11,
  /** () -> number and hash of the block up to which addresses are indexed */
  addressCursor: 0x12,
} as const;

export type Bucket = (typeof BUCKET)[keyof typeof BUCKET];

/** `bucket ++ key`. */
export function bucketKey(bucket: Bucket, key: Uint8Array = new Uint8Array(0)): Uint8Array {
  return concatBytes(Uint8Array.of(bucket), key);
}

/** `bucket ++ 32 bytes`. */
export function hashKey(bucket: Bucket, hash: Hash): Uint8Array {
  return bucketKey(bucket, hexToBytes(hash));
}

/** `bucket ++ u64 big endian`, so that keys sort by number. */
export function numberKey(bucket: Bucket, number: bigint): Uint8Array {
  const key = new Uint8Array(9);
  key[0] = bucket;
  new DataView(key.buffer).setBigUint64(1, number);
  return key;
}

/** `bucket ++ u64 big endian ++ 32 bytes`. */
export function numberHashKey(bucket: Bucket, number: bigint, hash: Hash): Uint8Array {
  return concatBytes(numberKey(bucket, number), hexToBytes(hash));
}

/** The hash in a {@link numberHashKey}. */
export function hashOfKey(key: Uint8Array): Hash {
  return bytesToHex(key.subarray(9, 41));
}

/** The number in a {@link numberKey} or {@link numberHashKey}. */
export function numberOfKey(key: Uint8Array): bigint {
  return new DataView(key.buffer, key.byteOffset, key.byteLength).getBigUint64(1);
}

/** First key after all keys of the bucket. */
export function bucketEnd(bucket: Bucket): Uint8Array {
  return Uint8Array.of(bucket + 1);
}

/** 32 bytes as a hash. */
export function toHash(bytes: Uint8Array): Hash {
  return bytesToHex(bytes);
}
