import { encodeAbiParameters, getAbiItem, keccak256 } from "viem/utils";
import { z } from "zod";
import { inferenceMarketAbi } from "../../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import { type Claim, claimTuple } from "../client/claims.ts";
import { bytesOfHex, keccakOf } from "../codec/hash.ts";
import { MAX_MESSAGES, ROW_ROLES } from "../datanet/rows.ts";
import { aiError } from "../errors.ts";
import { answerFields, layerFields, withDigits } from "../receipt/receipt.ts";

const { hash, address, integer, count, bps, claim, query, signature, contributors } = answerFields;

export const prepaidSchema = z.strictObject({
  format: z.literal("openledger/prepaid/1"),
  chainId: count,
  /** The contract that holds purses and epochs. */
  epochs: address,
  payer: address,
  host: address,
  maxTokensOut: count,
  /** Wei for 1000 tokens, and the platform's part, when it was answered. */
  rateIn: integer,
  rateOut: integer,
  platformBps: bps,
  /** What opens the request's hash, besides adapter and limits. */
  salt: hash,
  prompt: z.string(),
  before: z
    .array(z.strictObject({ role: z.enum(ROW_ROLES), content: z.string() }))
    .min(1)
    .max(MAX_MESSAGES)
    .optional(),
  answer: z.string(),
  outputIds: z.array(count),
  /** As its epoch's leaf has it, but for the request's id, which is 0: its place in an epoch is not known yet. */
  claim,
  ...layerFields,
  query,
  contributors,
  /** Of the host, over {@link prepaidHash}: with it the answer was handed over. */
  hostSignature: signature,
});

/** An answer that a purse pays for: all that is needed to recompute it, and to find it in its epoch. */
export type PrepaidAnswer = z.output<typeof prepaidSchema>;
export type PrepaidJson = z.input<typeof prepaidSchema>;

/** Where an answer stands: in which epoch, at which place; null until its host closed one with it. */
export interface PrepaidPlace {
  epochId: bigint;
  position: number;
}

/** Reads an answer from JSON. @throws CodedError `PREPAID_INVALID`. */
export function parsePrepaid(json: unknown): PrepaidAnswer {
  const parsed = prepaidSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw aiError("PREPAID_INVALID", {
    message: `this is no prepaid answer: ${issue.path.join(".") || "the whole"}: ${issue.message}`,
    fix: "fetch it again from the node that answered",
  });
}

export function prepaidToJson(answer: PrepaidAnswer): PrepaidJson {
  return withDigits(answer) as unknown as PrepaidJson;
}

/** Names an answer: keccak256(payer | request hash). Who asks the same again with the same salt gets the same answer. */
export function prepaidId(payer: Address, requestHash: Hash): Hash {
  return keccakOf(bytesOfHex(payer), bytesOfHex(requestHash));
}

const SIGNED = [
  { type: "uint256" },
  { type: "address" },
  { type: "address" },
  getAbiItem({ abi: inferenceMarketAbi, name: "hashOf" }).inputs[0],
] as const;

/** What a host signs: keccak256(abi.encode(chain, epochs, payer, claim)). */
export function prepaidHash(chainId: number, epochs: Address, payer: Address, given: Claim): Hash {
  return keccak256(encodeAbiParameters(SIGNED, [BigInt(chainId), epochs, payer, claimTuple(given)]));
}

/** The text that a payer signs (EIP-191) to see what a host has of it. */
export function purseMessage(chainId: number, epochs: Address, host: Address): string {
  return `OpenLedger: read my purse for the host ${host} of the contract ${epochs} on chain ${chainId}`;
}

/** The same for one of its answers. */
export function prepaidMessage(chainId: number, epochs: Address, id: Hash): string {
  return `OpenLedger: read the prepaid answer ${id} of the contract ${epochs} on chain ${chainId}`;
}

/** A voucher as a host keeps it. */
export interface KeptVoucher {
  cumulative: bigint;
  validUntil: bigint;
  signature: Hex;
}
