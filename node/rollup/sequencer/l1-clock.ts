import { type Clock, systemClock } from "../../base/clock.ts";
import type { L1Watcher } from "../l1/watcher.ts";

/** Seconds that the clock runs on without a new L1 block; then it waits for L1. */
const MAX_AHEAD = 12;

/**
 * L1's time: the timestamp of its head plus what has passed since that was seen. A devnet's time stands still with its L1, so
 * that no night of empty blocks follows a stop. Before the first head it shows 0.
 */
export function createL1Clock(watcher: L1Watcher, base: Clock = systemClock): Clock {
  let seen: { timestamp: number; at: number } | undefined;
  let hash: string | undefined;
  watcher.subscribe(({ latest }) => {
    if (latest.hash === hash) return;
    hash = latest.hash;
    seen = { timestamp: Number(latest.timestamp), at: base.now() };
  });
  return {
    now: () => (seen === undefined ? 0 : seen.timestamp + Math.min(MAX_AHEAD, base.now() - seen.at)),
  };
}
