import { queryOptions } from "@tanstack/react-query";
import type { PostedClaim } from "../../ai/client/claims.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { recentClaims } from "./answers.ts";
import type { Protocol } from "./connection.tsx";
import { LIVE } from "./live-provider.tsx";

/** Claims that are looked through, the newest ones. */
const MOST = 100;

/** A claim whose list has rows of a contribution. */
export interface Counted {
  claim: PostedClaim;
  contributionId: bigint;
  weight: bigint;
  /** Of all contributions of the list. */
  total: bigint;
}

/** The newest claims that list rows of an account's contributions, newest first. */
export const countedQuery = (protocol: Protocol, account: Address, contributionIds: readonly bigint[]) =>
  queryOptions({
    queryKey: [LIVE, "counted", account, contributionIds.join()],
    queryFn: async () => countedIn(await recentClaims(protocol, MOST), contributionIds),
  });

/** See {@link countedQuery}. */
export function countedIn(claims: readonly PostedClaim[], own: readonly bigint[]): Counted[] {
  return claims.flatMap((claim) => {
    const { contributionIds, weights } = claim.claim.list;
    const total = weights.reduce((sum, weight) => sum + weight, 0n);
    return contributionIds.flatMap((contributionId, i) =>
      own.includes(contributionId) ? [{ claim, contributionId, weight: weights[i] ?? 0n, total }] : [],
    );
  });
}
