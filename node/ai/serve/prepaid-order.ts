import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import type { ContentSource } from "../content/source.ts";
import type { Question } from "../datanet/row-tokens.ts";
import type { KeptVoucher, PrepaidAnswer } from "../epoch/prepaid.ts";
import { askByVoucher, type PurseHolder } from "../epoch/purse-order.ts";
import { requestOrder } from "./request-order.ts";

/**
 * Has a question answered out of the payer's purse: counts its tokens, then signs a voucher over what the host took and what this answer may
 * cost at most.
 * @throws CodedError those of {@link requestOrder} and {@link askByVoucher}.
 */
export async function askPrepaid(
  chain: { client: ChainClient; at: ProtocolAddresses; content?: ContentSource },
  payer: PurseHolder,
  modelId: bigint,
  question: Question,
  { host, salt, timeoutMs }: { host: Address; salt: Hash; timeoutMs: number },
): Promise<{ answer: PrepaidAnswer; voucher: KeptVoucher }> {
  const { maxTokensOut, escrow } = await requestOrder(chain, modelId, question, { host, salt });
  return askByVoucher(chain, payer, { modelId, question, host, salt, maxTokensOut, escrow }, timeoutMs);
}
