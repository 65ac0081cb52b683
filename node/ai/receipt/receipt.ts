import { z } from "zod";
import { ARITHMETICS } from "../../../native/js/types.ts";
import { FULL_GAIN } from "../../../precompiles/influence-verifier/rule.ts";
import type { InfluenceList } from "../../../precompiles/influence-verifier/types.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import { type Claim, claimTuple } from "../client/claims.ts";
import type { MarketRequest, Settlement } from "../client/market.ts";
import type { RegisteredModel } from "../client/models.ts";
import type { Sampling } from "../client/request-hash.ts";
import { canonicalBytes, type Json } from "../codec/canonical-json.ts";
import { CONTEXT_RULE, type ContextCredit, MAX_CONTEXT_ROWS } from "../context/rule.ts";
import { MAX_MESSAGES, ROW_ROLES, type RowMessage } from "../datanet/rows.ts";
import { aiError } from "../errors.ts";
import { DISCOUNT_RULE, type Discount } from "../fusion/discount.ts";
import type { Verbatim } from "../fusion/layer.ts";
import { FUSION_RULE, MAX_COVER } from "../fusion/rule.ts";

const hash = z.string().regex(/^0x[0-9a-f]{64}$/) as unknown as z.ZodType<Hash>;
const address = z.string().regex(/^0x[0-9a-f]{40}$/) as unknown as z.ZodType<Address>;
/** Bytes of the largest sketch, of 4,096 integers, and of the largest cover: 4,096 tokens, 4 spans, 16 rows with 4 parts each. */
const MAX_QUERY = 1 + 2 * 4_096 + 2 + 4 * 4_096 + 1 + 4 * 12 + 16 * (1 + 4 * 13);
const query = z
  .string()
  .max(2 + 2 * MAX_QUERY)
  .regex(/^0x([0-9a-f]{2})+$/) as unknown as z.ZodType<Hex>;
const signature = z.string().regex(/^0x[0-9a-f]{130}$/) as unknown as z.ZodType<Hex>;
/** Wei, ids and scores: decimal digits, read as bigints. */
const integer = z
  .string()
  .regex(/^-?\d{1,78}$/)
  .transform((digits) => BigInt(digits));
const count = z.number().int().nonnegative();
const bps = z.number().int().min(0).max(10_000);

const payoutSchema = z.strictObject({
  contributors: integer,
  context: integer,
  pools: integer,
  owner: integer,
  host: integer,
  stakers: integer,
  platform: integer,
  refund: integer,
});

/** Rows and contributions of a list: the contracts' bound. */
const MAX_LISTED = 16;
const listed = <T extends z.ZodType>(item: T) => z.array(item).max(MAX_LISTED);

const shown = <T extends z.ZodType>(item: T) => z.array(item).max(MAX_CONTEXT_ROWS);
/** Contributions that a claim pays. */
const paidTo = <T extends z.ZodType>(item: T) => z.array(item).max(MAX_LISTED + MAX_CONTEXT_ROWS);

const listSchema = z.strictObject({
  rowIds: listed(count),
  scores: listed(integer),
  gains: listed(count),
  floor: integer,
  contributionIds: listed(integer),
  weights: listed(integer),
});

const claimSchema = z.strictObject({
  requestId: integer,
  modelId: integer,
  requestHash: hash,
  tokensIn: count,
  tokensOut: count,
  outputHash: hash,
  queryHash: hash,
  earnedBps: bps,
  list: listSchema,
  context: z.strictObject({ partBps: bps, contributionIds: shown(integer), weights: shown(integer) }),
});

const modelSchema = z.strictObject({
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
    e0: z.number().int(),
    floor: integer,
    topK: count,
    spans: hash,
  }),
  split: z.strictObject({ contributors: bps, owner: bps, host: bps, stakers: bps }),
});

const stretch = z.strictObject({ start: count, end: count });

/** What the answer has word for word in common with the rows, and how that meets influence: the claim's list where the index commits spans. */
const verbatimSchema = z.strictObject({
  rule: z.literal(FUSION_RULE),
  information: count,
  free: count,
  spans: z
    .array(
      z.strictObject({
        tokens: stretch,
        text: stretch.optional(),
        information: count,
        weight: count,
        rowId: count,
        offset: count,
      }),
    )
    .max(MAX_COVER),
  rows: listed(
    z.strictObject({
      rowId: count,
      held: z.array(z.strictObject({ span: count, information: count, factor: count })).max(MAX_COVER),
    }),
  ),
  list: listSchema,
});

const losses = z.strictObject({ none: count, all: count });

/** Rows that stood before the question, the answer's losses with and without them in 2^-20 nats, and sixteenths of it that they say. */
const contextSchema = z.strictObject({
  rule: z.literal(CONTEXT_RULE),
  rows: shown(z.strictObject({ rowId: count, without: count, gain: count.max(FULL_GAIN) })),
  base: losses,
  model: losses,
});

/** What the base model answers by itself: what it holds of the answer is not earned. */
const discountSchema = z.strictObject({ rule: z.literal(DISCOUNT_RULE), answer: z.string() });

/** What documents of either kind say of what made an answer, beside its claim. */
export const layerFields = {
  /** Absent where the host could not read the rows. */
  verbatim: verbatimSchema.optional(),
  /** Absent where the model's method shows no rows. */
  context: contextSchema.optional(),
  /** Absent where the model's method discounts nothing. */
  discount: discountSchema.optional(),
};

/** Fields that answers of other kinds have too. */
export const answerFields = {
  ...{ hash, address, integer, count, bps, query, signature },
  claim: claimSchema,
  model: modelSchema,
  /** Who made the contributions that earn, by list or context, as the registry named them. */
  contributors: paidTo(z.strictObject({ contributionId: integer, contributor: address })),
};

const receiptSchema = z.strictObject({
  format: z.literal("openledger/receipt/2"),
  chainId: count,
  market: address,
  request: z.strictObject({
    requestId: integer,
    modelId: integer,
    payer: address,
    host: address,
    requestHash: hash,
    maxTokensIn: count,
    maxTokensOut: count,
    rateIn: integer,
    rateOut: integer,
    platformBps: bps,
    escrow: integer,
  }),
  model: modelSchema,
  /** What the request's hash is made of, besides prompt, adapter and limits. */
  salt: hash,
  sampling: z.strictObject({ temperature: count, topP: count, topK: count, seed: integer }),
  prompt: z.string(),
  /** The conversation before the prompt; absent where there is none. */
  before: z
    .array(z.strictObject({ role: z.enum(ROW_ROLES), content: z.string() }))
    .min(1)
    .max(MAX_MESSAGES)
    .optional(),
  /** By which arithmetic the answer was computed, from which weights; a receipt without it is of f32. */
  computed: z
    .strictObject({
      arithmetic: z.enum(ARITHMETICS),
      /** Of the base model's weights, sorted. */
      formats: z.array(z.string().regex(/^[A-Z0-9_]{2,8}$/)).max(16),
      files: z.array(z.strictObject({ name: z.string().min(1).max(255), sha256: hash })).max(1_024),
    })
    .optional(),
  answer: z.string(),
  outputIds: z.array(count),
  claim: claimSchema,
  ...layerFields,
  /** The query sketch's bytes; where the index commits spans, those of the cover behind them. */
  query,
  contributors: answerFields.contributors,
  proved: z.boolean(),
  claimHash: hash,
  /** Of the host, over the claim's hash: with it the answer was handed over. */
  hostSignature: signature,
  claimTransaction: hash,
  /** null until the claim is settled. */
  settlement: z
    .strictObject({
      fee: integer,
      payout: payoutSchema,
      paid: paidTo(z.strictObject({ contributionId: integer, to: address, amount: integer })),
      transactionHash: hash,
    })
    .nullable(),
});

/** All that is needed to recompute one inference and its payout; large things by their hashes. */
export type Receipt = z.output<typeof receiptSchema>;
/** The same as JSON. */
export type ReceiptJson = z.input<typeof receiptSchema>;

/** What made an answer, as far as it was looked for. */
export interface Layers {
  verbatim?: Verbatim | undefined;
  context?: ContextCredit | undefined;
  discount?: Discount | undefined;
}

/** What a receipt is put together from. */
export interface ReceiptParts {
  chainId: number;
  market: Address;
  request: MarketRequest;
  model: RegisteredModel;
  salt: Hash;
  sampling: Sampling;
  prompt: string;
  before?: readonly RowMessage[] | undefined;
  computed: NonNullable<Receipt["computed"]>;
  answer: string;
  outputIds: readonly number[];
  claim: Claim;
  layers: Layers;
  query: Hex;
  contributors: readonly { contributionId: bigint; contributor: Address }[];
  proved: boolean;
  claimHash: Hash;
  hostSignature: Hex;
  claimTransaction: Hash;
}

/** Puts a receipt together; it has no settlement yet. */
export function makeReceipt(parts: ReceiptParts): Receipt {
  const { chainId, market, salt, prompt, answer, query, proved } = parts;
  const { claimHash, hostSignature, claimTransaction } = parts;
  const before = parts.before?.map(({ role, content }) => ({ role, content })) ?? [];
  return {
    format: "openledger/receipt/2",
    ...{ chainId, market },
    request: requestPart(parts.request),
    model: modelPart(parts.model),
    salt,
    sampling: { ...parts.sampling },
    prompt,
    ...(before.length > 0 ? { before } : {}),
    computed: parts.computed,
    answer,
    outputIds: [...parts.outputIds],
    claim: claimPart(parts.claim),
    ...layersPart(parts.layers),
    query,
    contributors: parts.contributors.map(({ contributionId, contributor }) => ({
      contributionId,
      contributor,
    })),
    ...{ proved, claimHash, hostSignature, claimTransaction },
    settlement: null,
  };
}

/** The same in a document: what was not looked for is absent. */
export function layersPart({
  verbatim,
  context,
  discount,
}: Layers): Pick<Receipt, "verbatim" | "context" | "discount"> {
  return {
    ...(verbatim ? { verbatim: { ...verbatim, list: listPart(verbatim.list) } } : {}),
    ...(context ? { context: { ...context, rows: [...context.rows] } } : {}),
    ...(discount ? { discount } : {}),
  };
}

/** A receipt with what its settlement paid. */
export function withSettlement(receipt: Receipt, settlement: Settlement): Receipt {
  const { fee, payout, paid, transactionHash } = settlement;
  return { ...receipt, settlement: { fee, payout: { ...payout }, paid: [...paid], transactionHash } };
}

/** As much of a request as a receipt holds. */
export function requestPart(request: MarketRequest): Receipt["request"] {
  const { requestId, modelId, payer, host, requestHash } = request;
  const { maxTokensIn, maxTokensOut, rateIn, rateOut, platformBps, escrow } = request;
  return {
    ...{ requestId, modelId, payer, host, requestHash },
    ...{ maxTokensIn, maxTokensOut, rateIn, rateOut, platformBps, escrow },
  };
}

/** As much of a model as a receipt holds. */
export function modelPart(model: RegisteredModel): Receipt["model"] {
  const { name, owner, baseHash, adapterHash, tokenizerHash, methodHash, manifestHash } = model;
  return {
    ...{ name, owner, baseHash, adapterHash, tokenizerHash, methodHash, manifestHash },
    snapshots: model.snapshots.map(({ datanetId, number }) => ({ datanetId, number })),
    index: { ...model.index },
    split: { ...model.split },
  };
}

/** A claim as receipts have it. */
export function claimPart(claim: Claim): Receipt["claim"] {
  const { list, context, ...rest } = claimTuple(claim);
  const { partBps, contributionIds, weights } = context;
  return {
    ...rest,
    list: listPart(list),
    context: { partBps, contributionIds: [...contributionIds], weights: [...weights] },
  };
}

function listPart(list: InfluenceList): Receipt["claim"]["list"] {
  const { rowIds, scores, gains, floor, contributionIds, weights } = list;
  return {
    rowIds: [...rowIds],
    scores: [...scores],
    gains: [...gains],
    floor,
    contributionIds: [...contributionIds],
    weights: [...weights],
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

/** A document as JSON: bigints as decimal digits. */
export function withDigits(value: unknown): Json {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(withDigits);
  if (typeof value !== "object" || value === null) return value as Json;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withDigits(item)]));
}
