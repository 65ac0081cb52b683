import { hexToBytes } from "../../base/bytes.ts";
import { monotonicMs } from "../../base/clock.ts";
import type { ChainStore } from "../../store/chain-store.ts";
import { NodeStore } from "./node-store.ts";
import { flatEntries } from "./state-walk.ts";

const CACHED_NODES = 4_096;
/** Between two tellings of the progress, in ms. */
const TELL_MS = 2_000;

/** {@link buildFlatTable}, if the table is not whole. */
export async function ensureFlatTable(store: ChainStore, told?: (entries: number) => void): Promise<void> {
  if (!store.flat.isWhole) await buildFlatTable(store, told);
}

/**
 * Builds the flat table of the unsafe head's state anew; nothing may be committed meanwhile. `told` gets the number of entries
 * now and then.
 * @throws CodedError `STATE_NODE_MISSING`, `STATE_NODE_CORRUPT`, `STATE_READ_FAILED`.
 */
export async function buildFlatTable(store: ChainStore, told?: (entries: number) => void): Promise<void> {
  const heads = store.heads();
  const head = heads && store.header(heads.unsafe);
  if (head === undefined) return;
  const nodes = new NodeStore(store.state, CACHED_NODES);
  const entries = flatEntries(nodes, hexToBytes(head.stateRoot));
  await store.flat.build(head.stateRoot, counted(entries, told));
}

async function* counted<T>(items: AsyncIterable<T>, told?: (count: number) => void): AsyncGenerator<T> {
  let count = 0;
  let last = monotonicMs();
  for await (const item of items) {
    count++;
    if (monotonicMs() - last > TELL_MS) {
      last = monotonicMs();
      told?.(count);
    }
    yield item;
  }
}
