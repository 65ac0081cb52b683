import type { InfluenceList } from "../../../precompiles/influence-verifier/types.ts";
import { randomBytes, systemClock } from "../../base/clock.ts";
import { isCodedError } from "../../base/errors.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { hexOfBytes } from "../codec/hash.ts";
import type { HeldModel } from "../engine/catalogue.ts";
import type { PayerState } from "../epoch/credit.ts";
import { feeOf, netOf } from "../epoch/epoch.ts";
import { type KeptVoucher, type PrepaidAnswer, prepaidId } from "../epoch/prepaid.ts";
import type { PrepaidOrder } from "../serve/prepaid-desk.ts";
import { ApiError, asApiError } from "./api-error.ts";
import { questionOf } from "./chat.ts";
import type { ChatRequest } from "./fields.ts";
import { usageOf } from "./shapes.ts";

/** A host that answers out of purses. */
export interface PurseHost {
  /** What an account signed for its keys; undefined where it signed nothing. */
  limitOf(payer: Address): KeptVoucher | undefined;
  stateOf(payer: Address): Promise<PayerState>;
  ask(order: PrepaidOrder, signal?: AbortSignal): Promise<PrepaidAnswer>;
}

/** A chat that a purse pays for. */
export interface PaidChat {
  request: ChatRequest;
  model: HeldModel & { modelId: bigint };
  payer: Address;
  host: PurseHost;
  limit: KeptVoucher;
}

interface Weighted {
  contribution_id: string;
  weight: string;
}

/** What a paid answer says of its price, in wei as decimal digits, beside the usage. */
interface Payment {
  /** Of the answer in the payer's book: `openledger purse answer`. */
  id: string;
  payer: Address;
  fee: string;
  /** Of the limit that the payer signed, and what the host counts of it as taken. */
  limit: string;
  taken: string;
  /** What is left for further answers, by limit and purse. */
  left: string;
  contributions: Weighted[];
  /** Of rows in the prompt: their part in 1/10000, and whose; absent where they have none. */
  context?: { part_bps: number; contributions: Weighted[] };
}

interface Told {
  head: object;
  text: string;
  finish: "stop" | "length";
  more: { usage: object; payment: Payment };
}

/**
 * Answers a chat as a prepaid inference: greedy, claimed in an epoch, its rows' contributors paid.
 * @throws ApiError 400 for what such an answer can't have, 429 `insufficient_quota` where limit or purse is used up.
 */
async function answered(paid: PaidChat, signal: AbortSignal): Promise<Told> {
  const { request, model, payer, host, limit } = paid;
  requireGreedy(request);
  const { prompt, before } = questionOf(request.messages);
  const order: PrepaidOrder = {
    ...{ modelId: model.modelId, prompt, before, payer, voucher: limit, isClipped: true },
    salt: hexOfBytes(randomBytes(32)),
    maxTokensOut: request.max_completion_tokens ?? request.max_tokens ?? undefined,
  };
  const answer = await host.ask(order, signal).catch((error: unknown) => {
    throw quotaOf(error);
  });
  const { tokensIn, tokensOut } = answer.claim;
  const ended = model.base.tokenizer.eosTokenIds.includes(answer.outputIds.at(-1) ?? -1);
  return {
    head: {
      id: `chatcmpl-${hexOfBytes(randomBytes(12)).slice(2)}`,
      created: Math.floor(systemClock.now()),
      model: model.id,
      system_fingerprint: model.fingerprint,
    },
    text: answer.answer,
    finish: ended ? "stop" : "length",
    more: {
      usage: usageOf(tokensIn, tokensOut),
      payment: paymentOf(answer, limit, await host.stateOf(payer)),
    },
  };
}

/** The whole answer. */
export async function paidWhole(paid: PaidChat, signal: AbortSignal): Promise<object> {
  const { head, text, finish, more } = await answered(paid, signal);
  const message = { role: "assistant", content: text, refusal: null };
  const choice = { index: 0, message, logprobs: null, finish_reason: finish };
  return { ...head, object: "chat.completion", choices: [choice], ...more };
}

/** The answer as events; its text is one of them, since it is claimed as a whole. */
export async function paidStream(
  paid: PaidChat,
  includeUsage: boolean,
  begin: () => void,
  send: (event: object) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { head, text, finish, more } = await answered(paid, signal);
  begin();
  const { payment, usage } = more;
  const none = includeUsage ? { usage: null } : {};
  const event = (delta: object, reason: string | null, rest: object = {}) => {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: reason }];
    return send({ ...head, object: "chat.completion.chunk", choices, ...none, ...rest });
  };
  await event({ role: "assistant", content: "", refusal: null }, null);
  await event({ content: text }, null);
  await event({}, finish, { payment });
  if (includeUsage) await send({ ...head, object: "chat.completion.chunk", choices: [], usage });
}

function paymentOf(answer: PrepaidAnswer, limit: KeptVoucher, { taken, free }: PayerState): Payment {
  const { payer, claim } = answer;
  const signed = limit.cumulative > taken ? limit.cumulative - taken : 0n;
  return {
    id: prepaidId(payer, claim.requestHash),
    payer,
    fee: `${feeOf(answer, netOf(answer, claim))}`,
    limit: `${limit.cumulative}`,
    taken: `${taken}`,
    left: `${signed < free ? signed : free}`,
    contributions: weighted(claim.list),
    ...(claim.context.partBps > 0
      ? { context: { part_bps: claim.context.partBps, contributions: weighted(claim.context) } }
      : {}),
  };
}

function weighted({
  contributionIds,
  weights,
}: Pick<InfluenceList, "contributionIds" | "weights">): Weighted[] {
  return contributionIds.map((id, i) => ({ contribution_id: `${id}`, weight: `${weights[i]}` }));
}

/** A claim is over the most likely tokens: whoever asks for others is told, and not answered with these. */
function requireGreedy(request: ChatRequest): void {
  const asked: [name: keyof ChatRequest, isNeutral: boolean][] = [
    ["temperature", (request.temperature ?? 0) === 0],
    ["n", (request.n ?? 1) === 1],
    ["stop", (request.stop ?? []).length === 0],
    ["logprobs", request.logprobs !== true],
    ["presence_penalty", (request.presence_penalty ?? 0) === 0],
    ["repetition_penalty", (request.repetition_penalty ?? 1) === 1],
    ["attribution", request.attribution !== true],
  ];
  const broken = asked.find(([, isNeutral]) => !isNeutral)?.[0];
  if (broken === undefined) return;
  throw new ApiError(
    400,
    `Unsupported value: '${broken}' is not supported by answers that a purse pays for: they are greedy, one each, and name their contributions in 'payment'. Leave it out.`,
    { param: broken, code: "unsupported_value" },
  );
}

const USED_UP: ReadonlySet<string> = new Set(["PURSE_TOO_SMALL", "VOUCHER_TOO_SMALL", "VOUCHER_TOO_OLD"]);

/** What OpenAI's API says where the money is used up, with the cause and what to do. */
function quotaOf(error: unknown): ApiError {
  if (!isCodedError(error) || !USED_UP.has(error.code)) return asApiError(error);
  const fix =
    error.code === "PURSE_TOO_SMALL"
      ? "fill the purse with `openledger purse fill`"
      : "sign a new limit with `openledger purse limit`";
  return new ApiError(429, `You exceeded your current quota: ${error.message}; ${fix}.`, {
    type: "insufficient_quota",
    code: "insufficient_quota",
  });
}
