import { setImmediate as nextTurn } from "node:timers/promises";
import type { InfluenceList } from "../../../precompiles/influence-verifier/types.ts";
import { decodeQuery } from "../attribution/record.ts";
import { listOfRows, scoreOf, trueList } from "../attribution/score.ts";
import { type AttributionIndex, recordOf } from "../attribution/sketch-index.ts";
import type { CounterExample } from "../client/challenges.ts";
import type { ClaimWithQuery } from "../client/claims.ts";
import { bytesOfHex } from "../codec/hash.ts";

/** Rows between two turns of the event loop. */
const ROWS_A_TURN = 2_048;

/**
 * Looks for a counter-example in a posted claim, over the whole committed index. The claim's form was checked on chain.
 * @returns undefined when scores, omissions and weights are right.
 */
export async function findCounterExample(
  { claim, query }: ClaimWithQuery,
  index: AttributionIndex,
): Promise<CounterExample | undefined> {
  const { dimension, e0, rows } = index.commitment;
  const sketch = decodeQuery(bytesOfHex(query), dimension);
  const scores: (bigint | undefined)[] = [];
  for (let rowId = 0; rowId < rows; rowId++) {
    if (rowId % ROWS_A_TURN === ROWS_A_TURN - 1) await nextTurn();
    scores.push(scoreOf(sketch, recordOf(index, rowId), e0));
  }
  const { list } = claim;
  const wrong = list.rowIds.findIndex(
    (rowId, i) => scores[rowId] !== list.scores[i] || recordOf(index, rowId).first !== rowId,
  );
  if (wrong >= 0) return { kind: "score", position: wrong, rowId: list.rowIds[wrong]! };
  const expected = trueList(
    index.commitment,
    scores.map((score, rowId) => ({ rowId, score })),
    (rowId) => recordOf(index, rowId),
  );
  const omitted = expected.rowIds.find((rowId) => !list.rowIds.includes(rowId));
  if (omitted !== undefined) return { kind: "omission", rowId: omitted };
  return weightsAreRight(list, index) ? undefined : { kind: "weights" };
}

function weightsAreRight(list: InfluenceList, index: AttributionIndex): boolean {
  const rows = list.rowIds.map((rowId, i) => ({ rowId, score: list.scores[i]! }));
  const { contributionIds, weights } = listOfRows(
    index.commitment,
    rows,
    (rowId) => recordOf(index, rowId).contributionId,
  );
  return (
    contributionIds.length === list.contributionIds.length &&
    contributionIds.every((id, i) => id === list.contributionIds[i] && weights[i] === list.weights[i])
  );
}
