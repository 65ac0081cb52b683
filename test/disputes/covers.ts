import type { PrivateKeyAccount } from "viem/accounts";
import { queryBytes } from "../../node/ai/attribution/record.ts";
import { listByGain } from "../../node/ai/attribution/score.ts";
import { recordOf } from "../../node/ai/attribution/sketch-index.ts";
import type { SentTransaction } from "../../node/ai/client/chain.ts";
import { challengeSalt } from "../../node/ai/client/challenges.ts";
import type { ClaimWithQuery } from "../../node/ai/client/claims.ts";
import { challengeCover } from "../../node/ai/client/span-challenges.ts";
import { bytesOfHex, concatBytes, hexOfBytes, keccakOf } from "../../node/ai/codec/hash.ts";
import {
  type ClaimedCover,
  claimedTerms,
  decodeCover,
  encodeCover,
} from "../../node/ai/fusion/cover-bytes.ts";
import { gainOf } from "../../node/ai/fusion/rule.ts";
import { withSpans } from "../../node/ai/spans/model-spans.ts";
import { findLieWithCover } from "../../node/ai/watch/check-claim.ts";
import type { World } from "./world.ts";

/** The cover behind a claim's query sketch. */
export function coverIn({ model }: Pick<World, "model">, { claim, query }: ClaimWithQuery): ClaimedCover {
  const bytes = bytesOfHex(query).subarray(queryBytes(model.index.commitment.dimension));
  const cover = decodeCover(bytes, claim.list.rowIds.length);
  if (cover === undefined) throw new Error("an honest claim has no cover");
  return cover;
}

/**
 * The claim with another cover, and with gains, order and weights that follow from it, so that its form is right.
 * @param rows those that are listed; all unless given.
 */
export function withCover(
  { model }: Pick<World, "model">,
  { claim, query }: ClaimWithQuery,
  cover: ClaimedCover,
  rows = claim.list.rowIds,
): ClaimWithQuery {
  const { index } = model;
  const { rowIds, scores } = claim.list;
  const partsOf = (rowId: number) => cover.parts[rowIds.indexOf(rowId)]!;
  const terms = claimedTerms({ ...cover, parts: rows.map(partsOf) });
  const list = listByGain(
    index.commitment,
    rows.map((rowId) => ({ rowId, score: scores[rowIds.indexOf(rowId)]! })),
    (rowId) => recordOf(index, rowId),
    (rowId, score) => gainOf(terms, rows.indexOf(rowId), score),
  );
  const sketch = bytesOfHex(query).subarray(0, queryBytes(index.commitment.dimension));
  const claimed = concatBytes(sketch, encodeCover({ ...cover, parts: list.rowIds.map(partsOf) }));
  return { claim: { ...claim, list, queryHash: keccakOf(claimed) }, query: hexOfBytes(claimed) };
}

/** The claim without the best row of its list. */
export function withoutFirst(world: World, honest: ClaimWithQuery): ClaimWithQuery {
  return withCover(world, honest, coverIn(world, honest), honest.claim.list.rowIds.slice(1));
}

/** The maker of a lie about spans brings the counter-example itself. */
export async function challengeAsMaker(
  { ground, model, built, rows }: World,
  friend: PrivateKeyAccount,
  lying: ClaimWithQuery,
): Promise<SentTransaction> {
  const { client, at } = ground;
  const { index } = model;
  const found = await findLieWithCover(lying, index, rows.completions);
  if (found?.kind !== "cover") throw new Error("there is no lie about spans");
  const salt = await challengeSalt(client, friend, `claim ${lying.claim.queryHash}`);
  return withSpans(built.set, rows.completions, (spans) =>
    challengeCover(client, at, friend, lying, { index, spans }, found.lie, salt),
  );
}
