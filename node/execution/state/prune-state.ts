import { hexToBytes } from "../../base/bytes.ts";
import type { ChainStore } from "../../store/chain-store.ts";
import type { SweepResult } from "../../store/sweep.ts";
import { executionError } from "../errors.ts";
import { KeySet } from "./key-set.ts";
import { NodeStore } from "./node-store.ts";
import { walkState } from "./state-walk.ts";

/** Decoded nodes that a walk keeps: it comes to each only once. */
const CACHED_NODES = 4_096;

export interface PruneOptions {
  /** Newest blocks whose state stays; the states from the finalized block on stay in any case. */
  history: bigint;
  signal?: AbortSignal;
  progress?(share: number): void;
}

/**
 * Deletes the trie nodes and code that no state of the last `history` blocks has, nor one from the finalized block on, to
 * which the chain may go back. The chain may grow meanwhile. Killed at any moment it leaves all that is kept.
 * @throws CodedError `STATE_NODE_MISSING` where a state that is to stay is not whole; nothing was deleted then.
 */
export async function pruneState(store: ChainStore, options: PruneOptions): Promise<SweepResult> {
  const { history, signal, progress } = options;
  const heads = store.heads();
  const unsafe = heads && store.header(heads.unsafe);
  const finalized = heads && store.header(heads.finalized);
  if (unsafe === undefined || finalized === undefined) return { kept: 0, deleted: 0, deletedBytes: 0 };
  const newest = unsafe.number - (history > 0n ? history - 1n : 0n);
  const wanted = newest < finalized.number ? newest : finalized.number;
  const oldest = wanted < store.oldestState() ? store.oldestState() : wanted;
  const kept = new KeySet();
  return store.sweepState({
    oldest,
    mark: () => markStates(store, oldest, kept, signal),
    keep: (key) => kept.add(key),
    isKept: (key) => kept.has(key),
    signal,
    progress,
  });
}

async function markStates(
  store: ChainStore,
  oldest: bigint,
  kept: KeySet,
  signal?: AbortSignal,
): Promise<void> {
  const nodes = new NodeStore(store.state, CACHED_NODES);
  const visitor = {
    node: (hash: Uint8Array) => kept.add(hash),
    code: (key: Uint8Array) => void kept.add(key),
  };
  for (let number = oldest; ; number++) {
    const hash = store.canonicalHash(number);
    // The head: what comes later is told by its commit.
    if (hash === undefined) return;
    const header = store.header(hash);
    if (header === undefined) throw unreadable(number);
    for await (const _ of walkState(nodes, hexToBytes(header.stateRoot), visitor)) signal?.throwIfAborted();
  }
}

function unreadable(number: bigint) {
  return executionError("STATE_READ_FAILED", {
    message: `Block ${number} is not in the database.`,
    fix: "Restore the data folder from a copy, or start with --reset.",
    facts: { number },
  });
}
