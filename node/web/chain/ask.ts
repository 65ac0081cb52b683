import { encodeFunctionData, type Log, parseEventLogs, toHex } from "viem";
import { requireEvent } from "../../ai/client/datanets.ts";
import { hostTerms } from "../../ai/client/hosts.ts";
import { quote } from "../../ai/client/market.ts";
import type { RegisteredModel } from "../../ai/client/models.ts";
import { GREEDY, hashOfRequest } from "../../ai/client/request-hash.ts";
import { aiError } from "../../ai/errors.ts";
import { parseReceipt, type Receipt, type ReceiptJson } from "../../ai/receipt/receipt.ts";
import { randomBytes } from "../../base/clock.ts";
import { inferenceMarketAbi } from "../../chain/generated/abi.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { askApi } from "../site/site.ts";
import type { Protocol } from "./connection.tsx";
import { keepSecret, type Secret } from "./secrets.ts";
import type { Signer } from "./signer.ts";
import { transact } from "./transact.ts";

const ANSWER_MS = 120_000;

/** What is asked; `before` is absent where nothing was said before. */
export type Question = Omit<Secret, "salt">;

/** What a question costs, before anything is paid. */
export interface Price {
  promptIds: readonly number[];
  host: Address;
  maxTokensIn: number;
  maxTokensOut: number;
  /** Wei that the longest answer would cost; the rest comes back. */
  escrow: bigint;
}

/**
 * The price of a question at a host. @throws CodedError `CONTEXT_LENGTH_EXCEEDED` with the counts, `HOST_ABSENT`.
 */
export async function priceOf(
  protocol: Pick<Protocol, "client" | "at">,
  model: RegisteredModel,
  host: Address,
  question: Question,
): Promise<Price> {
  const { client, at } = protocol;
  const { modelId } = model;
  const terms = await hostTerms(client, at, modelId, host);
  if (!terms.accepted) {
    throw aiError("HOST_ABSENT", {
      message: `this node's host does not take model ${modelId}`,
      fix: "ask on the page of a node whose host takes it",
    });
  }
  const read = await askApi<{ promptIds: number[]; maxTokensOut: number }>("/api/prompt", {
    method: "POST",
    body: { modelId: modelId.toString(), ...question },
  });
  const maxTokensIn = read.promptIds.length;
  const maxTokensOut = Math.min(read.maxTokensOut, terms.maxTokensOut);
  const escrow = await quote(client, at, modelId, maxTokensIn, maxTokensOut);
  return { promptIds: read.promptIds, host, maxTokensIn, maxTokensOut, escrow };
}

/** Pays for the question; what opens its hash is kept in this browser first. Gives the request's number. */
export async function payFor(
  { client, at, genesis }: Protocol,
  signer: Signer,
  { modelId, adapterHash }: RegisteredModel,
  question: Question,
  price: Price,
): Promise<bigint> {
  const salt = toHex(randomBytes(32));
  const { promptIds, host, maxTokensIn, maxTokensOut, escrow } = price;
  const requestHash = hashOfRequest({
    salt,
    promptIds,
    adapterHash,
    sampling: GREEDY,
    maxTokensIn,
    maxTokensOut,
  });
  keepSecret(genesis, requestHash, { salt, ...question });
  const args = [modelId, host, requestHash, maxTokensIn, maxTokensOut] as const;
  const data = encodeFunctionData({ abi: inferenceMarketAbi, functionName: "request", args });
  const { receipt } = await transact(client, signer, { to: at.market, data, value: escrow });
  const logs = parseEventLogs({
    abi: inferenceMarketAbi,
    logs: receipt.logs as Log[],
    eventName: "InferenceRequested",
  });
  return requireEvent(logs, "InferenceRequested").args.requestId;
}

/** Shows the host what was asked; it answers, posts its claim and hands the receipt over. */
export async function fetchAnswer(
  { client }: Protocol,
  requestId: bigint,
  { salt, prompt, before }: Secret,
): Promise<Receipt> {
  const order = { requestId: requestId.toString(), prompt, before, salt };
  return parseReceipt(await client.rpc<ReceiptJson>("openledger_ask", [order], ANSWER_MS));
}
