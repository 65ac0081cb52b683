import type { Engine } from "../rollup/forkchoice/engine.ts";
import type { ChainStore } from "../store/chain-store.ts";

/** Keeps the index of addresses up with the unsafe head, and off what left the chain, until `signal` aborts. */
export async function indexAddresses(
  store: Pick<ChainStore, "addressIndex">,
  engine: Pick<Engine, "heads" | "subscribe">,
  signal: AbortSignal,
): Promise<void> {
  let hasChanged = true;
  let wake: () => void = () => undefined;
  const onChange = () => {
    hasChanged = true;
    wake();
  };
  const stop = engine.subscribe(onChange);
  signal.addEventListener("abort", onChange);
  try {
    while (!signal.aborted) {
      hasChanged = false;
      await store.addressIndex.extend(engine.heads().unsafe.number, signal);
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (hasChanged || signal.aborted) resolve();
      });
    }
  } finally {
    stop();
    signal.removeEventListener("abort", onChange);
  }
}
