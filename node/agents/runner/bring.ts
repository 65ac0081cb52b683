import type { Account } from "viem";
import { type ChainClient, send } from "../../ai/client/chain.ts";
import { type CodedError, isCodedError } from "../../base/errors.ts";
import { actForOrder, nonceOf, type SignedAct } from "../signed.ts";

/** What became of a signed order: `taken` used up its nonce, `late` can't be taken any more, `refused` was not sent. */
export type Landing = { kind: "taken" } | { kind: "late" } | { kind: "refused"; error: CodedError };

/**
 * Brings a signed order to its account. However often it is brought, the account takes it once.
 * @throws CodedError of the way to the chain, which may have been cut before or behind it: bring it again.
 */
export async function bring(client: ChainClient, sender: Account, order: SignedAct): Promise<Landing> {
  if (await isTaken(client, order)) return { kind: "taken" };
  const { timestamp } = await client.public.getBlock();
  if (timestamp > order.deadline) return { kind: "late" };
  try {
    await send(client, sender, actForOrder(order));
    return { kind: "taken" };
  } catch (error) {
    // One that was sent before a crash may have been faster.
    if (await isTaken(client, order)) return { kind: "taken" };
    if (isCodedError(error, "TRANSACTION_REVERTED")) return { kind: "refused", error };
    throw error;
  }
}

async function isTaken(client: ChainClient, { account, key, nonce }: SignedAct): Promise<boolean> {
  return (await nonceOf(client, account, key)) > nonce;
}
