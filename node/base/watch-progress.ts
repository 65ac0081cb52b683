import { monotonicMs } from "./clock.ts";

/** How to tell from outside that something hangs. */
export interface Watch {
  /** Whether there is something to do now; without work nothing hangs. */
  hasWork(): boolean;
  /** Differs from before whenever it has got on. */
  progress(): string | number | bigint;
  /** Milliseconds with work and without progress after which it hangs. */
  stallMs: number;
  /** True: it is left behind and started again then; only for what does nothing more once its signal has aborted. */
  restarts: boolean;
}

/** Looks in the time after which something hangs. */
const LOOKS = 10;

/**
 * Calls `onChange` with the milliseconds without progress when it begins to hang, and with undefined when it gets on again.
 * Time that the process itself did not run in does not count. The answer ends it.
 */
export function watchProgress(watch: Watch, onChange: (silentMs: number | undefined) => void): () => void {
  const everyMs = Math.max(1, watch.stallMs / LOOKS);
  let last = watch.progress();
  let looked = monotonicMs();
  let silentMs = 0;
  let isHanging = false;
  const look = () => {
    const now = monotonicMs();
    const passed = Math.min(now - looked, 2 * everyMs);
    looked = now;
    const current = watch.progress();
    const gotOn = current !== last || !watch.hasWork();
    last = current;
    silentMs = gotOn ? 0 : silentMs + passed;
    if (isHanging === silentMs >= watch.stallMs) return;
    isHanging = !isHanging;
    onChange(isHanging ? silentMs : undefined);
  };
  const timer = setInterval(look, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
