import { FULL_GAIN } from "../../../precompiles/influence-verifier/rule.ts";
import type { InfluenceList } from "../../../precompiles/influence-verifier/types.ts";
import { encodeQuery } from "../attribution/record.ts";
import { bestList, type IndexCommitment, NO_SPANS } from "../attribution/score.ts";
import { type AttributionIndex, recordOf } from "../attribution/sketch-index.ts";
import type { Claim, ClaimWithQuery } from "../client/claims.ts";
import type { MarketRequest } from "../client/market.ts";
import { concatBytes, hexOfBytes, keccakOf } from "../codec/hash.ts";
import { type ContextCredit, claimedContext, dropsOf } from "../context/rule.ts";
import { aiError } from "../errors.ts";
import type { Completions } from "../fusion/completions.ts";
import { claimedCover, encodeCover, MAX_COVER_TOKENS } from "../fusion/cover-bytes.ts";
import { earnedOver } from "../fusion/discount.ts";
import { listByCover } from "../fusion/list.ts";
import { coverOf, gainOf } from "../fusion/rule.ts";
import { comparedTokens } from "../fusion/texts.ts";
import type { ModelTokenizer } from "../model/tokenizer.ts";
import type { Method } from "../train/method.ts";
import { claimOf, type Inference, type ServedModel } from "./inference.ts";

/** What answers of a model with spans are compared with. */
export interface CoverSource {
  completions: Completions;
  tokenizer: Pick<ModelTokenizer, "encodeText" | "idLimit">;
}

/** The claim that is true of an inference, and what it says of rows in the prompt by what: absent where the method shows none. */
export interface TrueClaim extends ClaimWithQuery {
  context?: ContextCredit;
}

/**
 * The claim that is true of an inference: by spans and influence where the index commits spans, else by influence alone.
 * @param rows of the model's snapshots; asked for only where they are needed.
 * @throws CodedError `ANSWER_TOO_LONG` where the answer has more tokens than a cover, or is too long to be compared; those of `rows`.
 */
export async function trueClaim(
  inference: Inference,
  request: Pick<Claim, "requestId" | "modelId" | "requestHash">,
  index: AttributionIndex,
  rows: () => Promise<CoverSource>,
): Promise<TrueClaim> {
  const plain = claimOf(inference, request);
  const { discount, answer } = inference;
  if (discount) {
    const { completions, tokenizer } = await rows();
    plain.claim.earnedBps = await earnedOver(answer, discount, completions, tokenizer);
  }
  if (index.commitment.spans === NO_SPANS) return withContext(plain, inference, index, () => FULL_GAIN);
  const source = await rows();
  const { tokens, cover, list } = await listWithCover(inference, index, source);
  const claimed = encodeCover(claimedCover(tokens, source.completions, cover, list.rowIds));
  const query = concatBytes(encodeQuery(inference.query), claimed);
  const claim = { ...plain.claim, list, queryHash: keccakOf(query) };
  return withContext({ claim, query: hexOfBytes(query) }, inference, index, (rowId, drop) =>
    gainOf(cover, rowId, drop),
  );
}

/** The claim with the shares of the rows that stood in the prompt. */
function withContext(
  { claim, query }: ClaimWithQuery,
  { context }: Pick<Inference, "context">,
  index: AttributionIndex,
  gainFor: (rowId: number, drop: bigint) => number,
): TrueClaim {
  if (context === undefined) return { claim, query };
  const drops = dropsOf(context);
  const rows = context.rows.map((row, i) => ({ ...row, gain: gainFor(row.rowId, BigInt(drops[i]!)) }));
  const credit = { ...context, rows };
  const shares = claimedContext(credit, (rowId) => recordOf(index, rowId).contributionId);
  return { claim: { ...claim, context: shares }, query, context: credit };
}

/** The list that is true of an answer, without a claim around it. Errors as {@link trueClaim}'s. */
export async function trueListOf(
  answered: Pick<Inference, "answer" | "scores">,
  index: AttributionIndex,
  rows: () => Promise<CoverSource>,
): Promise<InfluenceList> {
  const headOf = (rowId: number) => recordOf(index, rowId);
  if (index.commitment.spans === NO_SPANS) return bestList(index.commitment, answered.scores, headOf);
  return (await listWithCover(answered, index, await rows())).list;
}

async function listWithCover(
  { answer, scores }: Pick<Inference, "answer" | "scores">,
  index: AttributionIndex,
  { completions, tokenizer }: CoverSource,
) {
  const tokens = await comparedTokens(answer, tokenizer);
  const cover = coverOf(tokens, completions);
  const headOf = (rowId: number) => recordOf(index, rowId);
  const list = await listByCover(index.commitment, scores, headOf, cover);
  return { tokens, cover, list };
}

/** Tokens of an answer that can be claimed: as many as a cover has, where one is made. */
export function claimableTokens(
  { spans }: Pick<IndexCommitment, "spans">,
  { discount }: Pick<Method, "discount">,
): number {
  return spans === NO_SPANS && discount === undefined ? Number.POSITIVE_INFINITY : MAX_COVER_TOKENS;
}

/** Before the work: an answer of as many tokens could not be claimed. @throws CodedError `REQUEST_NOT_TAKEN`. */
export function requireClaimable(
  { requestId, maxTokensOut }: MarketRequest,
  { index, method }: Pick<ServedModel, "index" | "method">,
): void {
  const limit = claimableTokens(index.commitment, method);
  if (maxTokensOut <= limit) return;
  throw aiError("REQUEST_NOT_TAKEN", {
    message: `request ${requestId} has ${maxTokensOut} answer tokens; a claim of this model covers ${limit}`,
    fix: `make a request for at most ${limit}; the escrow comes back after the deadline`,
    facts: { requestId, value: maxTokensOut, limit },
  });
}
