import { type Earned, earnedBy, earnedParts } from "../client/earnings.ts";
import type { Payout } from "../client/market.ts";
import type { Receipt } from "./receipt.ts";

const BPS = 10_000n;
const TOKENS_PER_RATE = 1_000n;

/**
 * How the market divides a request's escrow: net = (tokens in · rate in + tokens out · rate out) / 1000, the platform's
 * part on top, every division rounded down. The contributors' part is what the others leave of the net; of it the contributors of rows in
 * the prompt have the context's part, those in the list what the adapter earned of the rest, the pools of the snapshots what is left.
 * @param hasStakers without stakers their part goes to the model's owner.
 */
export function payoutOf({ request, claim, model }: Receipt, hasStakers: boolean): Payout {
  const net =
    (BigInt(claim.tokensIn) * request.rateIn + BigInt(claim.tokensOut) * request.rateOut) / TOKENS_PER_RATE;
  const platform = (net * BigInt(request.platformBps)) / (BPS - BigInt(request.platformBps));
  const part = (bps: number) => (net * BigInt(bps)) / BPS;
  const [owner, host, stakers] = [part(model.split.owner), part(model.split.host), part(model.split.stakers)];
  const rest = net - owner - host - stakers;
  const { byContext, byList } = earnedParts(claim, rest);
  return {
    contributors: byList,
    context: byContext,
    pools: rest - byContext - byList,
    owner: hasStakers ? owner : owner + stakers,
    host,
    stakers: hasStakers ? stakers : 0n,
    platform,
    refund: request.escrow - net - platform,
  };
}

/** What each contribution receives of a payout: the list's in its order, then those of the context alone. */
export function contributorParts({ claim }: Receipt, { contributors, context }: Payout): Earned[] {
  return contributors + context > 0n ? earnedBy(claim, { byList: contributors, byContext: context }) : [];
}
