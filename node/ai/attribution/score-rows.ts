import { Turns } from "../../base/turns.ts";
import { decodeQuery } from "./record.ts";
import { type ScoredRow, scoreOf } from "./score.ts";
import { type AttributionIndex, recordOf } from "./sketch-index.ts";

/**
 * Exact scores of all rows by the rule as such, in turns with others: for whoever checks a claim, in a browser too. A host has the native
 * scan for it.
 * @param query exponent and int16 values in bytes.
 */
export async function scoreRows(query: Uint8Array, index: AttributionIndex): Promise<ScoredRow[]> {
  const { dimension, e0, rows } = index.commitment;
  const sketch = decodeQuery(query, dimension);
  const scores: ScoredRow[] = [];
  const turns = new Turns();
  for (let rowId = 0; rowId < rows; rowId++) {
    scores.push({ rowId, score: scoreOf(sketch, recordOf(index, rowId), e0) });
    if (turns.isOver) await turns.next();
  }
  return scores;
}
