import type { Address, BlockId, Hash } from "./primitives.ts";

/** L1 block reference in op-node's form. */
export interface L1BlockRef extends BlockId {
  parentHash: Hash;
  /** Seconds. */
  timestamp: bigint;
}

/** What derivation reads of an L1 block: all of it comes from `eth_getBlockByNumber(n, true)` and `eth_getBlockReceipts`. */
export interface L1Block {
  number: bigint;
  hash: Hash;
  parentHash: Hash;
  /** Seconds. */
  timestamp: bigint;
  /** Wei. */
  baseFeePerGas: bigint;
  /** prevRandao of the L2 blocks of this origin. */
  mixHash: Hash;
  parentBeaconBlockRoot: Hash | undefined;
  excessBlobGas: bigint | undefined;
  transactions: readonly L1Transaction[];
  /** One for each transaction, in order. */
  receipts: readonly L1Receipt[];
}

export interface L1Transaction {
  hash: Hash;
  /** EIP-2718 type; 0 for legacy. */
  type: number;
  from: Address;
  to: Address | undefined;
  input: Uint8Array;
  /** Of the blobs that it carries, in order (EIP-4844); absent without blobs. */
  blobHashes?: readonly Hash[];
}

export interface L1Receipt {
  status: 0 | 1;
  logs: readonly L1Log[];
}

export interface L1Log {
  address: Address;
  topics: readonly Hash[];
  data: Uint8Array;
  /** Index within the L1 block. */
  logIndex: number;
}
