import type { InfluenceList } from "../../../precompiles/influence-verifier/types.ts";
import { MAX_PATTERN } from "../../../precompiles/span-verifier/types.ts";
import type { ListedHead, ListTerms, RowScores } from "../attribution/score.ts";
import type { CoverLie } from "../client/span-challenges.ts";
import type { Completions } from "../fusion/completions.ts";
import {
  bitsOf,
  type ClaimedCover,
  type ClaimedPlace,
  claimedCover,
  claimedTerms,
  decodeCover,
  documentStart,
} from "../fusion/cover-bytes.ts";
import { listByCover } from "../fusion/list.ts";
import { type Cover, coverOf, gainOf } from "../fusion/rule.ts";

/** What is public of an index whose claims have covers. */
export interface CoverMatter {
  terms: ListTerms;
  completions: Completions;
  /** Influence of all rows. */
  scores: RowScores;
  headOf: (rowId: number) => ListedHead;
}

/**
 * Looks for what is false in a claim's cover and in the gains and rows of its list. That the tokens are the answer's, and that scores
 * are right, is not looked at.
 * @returns undefined where every part is right.
 */
export async function findCoverLie(
  list: InfluenceList,
  bytes: Uint8Array,
  matter: CoverMatter,
): Promise<CoverLie | undefined> {
  const { completions } = matter;
  const claimed = decodeCover(bytes, list.rowIds.length);
  if (claimed === undefined) return { kind: "gains" };
  const token = claimed.bits.findIndex((bits, i) => bits !== bitsOf(completions, claimed.tokens[i]!));
  if (token >= 0) return { kind: "information", token, id: claimed.tokens[token]! };
  const misplaced = findMisplaced(list, claimed, completions);
  if (misplaced) return misplaced;
  const cover = coverOf(claimed.tokens, completions);
  const truth = claimedCover(claimed.tokens, completions, cover, list.rowIds);
  return (
    findBetterSpan(claimed, truth) ??
    findLargerPart(claimed, truth) ??
    (gainsFollow(list, claimed) ? undefined : { kind: "gains" }) ??
    (await findOmitted(list, claimed.tokens, cover, matter))
  );
}

/** A span or a part that does not stand where the claim says, or stands in another row. */
function findMisplaced(
  { rowIds }: InfluenceList,
  { tokens, spans, parts }: ClaimedCover,
  completions: Completions,
): CoverLie | undefined {
  const places = [
    ...spans.map((claimed, number) => ({ claimed, number, position: undefined, rowId: undefined })),
    ...parts.flatMap((ofRow, position) =>
      ofRow.map((claimed, number) => ({ claimed, number, position, rowId: rowIds[position] })),
    ),
  ];
  for (const { claimed, number, position, rowId } of places) {
    const length = claimed.end - claimed.start;
    const isOfAnother = rowId !== undefined && completions.rows[claimed.document] !== rowId;
    const wrong = isOfAnother ? 0 : firstWrong(tokens, claimed, completions);
    if (wrong === undefined) continue;
    const from = MAX_PATTERN * Math.floor(wrong / MAX_PATTERN);
    const count = Math.min(MAX_PATTERN, length - from);
    return { kind: "place", ...(position === undefined ? {} : { position }), number, from, count, claimed };
  }
  return undefined;
}

/** The first token that does not stand there, counted from the stretch's first; undefined where all do. */
function firstWrong(
  answer: Uint32Array,
  { start, end, position, document }: ClaimedPlace,
  completions: Completions,
): number | undefined {
  if (document >= completions.rows.length) return 0;
  const offset = position - documentStart(completions, document);
  const from = document === 0 ? 0 : completions.ends[document - 1]!;
  const size = completions.ends[document]! - from;
  for (let i = 0; i < end - start; i++) {
    const place = offset + i;
    const stands = place >= 0 && place < size && completions.tokens[from + place] === answer[start + i];
    if (!stands) return i;
  }
  return undefined;
}

/** All claimed spans stand somewhere, so at the first that differs the true one is the larger, or the earlier. */
function findBetterSpan(claimed: ClaimedCover, truth: ClaimedCover): CoverLie | undefined {
  const step = truth.spans.findIndex(({ start, end }, i) => {
    const other = claimed.spans[i];
    return other?.start !== start || other.end !== end;
  });
  return step < 0 ? undefined : { kind: "cover", step, shown: truth.spans[step]! };
}

function findLargerPart(claimed: ClaimedCover, truth: ClaimedCover): CoverLie | undefined {
  const [said, found] = [claimedTerms(claimed), claimedTerms(truth)];
  for (const [position, parts] of truth.parts.entries()) {
    const ofRow = said.held.get(position) ?? [];
    const factors = found.held.get(position)!;
    const at = parts.findIndex(({ span }, i) => {
      const known = ofRow.find((part) => part.span === span)?.factor ?? 0;
      return factors[i]!.factor > known;
    });
    if (at >= 0) return { kind: "part", position, shown: parts[at]! };
  }
  return undefined;
}

function gainsFollow({ scores, gains }: InfluenceList, claimed: ClaimedCover): boolean {
  const terms = claimedTerms(claimed);
  return scores.every((score, position) => gainOf(terms, position, score) === gains[position]);
}

async function findOmitted(
  list: InfluenceList,
  tokens: Uint32Array,
  cover: Cover,
  { terms, completions, scores, headOf }: CoverMatter,
): Promise<CoverLie | undefined> {
  const truth = await listByCover(terms, scores, headOf, cover);
  const rowId = truth.rowIds.find((row) => !list.rowIds.includes(row));
  if (rowId === undefined) return undefined;
  return { kind: "omission", rowId, parts: claimedCover(tokens, completions, cover, [rowId]).parts[0]! };
}
