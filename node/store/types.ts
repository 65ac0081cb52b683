import type { BlockId, Hash } from "../chain/types/primitives.ts";

/** Hashes of the three heads; all of them are stored blocks. */
export interface ChainHeads {
  unsafe: Hash;
  safe: Hash;
  finalized: Hash;
}

/** After reading L1 up to `l1`, the safe head was `l2`. */
export interface SafeHeadEntry {
  l1: BlockId;
  l2: BlockId;
}

export interface TransactionLocation {
  blockHash: Hash;
  index: number;
}

/** A key and value for the database. */
export interface StateWrite {
  key: Uint8Array;
  value: Uint8Array;
}
