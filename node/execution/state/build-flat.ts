import { hexToBytes } from "../../base/bytes.ts";
import { monotonicMs } from "../../base/clock.ts";
import { isCodedError } from "../../base/errors.ts";
import type { ChainStore } from "../../store/chain-store.ts";
import { NodeStore } from "./node-store.ts";
import { flatEntries } from "./state-walk.ts";

const CACHED_NODES = 4_096;
/** Between two tellings of the progress, in ms. */
const TELL_MS = 2_000;

/** {@link buildFlatTable}, if the table is not whole. */
export async function ensureFlatTable(store: ChainStore, told?: (entries: number) => void): Promise<void> {
  if (!store.flat.isWhole) await buildFlatTable(store, { told });
}

export interface BuildOptions {
  /** Gets the number of entries now and then. */
  told?: ((entries: number) => void) | undefined;
  signal?: AbortSignal;
}

/**
 * Builds the flat table of the unsafe head's state anew; blocks may come meanwhile. False: they could not be followed, and there
 * is no table.
 * @throws CodedError `STATE_NODE_MISSING`, `STATE_NODE_CORRUPT`, `STATE_READ_FAILED`; the reason of an abort.
 */
export async function buildFlatTable(
  store: ChainStore,
  { told, signal }: BuildOptions = {},
): Promise<boolean> {
  if (store.heads() === undefined) return false;
  let number = 0n;
  try {
    return await store.flat.build(() => {
      const head = store.header(store.heads()!.unsafe)!;
      number = head.number;
      const nodes = new NodeStore(store.state, CACHED_NODES);
      const entries = flatEntries(nodes, hexToBytes(head.stateRoot));
      return { root: head.stateRoot, entries: counted(entries, told, signal) };
    });
  } catch (error) {
    // The state with which it began has been deleted since, as an old one.
    if (isCodedError(error, "STATE_NODE_MISSING") && number < store.oldestState()) return false;
    throw error;
  }
}

async function* counted<T>(
  items: AsyncIterable<T>,
  told: BuildOptions["told"],
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  let count = 0;
  let last = monotonicMs();
  for await (const item of items) {
    signal?.throwIfAborted();
    count++;
    if (monotonicMs() - last > TELL_MS) {
      last = monotonicMs();
      told?.(count);
    }
    yield item;
  }
}
