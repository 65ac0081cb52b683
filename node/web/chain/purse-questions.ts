import { queryOptions } from "@tanstack/react-query";
import { toHex } from "viem";
import type { RegisteredModel } from "../../ai/client/models.ts";
import { findPlace } from "../../ai/epoch/places.ts";
import type { PrepaidAnswer } from "../../ai/epoch/prepaid.ts";
import { randomBytes } from "../../base/clock.ts";
import type { Address } from "../../chain/types/primitives.ts";
import type { Price, Question } from "./ask.ts";
import type { PrepaidQuestion } from "./chat-thread.ts";
import type { Protocol } from "./connection.tsx";
import { LIVE } from "./live-provider.tsx";
import { contentOf } from "./rows.ts";

/** A question as it is asked of a host, kept before it is asked: then a reload in the middle loses nothing. */
export function prepaidQuestion(
  payer: Address,
  { modelId }: RegisteredModel,
  { prompt, before }: Question,
  { host, maxTokensOut, escrow }: Price,
): PrepaidQuestion {
  return {
    payer: payer.toLowerCase(),
    host: host.toLowerCase(),
    modelId: modelId.toString(),
    salt: toHex(randomBytes(32)),
    ...{ maxTokensOut, escrow: escrow.toString(), prompt },
    ...(before === undefined ? {} : { before: before.map(({ role, content }) => ({ role, content })) }),
  } as PrepaidQuestion;
}

const soon = new Set<string>();

/** A question was just put: its turn asks it by itself, once. */
export function askSoon(turnId: string): void {
  soon.add(turnId);
}

/** Whether the turn is to ask by itself: it was put in this page, and not asked yet. */
export function takeSoon(turnId: string): boolean {
  return soon.delete(turnId);
}

/** In which epoch an answer stands; null while it is in none. */
export const placeQuery = (protocol: Protocol, answer: PrepaidAnswer) =>
  queryOptions({
    queryKey: [LIVE, "prepaid-place", answer.payer, answer.claim.requestHash],
    queryFn: () => findPlace(protocol.client, protocol.at, contentOf(protocol), answer),
  });
