import { ALL_EARNED } from "../../../ai/attribution/discount.ts";
import type { Receipt } from "../../../ai/receipt/receipt.ts";
import { formatShare } from "../../ui/format.ts";

/** What of an answer the base model would have given by itself; nothing where the model's method does not ask. */
export function DiscountSaid({ shown }: { shown: Pick<Receipt, "discount"> & Earned }) {
  if (shown.discount === undefined) return null;
  return <p className="mb-3 text-sm text-soft">{discountSaid(shown.claim.earnedBps)}</p>;
}

interface Earned {
  claim: Pick<Receipt["claim"], "earnedBps">;
}

/** In words. */
export function discountSaid(earnedBps: number): string {
  if (earnedBps === ALL_EARNED)
    return "The base model would not have given this answer by itself: training earned all of it.";
  if (earnedBps === 0)
    return "The base model gives this answer as often by itself: training earned nothing, and the pools of the model's snapshots have it.";
  return `${formatShare(BigInt(earnedBps), BigInt(ALL_EARNED))} of answers like this one would not be given without training. So much is divided here; the pools of the model's snapshots have the rest.`;
}
