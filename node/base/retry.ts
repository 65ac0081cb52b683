import { sleep } from "./clock.ts";
import type { Logger } from "./logger.ts";

export interface RetryOptions {
  /** Said in the warning: `<task> failed, trying again`. */
  task: string;
  logger: Logger;
  signal: AbortSignal;
  /** False for errors that trying again can't heal; they are thrown. */
  isTemporary: (error: unknown) => boolean;
  firstDelayMs?: number;
  maxDelayMs?: number;
}

/** Runs `attempt` until it succeeds, with doubling pauses. Rejects on the first lasting error and on abort. */
export async function retry<T>(options: RetryOptions, attempt: () => Promise<T>): Promise<T> {
  const { firstDelayMs = 250, maxDelayMs = 10_000, signal } = options;
  for (let delay = firstDelayMs, failures = 1; ; delay = Math.min(maxDelayMs, delay * 2), failures++) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted || !options.isTemporary(error)) throw error;
      // The first failures of a restart are ordinary; only lasting trouble deserves a reader's attention.
      const log = failures >= 3 ? options.logger.warn : options.logger.debug;
      log.call(options.logger, { error, failures, nextTryMs: delay }, `${options.task} failed, trying again`);
      await sleep(delay, signal);
    }
  }
}
