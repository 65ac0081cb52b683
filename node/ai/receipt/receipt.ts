import { z } from "zod";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import type { Claim, MarketRequest, Settlement } from "../client/market.ts";
import type { RegisteredModel } from "../client/models.ts";
import { canonicalBytes, type Json } from "../codec/canonical-json.ts";
import { aiError } from "../errors.ts";

const hash = z.string().regex(/^0x[0-9a-f]{64}$/) as unknown as z.ZodType<Hash>;
const address = z.string().regex(/^0x[0-9a-f]{40}$/) as unknown as z.ZodType<Address>;
const hex = z.string().regex(/^0x[0-9a-f]{2,16386}$/) as unknown as z.ZodType<Hex>;
/** Wei, ids and scores: decimal digits, read as bigints. */
const integer = z
  .string()
  .regex(/^-?\d{1,78}$/)
  .transform((digits) => BigInt(digits));
const count = z.number().int().nonnegative();
const bps = z.number().int().min(0).max(10_000);

const payoutSchema = z.strictObject({
  contributors: integer,
  owner: integer,
  host: integer,
  stakers: integer,
  platform: integer,
  refund: integer,
});

const receiptSchema = z.strictObject({
  format: z.literal("openledger/receipt/1"),
  chainId: count,
  market: address,
  request: z.strictObject({
    requestId: integer,
    modelId: integer,
    payer: address,
    host: address,
    promptHash: hash,
    maxTokensIn: count,
    maxTokensOut: count,
    rateIn: integer,
    rateOut: integer,
    platformBps: bps,
    escrow: integer,
  }),
  model: z.strictObject({
    name: z.string(),
    owner: address,
    baseHash: hash,
    adapterHash: hash,
    tokenizerHash: hash,
    methodHash: hash,
    manifestHash: hash,
    snapshots: z.array(z.strictObject({ datanetId: integer, number: count })),
    index: z.strictObject({
      root: hash,
      rows: count,
      dimension: count,
      groups: count,
      e0: z.number().int(),
      floor: integer,
      topK: count,
    }),
    split: z.strictObject({ contributors: bps, owner: bps, host: bps, stakers: bps }),
  }),
  prompt: z.string(),
  answer: z.string(),
  outputIds: z.array(count),
  claim: z.strictObject({
    outputHash: hash,
    tokensIn: count,
    tokensOut: count,
    query: hex,
    rows: z.array(z.strictObject({ rowId: count, score: integer })),
    weights: z.array(z.strictObject({ contributor: address, weight: integer })),
  }),
  proved: z.boolean(),
  claimHash: hash,
  claimTransaction: hash,
  /** null until the claim is settled. */
  settlement: z
    .strictObject({
      fee: integer,
      payout: payoutSchema,
      paid: z.array(z.strictObject({ to: address, amount: integer })),
      transactionHash: hash,
    })
    .nullable(),
});

/** All that is needed to recompute one inference and its payout; large things by their hashes. */
export type Receipt = z.output<typeof receiptSchema>;
/** The same as JSON. */
export type ReceiptJson = z.input<typeof receiptSchema>;

/** Puts a receipt together. */
export function makeReceipt(input: {
  chainId: number;
  market: Address;
  request: MarketRequest;
  model: RegisteredModel;
  prompt: string;
  answer: string;
  outputIds: readonly number[];
  claim: Claim;
  proved: boolean;
  claimHash: Hash;
  claimTransaction: Hash;
  settlement: Settlement | undefined;
}): Receipt {
  const { request, model, claim, settlement } = input;
  return {
    format: "openledger/receipt/1",
    chainId: input.chainId,
    market: input.market,
    request: {
      requestId: request.requestId,
      modelId: request.modelId,
      payer: request.payer,
      host: request.host,
      promptHash: request.promptHash,
      maxTokensIn: request.maxTokensIn,
      maxTokensOut: request.maxTokensOut,
      rateIn: request.rateIn,
      rateOut: request.rateOut,
      platformBps: request.platformBps,
      escrow: request.escrow,
    },
    model: {
      name: model.name,
      owner: model.owner,
      baseHash: model.baseHash,
      adapterHash: model.adapterHash,
      tokenizerHash: model.tokenizerHash,
      methodHash: model.methodHash,
      manifestHash: model.manifestHash,
      snapshots: model.snapshots.map(({ datanetId, number }) => ({ datanetId, number })),
      index: { ...model.index },
      split: { ...model.split },
    },
    prompt: input.prompt,
    answer: input.answer,
    outputIds: [...input.outputIds],
    claim: { ...claim, rows: [...claim.rows], weights: [...claim.weights] },
    proved: input.proved,
    claimHash: input.claimHash,
    claimTransaction: input.claimTransaction,
    settlement: settlement
      ? {
          fee: settlement.fee,
          payout: { ...settlement.payout },
          paid: [...settlement.paid],
          transactionHash: settlement.transactionHash,
        }
      : null,
  };
}

/** The receipt as JSON: bigints as decimal digits. */
export function receiptToJson(receipt: Receipt): ReceiptJson {
  return withDigits(receipt) as unknown as ReceiptJson;
}

/** Canonical bytes of a receipt: what its hash is taken of. */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  return canonicalBytes(withDigits(receipt));
}

/** Reads a receipt from JSON, however it is spelt. @throws CodedError `RECEIPT_INVALID`. */
export function parseReceipt(json: unknown): Receipt {
  const parsed = receiptSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw aiError("RECEIPT_INVALID", {
    message: `this is not a receipt: ${issue.path.join(".") || "the whole"}: ${issue.message}`,
    fix: "fetch the receipt again from the node that answered",
  });
}

function withDigits(value: unknown): Json {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(withDigits);
  if (typeof value !== "object" || value === null) return value as Json;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withDigits(item)]));
}
