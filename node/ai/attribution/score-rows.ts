import { Turns } from "../../base/turns.ts";
import { decodeQuery, type QuerySketch, recordAt } from "./record.ts";
import { type IndexCommitment, type ScoredRow, scoreOf } from "./score.ts";

/** As much of an index as its rows are scored by. */
export interface ScoredRecords {
  commitment: Pick<IndexCommitment, "dimension" | "e0" | "rows">;
  /** All records end to end. */
  bytes: Uint8Array;
}

/**
 * Exact scores of all rows by the rule as such, in turns with others: for whoever checks a claim, in a browser too. A host has the native
 * scan for it.
 */
export async function scoreBySketch(
  query: QuerySketch,
  { commitment, bytes }: ScoredRecords,
): Promise<ScoredRow[]> {
  const { dimension, e0, rows } = commitment;
  const scores: ScoredRow[] = [];
  const turns = new Turns();
  for (let rowId = 0; rowId < rows; rowId++) {
    scores.push({ rowId, score: scoreOf(query, recordAt(bytes, rowId, dimension), e0) });
    if (turns.isOver) await turns.next();
  }
  return scores;
}

/** The same for a query as it is posted. @param query exponent and int16 values in bytes. */
export function scoreRows(query: Uint8Array, index: ScoredRecords): Promise<ScoredRow[]> {
  return scoreBySketch(decodeQuery(query, index.commitment.dimension), index);
}
