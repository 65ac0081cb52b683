import { recoverMessageAddress } from "viem";
import type { Address, Hex } from "../../chain/types/primitives.ts";
import type { Receipt } from "./receipt.ts";

/** What a payer's signature allows with a receipt: to read it, or to let everybody read it. */
export type ReceiptUse = "read" | "publish";

/** The text that the payer of a request signs (EIP-191) for its receipt. */
export function receiptMessage(chainId: number, market: Address, requestId: bigint, use: ReceiptUse): string {
  return `OpenLedger: ${use} the receipt of request ${requestId} of the market ${market} on chain ${chainId}`;
}

/** Whether the receipt's payer signed for that use. */
export async function isPayersSignature(
  { chainId, market, request }: Receipt,
  use: ReceiptUse,
  signature: Hex,
): Promise<boolean> {
  const message = receiptMessage(chainId, market, request.requestId, use);
  try {
    return (await recoverMessageAddress({ message, signature })).toLowerCase() === request.payer;
  } catch {
    // Bytes that no key could have signed.
    return false;
  }
}
