import { secp256k1 } from "@noble/curves/secp256k1.js";
import { z } from "zod";
import { bytesToHex, hexToBytes } from "../../base/bytes.ts";
import { randomBytes } from "../../base/clock.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import { seal, unseal } from "../codec/sealed.ts";
import { MAX_MESSAGES, ROW_ROLES, type RowMessage } from "../datanet/rows.ts";
import { aiError } from "../errors.ts";

/** What opens a request's hash: enough to run it again. */
export interface OpenedRequest {
  prompt: string;
  /** The conversation before the prompt; absent where there is none. */
  before?: readonly RowMessage[] | undefined;
  salt: Hash;
  /** Of an answer in an epoch, where no request on chain says it. */
  maxTokensOut?: number | undefined;
}

/** Longest evidence in bytes: the longest prompt that hosts take, and a key for each verifier that there can be. */
export const MAX_EVIDENCE_BYTES = 4 * 2 ** 20;
const MAX_KEYS = 128;

const hex = z
  .string()
  .regex(/^0x([0-9a-f]{2})*$/)
  .transform((text) => text as Hex);
const documentSchema = z.strictObject({
  version: z.literal(1),
  requestId: z.string().regex(/^\d{1,78}$/),
  round: z.number().int().min(0).max(2),
  body: hex,
  keys: z
    .array(z.strictObject({ verifier: z.string().regex(/^0x[0-9a-f]{40}$/), sealed: hex }))
    .max(MAX_KEYS),
});
const requestSchema = z.strictObject({
  prompt: z.string(),
  before: z
    .array(z.strictObject({ role: z.enum(ROW_ROLES), content: z.string() }))
    .max(MAX_MESSAGES)
    .optional(),
  salt: z
    .string()
    .regex(/^0x[0-9a-f]{64}$/)
    .transform((text) => text as Hash),
  maxTokensOut: z.number().int().min(0).max(0xffff_ffff).optional(),
});

/** Whose evidence it is, and for which round. */
export interface EvidencePlace {
  requestId: bigint;
  round: number;
}

/**
 * Evidence for a panel: the opened request sealed to a fresh key, and that key sealed to each member's. A member whose key is none is
 * left out: it could read nothing anyway.
 */
export function encodeEvidence(
  { requestId, round }: EvidencePlace,
  request: OpenedRequest,
  panel: readonly { verifier: Address; key: Hex }[],
): Uint8Array {
  const secret = secp256k1.utils.randomSecretKey(randomBytes(48));
  const publicKey = bytesToHex(secp256k1.getPublicKey(secret, true));
  const { prompt, before, salt, maxTokensOut } = request;
  const text = new TextEncoder().encode(JSON.stringify({ prompt, before, salt, maxTokensOut }));
  const keys = panel.flatMap(({ verifier, key }) => {
    try {
      return [{ verifier, sealed: bytesToHex(seal(secret, key)) }];
    } catch {
      return [];
    }
  });
  const document = {
    version: 1,
    requestId: `${requestId}`,
    round,
    body: bytesToHex(seal(text, publicKey)),
    keys,
  };
  return new TextEncoder().encode(JSON.stringify(document));
}

/**
 * What a panel member reads in its evidence.
 * @throws CodedError `EVIDENCE_INVALID` where there is nothing for this member in it.
 */
export function openEvidence(
  bytes: Uint8Array,
  { requestId, round }: EvidencePlace,
  { address, privateKey }: { address: Address; privateKey: Hex },
): OpenedRequest {
  try {
    if (bytes.length > MAX_EVIDENCE_BYTES) throw new Error("it is too long");
    const document = documentSchema.parse(
      JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)),
    );
    if (document.requestId !== `${requestId}` || document.round !== round) {
      throw new Error("it is for another request or round");
    }
    const mine = document.keys.find(({ verifier }) => verifier === address.toLowerCase());
    if (mine === undefined) throw new Error("it holds no key for this verifier");
    const secret = unseal(hexToBytes(mine.sealed), privateKey);
    const text = unseal(hexToBytes(document.body), bytesToHex(secret));
    return requestSchema.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text)));
  } catch (cause) {
    throw aiError("EVIDENCE_INVALID", {
      message: `the evidence for request ${requestId} can't be read by ${address}`,
      fix: "the host has to publish it sealed to every member of the panel",
      facts: { requestId, round },
      cause,
    });
  }
}
