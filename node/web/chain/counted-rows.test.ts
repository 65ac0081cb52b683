import { expect, test } from "vitest";
import type { PostedClaim } from "../../ai/client/claims.ts";
import { countedIn } from "./counted-rows.ts";

const claim = (requestId: bigint, list: Record<string, bigint>) =>
  ({
    requestId,
    claim: { list: { contributionIds: Object.keys(list).map(BigInt), weights: Object.values(list) } },
  }) as unknown as PostedClaim;

test("an account's rows counted where a claim's list names a contribution of it", () => {
  const claims = [claim(9n, { 2: 30n, 5: 10n }), claim(8n, { 5: 7n }), claim(7n, {}), claim(6n, { 2: 0n })];
  const found = countedIn(claims, [2n, 4n]);
  expect(found.map(({ claim: { requestId }, weight, total }) => [requestId, weight, total])).toEqual([
    [9n, 30n, 40n],
    [6n, 0n, 0n],
  ]);
  expect(countedIn(claims, [])).toEqual([]);
});
