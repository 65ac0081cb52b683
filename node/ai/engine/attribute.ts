import { keyOf } from "../../../precompiles/influence-verifier/rule.ts";
import type { InfluenceList } from "../../../precompiles/influence-verifier/types.ts";
import { bestList, NO_SPANS, type RowScores } from "../attribution/score.ts";
import { type AttributionIndex, recordOf } from "../attribution/sketch-index.ts";
import { type SpanSource, type Verbatim, verbatimOf } from "../fusion/layer.ts";
import type { AnswerAttribution, AnswerSpan } from "./catalogue.ts";

/**
 * What made an answer, by the rule that its model's claims go by: influence among the rows that hold its words where the index commits
 * spans, else influence alone.
 * @param text as it was given out. What is compared with rows has no spaces around it; places are those of `text`.
 * @param scores influence of all rows.
 * @param rows of the model's snapshots; asked for only where they are needed.
 * @throws CodedError `ANSWER_TOO_LONG` where the text is too long to be compared; those of `rows`.
 */
export async function attributeAnswer(
  text: string,
  scores: RowScores,
  index: AttributionIndex,
  rows: () => Promise<SpanSource>,
): Promise<AnswerAttribution> {
  const { commitment } = index;
  const headOf = (rowId: number) => recordOf(index, rowId);
  if (commitment.spans === NO_SPANS)
    return attributionOfList(await bestList(commitment, scores, headOf), index, false);
  const answer = text.trim();
  const verbatim = await verbatimOf(await rows(), commitment, { answer, scores }, headOf);
  const lead = text.length - text.trimStart().length;
  return { ...attributionOfList(verbatim.list, index, true), spans: spansOf(verbatim, lead) };
}

function attributionOfList(
  { rowIds, scores, gains, floor, contributionIds, weights }: InfluenceList,
  index: AttributionIndex,
  hasSpans: boolean,
): AnswerAttribution {
  return {
    rows: rowIds.map((rowId, at) => {
      const key = keyOf(scores[at]!, gains[at]!, hasSpans);
      return {
        rowId,
        contributionId: recordOf(index, rowId).contributionId.toString(),
        score: String(scores[at]),
        weight: String(key > floor ? key - floor : 0n),
      };
    }),
    contributions: contributionIds.map((id, at) => ({
      contributionId: id.toString(),
      weight: String(weights[at]),
    })),
  };
}

/** Each span with the listed rows that hold some of it, then the row where it stands first. */
function spansOf({ spans, rows }: Verbatim, lead: number): AnswerSpan[] {
  return spans.map(({ text, information, rowId }, span) => {
    const holding = rows.filter(({ held }) => held.some((part) => part.span === span));
    return {
      ...(text && { start: text.start + lead, end: text.end + lead }),
      information,
      rowIds: [...new Set([...holding.map((row) => row.rowId), rowId])],
    };
  });
}
