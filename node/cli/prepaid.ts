import { formatEther, type LocalAccount } from "viem";
import { rpcSource } from "../ai/client/content.ts";
import { getModel } from "../ai/client/models.ts";
import { feeOf, netOf } from "../ai/epoch/epoch.ts";
import {
  type PrepaidAnswer,
  type PrepaidJson,
  type PrepaidPlace,
  parsePrepaid,
  prepaidMessage,
} from "../ai/epoch/prepaid.ts";
import { makePrepaidReceipt, type PrepaidReceipt, proofAt } from "../ai/receipt/prepaid-receipt.ts";
import type { Hash } from "../chain/types/primitives.ts";
import type { Protocol } from "./protocol.ts";
import { weightLines } from "./weight-lines.ts";

/** An answer as its host keeps it. */
export interface KeptPrepaid {
  answer: PrepaidAnswer;
  place: PrepaidPlace | null;
}

/** Fetches an answer that a purse paid for. @throws CodedError `RECEIPT_UNKNOWN`, `RECEIPT_PRIVATE`, `PREPAID_INVALID`. */
export async function keptPrepaid(
  { client, at }: Protocol,
  account: LocalAccount,
  id: Hash,
): Promise<KeptPrepaid> {
  const message = prepaidMessage(client.chain.id, at.epochs, id);
  const { answer, place } = await client.rpc<{
    answer: PrepaidJson;
    place: { epochId: string; position: number } | null;
  }>("openledger_getPrepaid", [id, await account.signMessage({ message })]);
  return { answer: parsePrepaid(answer), place: place && { ...place, epochId: BigInt(place.epochId) } };
}

/**
 * The receipt of an answer that a purse paid for: the host's word of it, and what proves it in its epoch, once it stands in one.
 * @throws CodedError those of {@link keptPrepaid}, and of reading model and leaves.
 */
export async function fetchPrepaidReceipt(
  protocol: Protocol,
  account: LocalAccount,
  id: Hash,
): Promise<PrepaidReceipt> {
  const { client, at } = protocol;
  const { answer, place } = await keptPrepaid(protocol, account, id);
  const model = await getModel(client, at, answer.claim.modelId);
  const proof = place && (await proofAt(protocol, rpcSource(client), place));
  return makePrepaidReceipt(answer, model, place, proof);
}

/** What a prepaid answer cost by the rates when it was given, in wei; an epoch counts by those of its closing. */
export function feeOfAnswer(answer: PrepaidAnswer): bigint {
  return feeOf(answer, netOf(answer, answer.claim));
}

/** A receipt in words. */
export function prepaidLines({ answer, model, place, proof }: PrepaidReceipt): string[] {
  const { claim } = answer;
  const stands = place === null ? "is in no epoch yet" : `epoch ${place.epochId}, position ${place.position}`;
  const shown = place !== null && proof === null ? "; nobody shows its leaves here" : "";
  return [
    `question  ${answer.prompt}`,
    `answer    ${answer.answer}`,
    `model     ${claim.modelId} ${model.name}, ${model.index.rows} rows`,
    `paid      ${formatEther(feeOfAnswer(answer))} OPEN out of the purse of ${answer.payer} for ${answer.host}`,
    `claim     ${stands}${shown}`,
    ...claim.list.rowIds.map((rowId, i) => `  row ${rowId}  score ${claim.list.scores[i]}`),
    ...weightLines(answer),
    ...(proof?.payouts ?? []).map(
      ({ contributionId, amount }) => `  ${formatEther(amount)} OPEN for contribution ${contributionId}`,
    ),
  ];
}
