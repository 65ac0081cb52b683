import { minBigInt } from "../../base/bigint.ts";
import type { PoolEntry } from "./pool-account.ts";

const SLOT_BYTES = 32 * 1024;

/** Slots that an envelope of this many bytes takes. */
export function slotsOf(bytes: number): number {
  return Math.ceil(bytes / SLOT_BYTES);
}

/** What the sequencer earns per gas at a base fee; negative: it can't be included. */
export function effectiveTip({ feeCap, tipCap }: PoolEntry, baseFee: bigint): bigint {
  return minBigInt(feeCap - baseFee, tipCap);
}

/** True when `next` pays enough more than `old` to take its place; as geth's `list.Add`. */
export function replaces(
  next: Pick<PoolEntry, "feeCap" | "tipCap">,
  old: Pick<PoolEntry, "feeCap" | "tipCap">,
  bump: bigint,
): boolean {
  const enough = (after: bigint, before: bigint) =>
    after > before && after >= (before * (100n + bump)) / 100n;
  return enough(next.feeCap, old.feeCap) && enough(next.tipCap, old.tipCap);
}
