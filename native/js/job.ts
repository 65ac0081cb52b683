import { loadAddon } from "./addon.ts";
import { NativeError } from "./error.ts";
import type { JobOutputs, RawProgress } from "./types.ts";

export interface Progress {
  /** Units done and planned: steps when training, examples when evaluating, tokens when generating. */
  done: number;
  total: number;
  /** Newest batch loss of a training job; NaN elsewhere. */
  loss: number;
}

export interface WaitOptions {
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
  /** Time between two polls, in milliseconds; default 50 (with a quick first few). */
  intervalMs?: number;
}

/** A running native job. It runs on its own threads; nothing blocks the event loop. */
export interface Job<T> {
  /** Progress now, without waiting. */
  poll(): RawProgress;
  /** Ask it to stop; it does so after the micro-batch in hand. */
  cancel(): void;
  /** @throws NativeError with the job's code; NATIVE_CANCELLED after `cancel()` or an aborted signal. */
  wait(options?: WaitOptions): Promise<T>;
}

/** Wraps a started job handle. `read` turns raw outputs into the result. */
export function startJob<T>(handle: object, read: (outputs: JobOutputs) => T): Job<T> {
  const addon = loadAddon();
  return {
    poll: () => addon.pollJob(handle),
    cancel: () => addon.cancelJob(handle),
    wait: async (options = {}) => {
      let delay = 1;
      const limit = options.intervalMs ?? 50;
      for (;;) {
        if (options.signal?.aborted) addon.cancelJob(handle);
        const now = addon.pollJob(handle);
        options.onProgress?.({ done: now.done, total: now.total, loss: now.loss });
        if (now.state === "done") return read(addon.jobOutputs(handle));
        if (now.state === "cancelled") throw new NativeError("NATIVE_CANCELLED", "the job was cancelled");
        if (now.state === "failed") throw new NativeError(now.code, now.error);
        await pause(delay, options.signal);
        delay = Math.min(delay * 2, limit);
      }
    },
  };
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    if (!signal?.aborted) signal?.addEventListener("abort", finish, { once: true });
  });
}
