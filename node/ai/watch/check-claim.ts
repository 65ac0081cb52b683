import type { AttributionIndex } from "../attribution/build.ts";
import { decodeQuery } from "../attribution/record.ts";
import { type ScoredRow, scoreOf, weightsOf } from "../attribution/score.ts";
import type { Claim, CounterExample } from "../client/market.ts";
import { bytesOfHex } from "../codec/hash.ts";

/**
 * Looks for a counter-example in a posted claim, over the whole committed index. The claim's form was checked on chain.
 * @returns undefined when scores, omissions and weights are right.
 */
export function findCounterExample(claim: Claim, index: AttributionIndex): CounterExample | undefined {
  const { dimension, e0, floor } = index.commitment;
  const query = decodeQuery(bytesOfHex(claim.query), dimension);
  const scores = index.records.map((record) => scoreOrNone(() => scoreOf(query, record, e0)));
  const wrong = claim.rows.findIndex(({ rowId, score }) => scores[rowId] !== score);
  if (wrong >= 0) return { kind: "score", position: wrong, rowId: claim.rows[wrong]!.rowId };
  const listed = new Set(claim.rows.map(({ rowId }) => rowId));
  const last = claim.rows.at(-1)!;
  for (const [rowId, score] of scores.entries()) {
    if (score === undefined || listed.has(rowId)) continue;
    if (comesBefore({ rowId, score }, last)) return { kind: "omission", rowId };
  }
  const weights = weightsOf(claim.rows, (rowId) => index.records[rowId]!.contributor, floor);
  const same =
    weights.length === claim.weights.length &&
    weights.every(({ contributor, weight }, i) => {
      const claimed = claim.weights[i]!;
      return claimed.contributor === contributor && claimed.weight === weight;
    });
  return same ? undefined : { kind: "weights" };
}

/** A row whose exponents ask for an impossible shift has no score: the precompile gives none either. */
function scoreOrNone(score: () => bigint): bigint | undefined {
  try {
    return score();
  } catch {
    return undefined;
  }
}

function comesBefore(a: ScoredRow, b: ScoredRow): boolean {
  return a.score > b.score || (a.score === b.score && a.rowId < b.rowId);
}
