import type { LocalAccount } from "viem";
import {
  type PrepaidAnswer,
  type PrepaidJson,
  type PrepaidPlace,
  parsePrepaid,
  prepaidMessage,
} from "../ai/epoch/prepaid.ts";
import type { Hash } from "../chain/types/primitives.ts";
import type { Protocol } from "./protocol.ts";

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
