import { ALL_EARNED } from "../../../ai/fusion/discount.ts";
import type { Receipt } from "../../../ai/receipt/receipt.ts";
import { formatShare } from "../../ui/format.ts";

/** What of an answer the base model gives by itself; nothing where the model's method does not ask. */
export function DiscountSaid({ shown }: { shown: Pick<Receipt, "discount"> & Earned }) {
  const { discount, claim } = shown;
  if (discount === undefined) return null;
  return (
    <p className="mb-3 text-sm text-soft">
      {`By itself the base model answers “${discount.answer}”. ${discountSaid(claim.earnedBps)}`}
    </p>
  );
}

interface Earned {
  claim: Pick<Receipt["claim"], "earnedBps">;
}

/** In words. */
export function discountSaid(earnedBps: number): string {
  if (earnedBps === ALL_EARNED)
    return "It says nothing that counts of this answer: training earned all of it.";
  if (earnedBps === 0)
    return "It says all of this answer: training earned nothing, and the pools of the model's snapshots have it.";
  return `Training earned ${formatShare(BigInt(earnedBps), BigInt(ALL_EARNED))}, which is divided here; the pools of the model's snapshots have the rest.`;
}
