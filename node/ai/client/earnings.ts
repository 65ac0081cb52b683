import { split } from "../../../precompiles/reward-splitter/split.ts";
import { type ContextShares, MAX_CONTEXT_ROWS } from "../context/rule.ts";
import type { Claim } from "./claims.ts";

/** How a claim divides the contributors' part of a fee, in wei: the contracts' library Earnings. */

/** Whom an amount is divided among. */
type Weighted = Pick<Claim["list"], "contributionIds" | "weights">;

/** As much of a claim as says whom it pays. */
export interface PayingClaim extends Pick<Claim, "context" | "earnedBps"> {
  list: Weighted;
}

const BPS = 10_000n;

const MAX_WEIGHT_BITS = 64n;

/** Whether a claim's context has the form without which no claim can be posted. */
export function hasContextForm({ partBps, contributionIds, weights }: ContextShares): boolean {
  const count = contributionIds.length;
  return (
    count <= MAX_CONTEXT_ROWS &&
    count === weights.length &&
    count > 0 === partBps > 0 &&
    partBps <= Number(BPS) &&
    weights.every((weight) => weight > 0n && weight >> MAX_WEIGHT_BITS === 0n) &&
    contributionIds.every((id, i) => i === 0 || contributionIds[i - 1]! < id)
  );
}

/** The two parts: of rows that stood in the prompt, and of training's list. What both leave is the pools'. */
export interface EarnedParts {
  byContext: bigint;
  byList: bigint;
}

/** What a contribution has of an amount. */
export interface Earned {
  contributionId: bigint;
  amount: bigint;
}

/** What of the contributors' part goes by the context's weights, and what by the list's. */
export function earnedParts({ list, context, earnedBps }: PayingClaim, amount: bigint): EarnedParts {
  const byContext = (amount * BigInt(context.partBps)) / BPS;
  const byList = list.weights.length > 0 ? ((amount - byContext) * BigInt(earnedBps)) / BPS : 0n;
  return { byContext, byList };
}

/** An amount divided by weights; nobody has anything of none, or where there are no weights. */
export function dividedBy(amount: bigint, { contributionIds, weights }: Weighted): Earned[] {
  const parts = weights.length > 0 ? split(amount, weights) : [];
  return contributionIds.map((contributionId, i) => ({ contributionId, amount: parts[i] ?? 0n }));
}

/** What each contribution has by list and context together: the list's in its order, then those of the context alone. */
export function earnedBy({ list, context }: Omit<PayingClaim, "earnedBps">, parts: EarnedParts): Earned[] {
  return summed([...dividedBy(parts.byList, list), ...dividedBy(parts.byContext, context)]);
}

/** Parts of the whole by which {@link shareOfEach} tells. */
export const WHOLE = 10n ** 18n;

/** The shares that the contributions of a claim have of the contributors' part, in parts of 10^18; the pools have what is left. */
export function shareOfEach(claim: PayingClaim): Earned[] {
  return earnedBy(claim, earnedParts(claim, WHOLE));
}

/** One for each contribution, in the order of their first. */
export function summed<T extends Earned>(all: readonly T[]): T[] {
  const sums = new Map<bigint, T>();
  for (const one of all) {
    const known = sums.get(one.contributionId);
    sums.set(one.contributionId, known ? { ...known, amount: known.amount + one.amount } : one);
  }
  return [...sums.values()];
}

/** Contributions that a claim pays: the list's in its order, then those of the context alone. */
export function paidContributions({ list, context }: Omit<PayingClaim, "earnedBps">): bigint[] {
  return [...new Set([...list.contributionIds, ...context.contributionIds])];
}
