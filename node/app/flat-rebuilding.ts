import { sleep } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { buildFlatTable } from "../execution/state/build-flat.ts";
import type { Engine } from "../rollup/forkchoice/engine.ts";
import type { ChainStore } from "../store/chain-store.ts";

/** After a building that a reorganisation ended, in ms: what took blocks away may take away more. */
const PAUSE_MS = 2_000;

/** Builds the flat table anew beside the chain where a change of it could not be followed, until `signal` aborts. */
export async function rebuildFlat(
  store: ChainStore,
  engine: Pick<Engine, "subscribe">,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  let wake: () => void = () => undefined;
  const onChange = () => wake();
  const stop = engine.subscribe(onChange);
  signal.addEventListener("abort", onChange);
  try {
    while (!signal.aborted) {
      if (!store.flat.isWhole) await rebuild(store, logger, signal);
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (signal.aborted || !store.flat.isWhole) resolve();
      });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    stop();
    signal.removeEventListener("abort", onChange);
  }
}

async function rebuild(store: ChainStore, logger: Logger, signal: AbortSignal): Promise<void> {
  logger.info({}, "Building the table of accounts and slots anew beside the chain");
  const told = (accounts: number) =>
    logger.info({ accounts }, "Building the table of accounts and slots anew beside the chain");
  if (await buildFlatTable(store, { told, signal }))
    logger.info({}, "The table of accounts and slots is whole");
  else await sleep(PAUSE_MS, signal).catch(() => undefined);
}
