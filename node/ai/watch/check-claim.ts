import type { InfluenceList } from "../../../precompiles/influence-verifier/types.ts";
import { decodeQuery, queryBytes } from "../attribution/record.ts";
import { bestList, listByGain, type RowScores } from "../attribution/score.ts";
import { type AttributionIndex, recordOf } from "../attribution/sketch-index.ts";
import type { CounterExample } from "../client/challenges.ts";
import type { ClaimWithQuery } from "../client/claims.ts";
import type { CoverLie } from "../client/span-challenges.ts";
import { bytesOfHex } from "../codec/hash.ts";
import type { Completions } from "../fusion/completions.ts";
import { findCoverLie } from "./check-cover.ts";

/**
 * Looks for a counter-example in a posted claim, over the whole committed index. The claim's form was checked on chain.
 * @returns undefined when scores, omissions and weights are right.
 */
export async function findCounterExample(
  { claim: { list }, query }: ClaimWithQuery,
  index: AttributionIndex,
): Promise<CounterExample | undefined> {
  const { dimension } = index.commitment;
  const scores = await index.score(decodeQuery(bytesOfHex(query), dimension));
  const wrong = findWrongScore(list, scores, index);
  if (wrong) return wrong;
  const expected = await bestList(index.commitment, scores, (rowId) => recordOf(index, rowId));
  const omitted = expected.rowIds.find((rowId) => !list.rowIds.includes(rowId));
  if (omitted !== undefined) return { kind: "omission", rowId: omitted };
  return weightsAreRight(list, index) ? undefined : { kind: "weights" };
}

/**
 * The same of a claim whose query has a cover behind it: of an index that commits spans.
 * @returns what is false in scores and weights as such, in the cover and in what follows from it as `cover`.
 */
export async function findLieWithCover(
  { claim: { list }, query }: ClaimWithQuery,
  index: AttributionIndex,
  completions: Completions,
): Promise<CounterExample | { kind: "cover"; lie: CoverLie } | undefined> {
  const { dimension } = index.commitment;
  const bytes = bytesOfHex(query);
  const cover = queryBytes(dimension);
  const scores = await index.score(decodeQuery(bytes.subarray(0, cover), dimension));
  const wrong = findWrongScore(list, scores, index);
  if (wrong) return wrong;
  const headOf = (rowId: number) => recordOf(index, rowId);
  const matter = { terms: index.commitment, completions, scores, headOf };
  const lie = await findCoverLie(list, bytes.subarray(cover), matter);
  if (lie) return { kind: "cover", lie };
  return weightsAreRight(list, index) ? undefined : { kind: "weights" };
}

/** A listed row whose score is another one, or that repeats another row. */
export function findWrongScore(
  list: InfluenceList,
  scores: RowScores,
  index: AttributionIndex,
): CounterExample | undefined {
  const found = scores.of(list.rowIds);
  const wrong = list.rowIds.findIndex(
    (rowId, i) => found[i]!.score !== list.scores[i] || recordOf(index, rowId).first !== rowId,
  );
  return wrong < 0 ? undefined : { kind: "score", position: wrong, rowId: list.rowIds[wrong]! };
}

function weightsAreRight(list: InfluenceList, index: AttributionIndex): boolean {
  const rows = list.rowIds.map((rowId, i) => ({ rowId, score: list.scores[i] }));
  const { contributionIds, weights } = listByGain(
    index.commitment,
    rows,
    (rowId) => recordOf(index, rowId),
    (rowId) => list.gains[list.rowIds.indexOf(rowId)]!,
  );
  return (
    contributionIds.length === list.contributionIds.length &&
    contributionIds.every((id, i) => id === list.contributionIds[i] && weights[i] === list.weights[i])
  );
}
