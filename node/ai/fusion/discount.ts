import { FULL_GAIN } from "../../../precompiles/influence-verifier/rule.ts";
import type { ModelTokenizer } from "../model/tokenizer.ts";
import type { Completions } from "./completions.ts";
import { coverOf, heldSum } from "./rule.ts";
import { comparedTokens } from "./texts.ts";

/**
 * By which rule what the base model answers by itself is not earned by the adapter's rows. A rule never changes: methods and receipts name
 * it.
 */
export const DISCOUNT_RULE = "openledger/discount/1";

/** What the base model answers to the question alone, greedily, with at most {@link ownTokens}. */
export interface Discount {
  rule: typeof DISCOUNT_RULE;
  answer: string;
}

/** Tokens that the base model may answer with: it takes more words for the same, and is not paid for them. */
export function ownTokens(answerTokens: number, limit: number): number {
  return Math.min(limit, 16 + 2 * answerTokens);
}

/** All of a part, in 1/10000. */
export const ALL_EARNED = 10_000;

/**
 * What training earned of an answer in 1/10000: all but what the base model's own answer holds of it, word for word. That is counted as what a
 * row holds: with the cover of the answer over the base's answer alone and the table of the rows' completions (spec.md), it holds H of 16 I, and
 * 10,000 - floor(10,000 H / (16 I)) is earned; all where I is 0.
 * @param rows the completions of the model's rows, for their table.
 * @throws CodedError `ANSWER_TOO_LONG`
 */
export async function earnedOver(
  answer: string,
  { answer: own }: Discount,
  { information }: Pick<Completions, "information">,
  tokenizer: Pick<ModelTokenizer, "encodeText" | "idLimit">,
): Promise<number> {
  const tokens = await comparedTokens(own, tokenizer);
  const told: Completions = {
    ...{ tokens, information },
    ends: Uint32Array.of(tokens.length),
    rows: Uint32Array.of(0),
  };
  const cover = coverOf(await comparedTokens(answer, tokenizer), told);
  if (cover.information === 0) return ALL_EARNED;
  const held = heldSum(cover.spans, cover.held.get(0));
  return ALL_EARNED - Math.floor((ALL_EARNED * held) / (FULL_GAIN * cover.information));
}
