import type { Engine } from "../rollup/forkchoice/engine.ts";
import type { ChainStore } from "../store/chain-store.ts";
import { SECTION } from "../store/log-index.ts";

/** Blocks behind a section that it waits for, so that most reorgs come before it is indexed. */
const MARGIN = 64n;

/** Keeps the index of logs up with the chain until `signal` aborts; what is not indexed yet is still found, more slowly. */
export async function indexLogs(store: ChainStore, engine: Engine, signal: AbortSignal): Promise<void> {
  let wake: () => void = () => undefined;
  const stop = engine.subscribe(() => {
    if (engine.heads().unsafe.number >= next) wake();
  });
  let next = 0n;
  const onAbort = () => wake();
  signal.addEventListener("abort", onAbort);
  try {
    while (!signal.aborted) {
      const head = engine.heads().unsafe.number;
      const settled = head > MARGIN ? head - MARGIN : 0n;
      await store.logIndex.extend(settled, signal);
      const section = BigInt(SECTION);
      next = (settled / section + 1n) * section + MARGIN;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (signal.aborted || engine.heads().unsafe.number >= next) resolve();
      });
    }
  } finally {
    stop();
    signal.removeEventListener("abort", onAbort);
  }
}
