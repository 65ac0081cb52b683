import { monotonicMs } from "../base/clock.ts";

/** Addresses that are remembered at once. */
const MAX_ADDRESSES = 4_096;

/** How often one address may ask: `burst` at once, then one more every `everyMs`. */
export interface Rate {
  burst: number;
  everyMs: number;
}

/** Counts requests by address, in bounded memory. */
export class RateLimit {
  private readonly rate: Rate;
  private readonly now: () => number;
  /** The time at which the address has its whole burst again, in ms; oldest use first. */
  private readonly full = new Map<string, number>();

  constructor(rate: Rate, now: () => number = monotonicMs) {
    this.rate = rate;
    this.now = now;
  }

  /** Takes one; otherwise the milliseconds until the next may be taken. */
  take(address: string): number | undefined {
    const { burst, everyMs } = this.rate;
    const now = this.now();
    const full = Math.max(now, this.full.get(address) ?? now);
    const wait = full + everyMs - (now + burst * everyMs);
    if (wait > 0) return wait;
    this.full.delete(address);
    this.full.set(address, full + everyMs);
    if (this.full.size > MAX_ADDRESSES) this.full.delete(this.full.keys().next().value ?? "");
    return undefined;
  }
}
