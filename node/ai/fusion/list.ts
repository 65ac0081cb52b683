import type { InfluenceList } from "../../../precompiles/influence-verifier/types.ts";
import { type ListedHead, type ListTerms, listByGain, type RowScores } from "../attribution/score.ts";
import { type Cover, gainOf } from "./rule.ts";

/**
 * The list that is true of an answer with that cover. Rows that hold nothing of it all have the same gain, so of these the best by score are
 * the best by key.
 */
export async function listByCover(
  terms: ListTerms,
  scores: RowScores,
  headOf: (rowId: number) => ListedHead,
  cover: Cover,
): Promise<InfluenceList> {
  const held = [...cover.held.keys()].filter((rowId) => rowId < terms.rows);
  const scored = [...scores.of(held), ...(await scores.best(terms.topK, held))];
  return listByGain(terms, scored, headOf, (rowId, score) => gainOf(cover, rowId, score));
}
