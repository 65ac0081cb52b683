import { sleep } from "../../base/clock.ts";
import { isTemporary } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { retry } from "../../base/retry.ts";
import type { L1BlockRef } from "../../chain/types/l1.ts";
import type { L1Reader } from "./reader.ts";

/** L1's heads at one moment; safe and finalized are absent where L1 has none yet. */
export interface L1Heads {
  latest: L1BlockRef;
  safe: L1BlockRef | undefined;
  finalized: L1BlockRef | undefined;
}

export interface L1Watcher {
  /** The heads seen last; undefined before the first answer. */
  heads(): L1Heads | undefined;
  /** How often L1 has said what its head is. */
  answers(): number;
  /** Calls `listener` after each change of the latest or finalized head. Gives the function that stops it. */
  subscribe(listener: (heads: L1Heads) => void): () => void;
  /** Follows the head until the signal aborts; resolves then. */
  run(): Promise<void>;
}

export interface L1WatcherOptions {
  reader: L1Reader;
  logger: Logger;
  signal: AbortSignal;
  /** Milliseconds between two looks. */
  pollMs: number;
}

/** Follows L1's head by polling. Lost connections are retried for ever, with growing pauses. */
export function createL1Watcher(options: L1WatcherOptions): L1Watcher {
  const { reader, logger, signal, pollMs } = options;
  const listeners = new Set<(heads: L1Heads) => void>();
  let current: L1Heads | undefined;
  let answers = 0;

  const look = async () => {
    const latest = await reader.label("latest");
    answers++;
    if (latest === undefined || latest.hash === current?.latest.hash) return;
    // L1 nodes answer these two with an error or null before the first finalized epoch.
    const [safe, finalized] = await Promise.all([
      reader.label("safe").catch(() => undefined),
      reader.label("finalized").catch(() => undefined),
    ]);
    warnOfReorg(current?.latest, latest, logger);
    current = { latest, safe, finalized };
    for (const listener of listeners) {
      try {
        listener(current);
      } catch (error) {
        logger.error({ error }, "A listener did not take L1's new head");
      }
    }
  };

  return {
    heads: () => current,
    answers: () => answers,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async run() {
      while (!signal.aborted) {
        try {
          await retry(
            {
              task: "Reading the L1 head",
              logger,
              signal,
              isTemporary,
              maxDelayMs: 2_000,
            },
            look,
          );
          await sleep(pollMs, signal);
        } catch (error) {
          if (!signal.aborted) throw error;
        }
      }
    },
  };
}

function warnOfReorg(before: L1BlockRef | undefined, after: L1BlockRef, logger: Logger): void {
  if (before === undefined || after.number > before.number) return;
  logger.warn({ before, after }, "The L1 chain was reorganised: its head did not grow");
}
