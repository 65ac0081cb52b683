import type { Hash } from "../chain/types/primitives.ts";
import { type FlatReader, sharedFlatTable } from "./flat-table.ts";
import { BUCKET, bucketKey, numberKey, toHash } from "./keys.ts";
import { type KeyValueReader, openSharedLevel } from "./level.ts";

/** What a second thread reads of the chain on disk: committed data only. */
export interface SharedChain {
  /** Trie nodes and code. */
  readonly state: KeyValueReader;
  readonly flat: FlatReader;
  /** Hash of the canonical block with this number. */
  canonicalHash(number: bigint): Hash | undefined;
  close(): Promise<void>;
}

/**
 * Opens the chain in `folder` for reading, in a thread beside the one that has it open as a chain store and writes it.
 * @throws CodedError `STORE_UNAVAILABLE`, `STORE_LOCKED`, `STORE_CORRUPT`.
 */
export async function openSharedChain(folder: string): Promise<SharedChain> {
  const level = await openSharedLevel(folder);
  return {
    state: { get: (key) => level.get(bucketKey(BUCKET.state, key)) },
    flat: sharedFlatTable(level),
    canonicalHash(number) {
      const stored = level.get(numberKey(BUCKET.canonical, number));
      return stored === undefined ? undefined : toHash(stored);
    },
    close: () => level.close(),
  };
}
