import { compareKeys, keyOf } from "../../../precompiles/influence-verifier/rule.ts";
import { queryBytes } from "../../ai/attribution/record.ts";
import { type ListedHead, NO_SPANS, type ScoredRow } from "../../ai/attribution/score.ts";
import type { Claim } from "../../ai/client/claims.ts";
import { bytesOfHex } from "../../ai/codec/hash.ts";
import { type ClaimedCover, claimedTerms, decodeCover, sumsOf } from "../../ai/fusion/cover-bytes.ts";
import { type GainTerms, gainOf } from "../../ai/fusion/rule.ts";
import { CheckFailed, expectSame } from "../../ai/receipt/checks.ts";
import type { Receipt } from "../../ai/receipt/receipt.ts";

/** What a claim's `queryHash` commits: the sketch, and where the index commits spans the cover behind it. */
export interface QueryParts {
  sketch: Uint8Array;
  cover: Uint8Array | undefined;
}

/** A claim's list, of a model. */
interface ListedAnswer extends Pick<Receipt, "model"> {
  claim: Pick<Claim, "list">;
}

/** Divides a claim's query as the contracts do. */
export function partsOfQuery({ query, model: { index } }: Pick<Receipt, "query" | "model">): QueryParts {
  const bytes = bytesOfHex(query);
  if (index.spans === NO_SPANS) return { sketch: bytes, cover: undefined };
  const length = queryBytes(index.dimension);
  return { sketch: bytes.subarray(0, length), cover: bytes.subarray(length) };
}

/**
 * As much of a claim by spans and influence as arithmetic shows: the cover has its form, each listed row's gain follows from the parts that
 * it is said to hold, and no row outside belongs into the list by influence alone. What a row outside holds of the spans takes the model's
 * tokenizer.
 * @param scores influence of all rows.
 * @returns the cover.
 * @throws CheckFailed
 */
export function checkCover(
  { claim: { list }, model: { index } }: ListedAnswer,
  bytes: Uint8Array,
  scores: readonly ScoredRow[],
  headOf: (rowId: number) => ListedHead,
): ClaimedCover {
  const cover = decodeCover(bytes, list.rowIds.length);
  if (cover === undefined) throw new CheckFailed("the cover behind the query sketch has no right form");
  const terms = claimedTerms(cover);
  const gains = list.scores.map((score, position) => gainOf(terms, position, score));
  expectSame("gains", list.gains, gains);
  const last = list.rowIds.length - 1;
  const isFull = list.rowIds.length === Math.min(index.topK, index.rows);
  const least = { rowId: list.rowIds[last] ?? 0, key: isFull ? keyAt(list, last) : 0n };
  const listed = new Set(list.rowIds);
  const bare: GainTerms = { ...terms, held: new Map() };
  for (const { rowId, score } of scores) {
    if (score === undefined || listed.has(rowId) || headOf(rowId).first !== rowId) continue;
    const key = keyOf(score, gainOf(bare, rowId, score), true);
    if (key > 0n && compareKeys({ rowId, key }, least) < 0)
      throw new CheckFailed(`row ${rowId} belongs into the list by influence alone, and is not there`);
  }
  return cover;
}

function keyAt({ scores, gains }: Claim["list"], position: number): bigint {
  return position < 0 ? 0n : keyOf(scores[position]!, gains[position]!, true);
}

/** What the receipt shows of spans is what the claim pays by. @throws CheckFailed */
export function checkShown(
  { verbatim, claim: { list } }: ListedAnswer & { verbatim: NonNullable<Receipt["verbatim"]> },
  cover: ClaimedCover,
): void {
  const sums = sumsOf(cover);
  const bitsIn = ({ start, end }: { start: number; end: number }) => sums[end]! - sums[start]!;
  expectSame("bits of the answer", verbatim.information, sums[cover.tokens.length]);
  expectSame(
    "spans",
    verbatim.spans.map(({ tokens, information }) => ({ ...tokens, information })),
    cover.spans.map(({ start, end }) => ({ start, end, information: bitsIn({ start, end }) })),
  );
  expectSame(
    "parts that rows hold",
    verbatim.rows.map(({ held }) => held.map(({ span, information }) => ({ span, information }))),
    cover.parts.map((parts) => parts.map((part) => ({ span: part.span, information: bitsIn(part) }))),
  );
  expectSame("list of spans and influence", verbatim.list, list);
}
