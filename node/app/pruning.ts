import { sleep } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { pruneState } from "../execution/state/prune-state.ts";
import type { Engine } from "../rollup/forkchoice/engine.ts";
import type { ChainStore } from "../store/chain-store.ts";

/** Blocks between two prunings, at least: each one walks through the newest states. */
const PRUNE_EVERY = 1_024n;
const LOOK_MS = 30_000;

export interface PruningOptions {
  store: ChainStore;
  engine: Pick<Engine, "heads">;
  /** Newest blocks whose states stay. */
  history: bigint;
  logger: Logger;
  signal: AbortSignal;
  /** Between two looks at the head, in ms. */
  lookMs?: number;
}

/** Deletes states that are older than `history` asks for, again and again, once there are twice as many. */
export async function pruneStates(options: PruningOptions): Promise<void> {
  const { store, engine, history, logger, signal, lookMs = LOOK_MS } = options;
  let next = 0n;
  while (!signal.aborted) {
    const { number } = engine.heads().unsafe;
    if (number >= next && number >= store.oldestState() + 2n * history) {
      next = number + PRUNE_EVERY;
      logger.info({ history, number }, "Deleting old states");
      const { deleted, kept } = await pruneState(store, { history, signal });
      logger.info({ deleted, kept, oldest: store.oldestState() }, "Old states are deleted");
    }
    await sleep(lookMs, signal).catch(() => undefined);
  }
}
