import type { AnswerToken } from "../../../native/js/engine.ts";
import type { AnswerAttribution } from "../engine/catalogue.ts";
import type { ModelTokenizer } from "../model/tokenizer.ts";

/** Tokens of a request, as its answer tells them. */
export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

export function usageOf(prompt: number, completion: number): Usage {
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

/** The log-probabilities of a chat's answer. */
export async function chatLogprobs(tokenizer: ModelTokenizer, tokens: readonly AnswerToken[]) {
  const entry = async ({ id, logprob }: { id: number; logprob: number }) => {
    const token = await tokenizer.decode([id], false);
    return { token, logprob, bytes: [...new TextEncoder().encode(token)] };
  };
  const content = [];
  for (const token of tokens)
    content.push({ ...(await entry(token)), top_logprobs: await Promise.all(token.top.map(entry)) });
  return { content, refusal: null };
}

/** Those of a plain completion; `offset` is where the first token's text begins. */
export async function completionLogprobs(
  tokenizer: ModelTokenizer,
  tokens: readonly AnswerToken[],
  offset: number,
) {
  const text = (id: number) => tokenizer.decode([id], false);
  const told = {
    tokens: [] as string[],
    token_logprobs: [] as number[],
    top_logprobs: [] as Record<string, number>[],
    text_offset: [] as number[],
  };
  let at = offset;
  for (const { id, logprob, top } of tokens) {
    const token = await text(id);
    told.tokens.push(token);
    told.token_logprobs.push(logprob);
    const named = await Promise.all(top.map(async (other) => [await text(other.id), other.logprob] as const));
    told.top_logprobs.push(Object.fromEntries(named));
    told.text_offset.push(at);
    at += token.length;
  }
  return told;
}

/** Ours: the rows that made an answer, and its words that stand in rows. A free answer has no claim on chain, so no receipt either. */
export function attributionOf({ rows, contributions, spans }: AnswerAttribution) {
  return {
    receipt_id: null,
    rows: rows.map(({ rowId, contributionId, score, weight }) => ({
      row_id: rowId,
      contribution_id: contributionId,
      ...{ score, weight },
    })),
    contributions: contributions.map(({ contributionId, weight }) => ({
      contribution_id: contributionId,
      weight,
    })),
    ...(spans && {
      spans: spans.map(({ rowIds, ...span }) => ({ ...span, row_ids: rowIds })),
    }),
  };
}
