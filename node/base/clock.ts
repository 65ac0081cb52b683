/** The only place that reads the machine's clock or its randomness. */
export interface Clock {
  /** Seconds since the Unix epoch, with fraction. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() / 1000 };

/** A clock that runs beside `base` at a fixed offset in seconds: a chain that stood still goes on where it stopped. */
export function offsetClock(offset: number, base: Clock = systemClock): Clock {
  return { now: () => base.now() + offset };
}

/** Milliseconds on a clock that nobody sets, for durations. */
export function monotonicMs(): number {
  return performance.now();
}

/** Resolves after `ms` milliseconds; rejects with the signal's reason when aborted first. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** `length` bytes from the operating system's generator. */
export function randomBytes(length: number): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(length));
}
