import type { Clock } from "../base/clock.ts";
import type { Watch } from "../base/watch-progress.ts";
import type { ChainContext } from "./chain-context.ts";

/** What is looked at to tell that a part of the chain hangs. */
type Seen<K extends keyof ChainContext> = Pick<ChainContext, K>;

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
/** L1 blocks after a channel's end in which its transactions are mined and derived. */
const L1_MARGIN = 30n;

/** L1 answers, be its head new or not. It is asked again without a restart. */
export function watchL1({ watcher }: Seen<"watcher">): Watch {
  return { hasWork: () => true, progress: () => watcher.answers(), stallMs: MINUTE_MS, restarts: false };
}

/** It reads each L1 block that there is; between two blocks there may be a walk back over many, or many L2 blocks to build. */
export function watchDerivation({ watcher, driver, engine }: Seen<"watcher" | "driver" | "engine">): Watch {
  return {
    hasWork: () => (watcher.heads()?.latest.number ?? -1n) > (driver.lastReadL1()?.number ?? -1n),
    progress: () => `${driver.lastReadL1()?.hash} ${engine.heads().safe.hash}`,
    stallMs: 10 * MINUTE_MS,
    // Its run hears of the node's end only: two at once would share one pipeline.
    restarts: false,
  };
}

/** There is a block to build whenever the clock is past the next one's time. */
export function watchSequencer(
  { driver, engine, definition }: Seen<"driver" | "engine" | "definition">,
  clock: Clock,
): Watch {
  const { blockTime } = definition.rollup;
  return {
    hasWork: () => driver.isReady() && clock.now() >= Number(engine.heads().unsafe.timestamp + blockTime),
    progress: () => engine.heads().unsafe.hash,
    stallMs: MINUTE_MS,
    // Two at once would build two blocks.
    restarts: false,
  };
}

/** Blocks wait to become safe while L1 has had the blocks in which that happens. */
export function watchBatcher({
  engine,
  driver,
  watcher,
  config,
}: Seen<"engine" | "driver" | "watcher" | "config">): Watch {
  let mark: { safe: bigint; l1: bigint } | undefined;
  return {
    hasWork() {
      const { safe, unsafe } = engine.heads();
      const l1 = watcher.heads()?.latest.number ?? 0n;
      if (mark === undefined || mark.safe !== safe.number) mark = { safe: safe.number, l1 };
      const due = mark.l1 + BigInt(config.batcherChannelBlocks) + L1_MARGIN;
      return driver.isReady() && unsafe.number > safe.number && l1 > due;
    },
    progress: () => engine.heads().safe.number,
    stallMs: 5 * MINUTE_MS,
    restarts: true,
  };
}

/** Blocks that are not in the index yet. */
export function watchAddresses({ store, engine }: Seen<"store" | "engine">): Watch {
  const built = () => store.addressIndex.builtTo()?.number ?? -1n;
  return {
    hasWork: () => built() < engine.heads().unsafe.number,
    progress: built,
    stallMs: MINUTE_MS,
    restarts: true,
  };
}
