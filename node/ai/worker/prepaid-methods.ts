import { recoverMessageAddress } from "viem";
import { z } from "zod";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import { prepaidMessage, prepaidToJson, purseMessage } from "../epoch/prepaid.ts";
import { aiError } from "../errors.ts";
import { parseParams } from "../params.ts";
import { withDigits } from "../receipt/receipt.ts";
import type { Host } from "../serve/host.ts";
import { questionFields, withinPrompt } from "./question.ts";
import type { WorkerMethod } from "./server.ts";

export interface PrepaidMethodOptions {
  /** @throws CodedError `HOST_STARTING`, `HOST_ABSENT`. */
  host: () => Host;
  signal: AbortSignal;
}

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform((text) => text.toLowerCase() as Address);
const hash = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/, "must be 0x and 64 lower-case hexadecimal digits")
  .transform((text) => text as Hash);
const signature = z
  .string()
  .regex(/^0x[0-9a-fA-F]{130}$/, "must be 0x and 130 hexadecimal digits")
  .transform((text) => text.toLowerCase() as Hex);
/** Decimal digits of at most 64 or 128 bits. */
const digits = (bits: number) =>
  z
    .string()
    .regex(/^\d{1,39}$/)
    .transform((text) => BigInt(text))
    .refine((value) => value >> BigInt(bits) === 0n, `has more than ${bits} bits`);

const voucherSchema = z.object({
  payer: address,
  cumulative: digits(128),
  validUntil: digits(64),
  signature,
});
const orderSchema = withinPrompt(
  z.object({
    ...questionFields,
    modelId: z.union([z.number().int().nonnegative(), z.string().regex(/^\d{1,19}$/)]).transform(BigInt),
    maxTokensOut: z.number().int().min(1).max(0xffff_ffff),
    voucher: voucherSchema,
  }),
);

/**
 * What a worker does for payers with purses, by the names of the node's methods:
 * - `openledger_askByVoucher({modelId, prompt, salt, maxTokensOut, before?, voucher: {payer, cumulative, validUntil, signature}})`: answers
 *   for a voucher (EIP-712, epoch/voucher.ts) over all that the payer's answers took and this one may cost; the prepaid answer as JSON;
 * - `openledger_setKeyLimit({payer, cumulative, validUntil, signature})`: a voucher up to which the payer's API keys of `/v1` take out of its
 *   purse, in place of an earlier one;
 * - `openledger_purse(payer, signature)`: what this host has of a payer, for its signature (`purseMessage`): what it took, what is left, and
 *   the largest voucher that it holds;
 * - `openledger_getPrepaid(id, signature)`: an answer that it gave, with its epoch and position once it has them, for its payer's signature
 *   (`prepaidMessage`).
 */
export function prepaidMethods({
  host,
  signal,
}: PrepaidMethodOptions): Readonly<Record<string, WorkerMethod>> {
  return {
    openledger_askByVoucher: async (params) => {
      const [{ voucher, ...order }] = parseParams(z.tuple([orderSchema]), params);
      const { payer, ...kept } = voucher;
      const answer = await host().prepaid.ask(
        { ...order, salt: order.salt as Hash, payer, voucher: kept },
        signal,
      );
      return prepaidToJson(answer);
    },
    openledger_setKeyLimit: async (params) => {
      const [{ payer, ...voucher }] = parseParams(z.tuple([voucherSchema]), params);
      const { taken, free } = await host().prepaid.setLimit(payer, voucher);
      return withDigits({ limit: voucher.cumulative, taken, free });
    },
    openledger_purse: async (params) => {
      const [payer, signed] = parseParams(z.tuple([address, signature]), params);
      const { address: me, prepaid } = host();
      await requireSigned(payer, purseMessage(prepaid.chainId, prepaid.epochs, me), signed);
      const { purse, taken, free, voucher } = await prepaid.stateOf(payer);
      const limit = prepaid.limitOf(payer)?.cumulative ?? null;
      return withDigits({ host: me, purse, taken, free, limit, voucher: voucher ?? null });
    },
    openledger_getPrepaid: async (params) => {
      const [id, signed] = parseParams(z.tuple([hash, signature]), params);
      const { prepaid } = host();
      const kept = await prepaid.kept(id);
      if (kept === undefined) throw unknown(id);
      await requireSigned(kept.answer.payer, prepaidMessage(prepaid.chainId, prepaid.epochs, id), signed);
      return { answer: prepaidToJson(kept.answer), place: withDigits(kept.place) };
    },
  };
}

/** @throws CodedError `RECEIPT_PRIVATE`. */
async function requireSigned(payer: Address, message: string, signed: Hex): Promise<void> {
  const by = await recoverMessageAddress({ message, signature: signed }).catch(() => undefined);
  if (by?.toLowerCase() === payer) return;
  throw aiError("RECEIPT_PRIVATE", {
    message: `this is told to ${payer} alone, who did not sign for it`,
    fix: "sign with the payer's account (--key)",
    facts: { payer },
  });
}

function unknown(id: Hash) {
  return aiError("RECEIPT_UNKNOWN", {
    message: `this node has no prepaid answer ${id}`,
    fix: "ask the node of the host that gave it",
    facts: { id },
  });
}
