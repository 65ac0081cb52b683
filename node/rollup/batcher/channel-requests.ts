import { bytesToHex } from "../../base/bytes.ts";
import type { Address } from "../../chain/types/primitives.ts";
import type { ProofForm } from "../l1/blob-transaction.ts";
import type { L1SendRequest } from "../l1/sender.ts";
import {
  BLOB_ROOM,
  type DataKind,
  framesOf,
  MAX_BLOBS_PER_TRANSACTION,
  type OutgoingChannel,
} from "./channel-out.ts";
import { makeSidecars } from "./sidecars.ts";

/** Gas of a transaction without data, whatever blobs it carries. */
const BLOB_TRANSACTION_GAS = 21_000n;

/** The transactions that bring a channel to L1, in order: a frame each, or up to six frames in blobs. */
export async function channelRequests(
  channel: OutgoingChannel,
  kind: DataKind,
  inbox: Address,
  maxL1TxBytes: number,
  form: ProofForm,
): Promise<L1SendRequest[]> {
  if (kind === "calldata")
    return framesOf(channel, maxL1TxBytes).map((data) => ({ to: inbox, data: bytesToHex(data) }));
  const sidecars = await makeSidecars(framesOf(channel, BLOB_ROOM), form);
  const requests: L1SendRequest[] = [];
  for (let from = 0; from < sidecars.length; from += MAX_BLOBS_PER_TRANSACTION) {
    const some = sidecars.slice(from, from + MAX_BLOBS_PER_TRANSACTION);
    requests.push({ to: inbox, data: "0x", gas: BLOB_TRANSACTION_GAS, sidecars: some });
  }
  return requests;
}
