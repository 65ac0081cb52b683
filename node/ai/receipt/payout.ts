import { splitByWeights } from "../attribution/score.ts";
import type { Payout } from "../client/market.ts";
import type { Receipt } from "./receipt.ts";

const BPS = 10_000n;
const TOKENS_PER_RATE = 1_000n;

/**
 * How the market divides a request's escrow: net = (tokens in · rate in + tokens out · rate out) / 1000, the platform's
 * part on top, every division rounded down, the contributors take what the others leave of the net.
 * @param hasStakers without stakers their part goes to the model's owner.
 */
export function payoutOf(receipt: Receipt, hasStakers: boolean): Payout {
  const { request, claim, model } = receipt;
  const net =
    (BigInt(claim.tokensIn) * request.rateIn + BigInt(claim.tokensOut) * request.rateOut) / TOKENS_PER_RATE;
  const platform = (net * BigInt(request.platformBps)) / (BPS - BigInt(request.platformBps));
  const part = (bps: number) => (net * BigInt(bps)) / BPS;
  const [owner, host, stakers] = [part(model.split.owner), part(model.split.host), part(model.split.stakers)];
  const contributors = net - owner - host - stakers;
  const earned = claim.weights.length > 0;
  return {
    contributors: earned ? contributors : 0n,
    owner: hasStakers ? owner : owner + stakers,
    host,
    stakers: hasStakers ? stakers : 0n,
    platform,
    refund: request.escrow - net - platform + (earned ? 0n : contributors),
  };
}

/** What each contributor receives of `payout.contributors`, in the order of the claim's weights. */
export function contributorParts(receipt: Receipt, payout: Payout): bigint[] {
  if (receipt.claim.weights.length === 0) return [];
  return splitByWeights(
    payout.contributors,
    receipt.claim.weights.map(({ weight }) => weight),
  );
}
