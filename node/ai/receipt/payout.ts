import { split } from "../../../precompiles/reward-splitter/split.ts";
import type { Payout } from "../client/market.ts";
import type { Receipt } from "./receipt.ts";

const BPS = 10_000n;
const TOKENS_PER_RATE = 1_000n;

/**
 * How the market divides a request's escrow: net = (tokens in · rate in + tokens out · rate out) / 1000, the platform's
 * part on top, every division rounded down. The contributors' part is what the others leave of the net; of it the contributors in
 * the list have what the adapter earned, the pools of the snapshots the rest, or all where no row earned.
 * @param hasStakers without stakers their part goes to the model's owner.
 */
export function payoutOf({ request, claim, model }: Receipt, hasStakers: boolean): Payout {
  const net =
    (BigInt(claim.tokensIn) * request.rateIn + BigInt(claim.tokensOut) * request.rateOut) / TOKENS_PER_RATE;
  const platform = (net * BigInt(request.platformBps)) / (BPS - BigInt(request.platformBps));
  const part = (bps: number) => (net * BigInt(bps)) / BPS;
  const [owner, host, stakers] = [part(model.split.owner), part(model.split.host), part(model.split.stakers)];
  const rest = net - owner - host - stakers;
  const earned = claim.list.weights.length > 0 ? (rest * BigInt(claim.earnedBps)) / BPS : 0n;
  return {
    contributors: earned,
    pools: rest - earned,
    owner: hasStakers ? owner : owner + stakers,
    host,
    stakers: hasStakers ? stakers : 0n,
    platform,
    refund: request.escrow - net - platform,
  };
}

/** What each contribution of the list receives of `payout.contributors`, in the list's order. */
export function contributorParts({ claim }: Receipt, payout: Payout): bigint[] {
  return payout.contributors > 0n ? split(payout.contributors, claim.list.weights) : [];
}
