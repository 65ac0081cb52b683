import type { InfluenceList } from "../../../precompiles/influence-verifier/types.ts";
import type { QuerySketch } from "../../ai/attribution/record.ts";
import { listByGain, scoreOf } from "../../ai/attribution/score.ts";
import { type AttributionIndex, recordOf } from "../../ai/attribution/sketch-index.ts";
import { freeOf, gainOf } from "../../ai/fusion/rule.ts";
import { CheckFailed, expectSame } from "../../ai/receipt/checks.ts";
import type { Receipt } from "../../ai/receipt/receipt.ts";

type Verbatim = NonNullable<Receipt["verbatim"]>;

/**
 * As much of the verbatim layer as follows from its own numbers and the index: what is left to influence, the listed rows' scores and
 * gains, order, floor and weights. That no row is missing, and how many bits the words have, takes the model's tokenizer.
 * @throws CheckFailed
 */
export function checkMeeting(verbatim: Verbatim, index: AttributionIndex, query: QuerySketch): void {
  const { information, free, spans, rows, list } = verbatim;
  expectSame("bits left to influence", free, freeOf(information, spans));
  const { commitment } = index;
  expectSame(
    "rows of the spans",
    rows.map(({ rowId }) => rowId),
    list.rowIds,
  );
  const terms = { information, free, spans, held: new Map(rows.map(({ rowId, held }) => [rowId, held])) };
  const scores = rows.map(({ rowId }) => {
    if (rowId >= commitment.rows) throw new CheckFailed(`row ${rowId} is none of the index`);
    return { rowId, score: scoreOf(query, recordOf(index, rowId), commitment.e0) };
  });
  const found: InfluenceList = listByGain(
    commitment,
    scores,
    (rowId) => recordOf(index, rowId),
    (rowId, score) => gainOf(terms, rowId, score),
  );
  expectSame("list of spans and influence", list, found);
}

/**
 * Whether the words of a span stand in its row's completion, which is read as if a space stood before it. A character at either end that
 * is not ASCII may be there in part only, as bytes: it is not looked at.
 */
export function standsIn(words: string, completion: string): boolean {
  const core = words.replace(/^[^\p{ASCII}]+|[^\p{ASCII}]+$/gu, "");
  return ` ${completion}`.includes(core);
}
