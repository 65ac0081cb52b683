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

/** What a block changes in the flat table: flat-table.ts. */
export interface FlatDiff {
  parentRoot: Hash;
  root: Hash;
  changes: readonly FlatChange[];
  /** Address hashes of accounts whose slots all went before the changes. */
  wiped: readonly Uint8Array[];
}

/** One entry; undefined: there is none. */
export interface FlatChange {
  /** Hash of an address, or that and the hash of a slot. */
  key: Uint8Array;
  before: Uint8Array | undefined;
  after: Uint8Array | undefined;
}
