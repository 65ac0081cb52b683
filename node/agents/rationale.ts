import { z } from "zod";
import { canonicalBytes, parseCanonical } from "../ai/codec/canonical-json.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { agentError } from "./errors.ts";

/** Longest rationale in bytes. */
export const MAX_RATIONALE_BYTES = 1 << 18;
const MOST_PROMPT = 65_536;
const MOST_TOKENS = 32_768;

const integer = z
  .string()
  .regex(/^\d{1,78}$/)
  .transform(BigInt);
const schema = z.strictObject({
  format: z.literal("openledger/rationale/1"),
  requestId: integer,
  prompt: z.string().max(MOST_PROMPT),
  salt: z
    .string()
    .regex(/^0x[0-9a-f]{64}$/)
    .transform((text) => text as Hash),
  outputIds: z.array(z.number().int().nonnegative()).max(MOST_TOKENS),
  quotedAt: integer,
});

/**
 * Why a deed was done, so that anybody can see whether it follows: what opens the hash of its request, the answer's tokens, which the
 * claim's hash is of, and the block whose state gave the price. Its content id is the deed's rationale on chain.
 */
export interface Rationale {
  requestId: bigint;
  prompt: string;
  salt: Hash;
  outputIds: readonly number[];
  quotedAt: bigint;
}

/** The one text of a rationale. */
export function encodeRationale({ requestId, prompt, salt, outputIds, quotedAt }: Rationale): Uint8Array {
  return canonicalBytes({
    format: "openledger/rationale/1",
    requestId: `${requestId}`,
    quotedAt: `${quotedAt}`,
    ...{ prompt, salt, outputIds },
  });
}

/** @throws CodedError `RATIONALE_INVALID`. */
export function decodeRationale(bytes: Uint8Array): Rationale {
  try {
    if (bytes.length > MAX_RATIONALE_BYTES) throw new Error(`it has more than ${MAX_RATIONALE_BYTES} bytes`);
    const { format: _, ...rationale } = schema.parse(parseCanonical(bytes, "the rationale"));
    return rationale;
  } catch (cause) {
    throw agentError("RATIONALE_INVALID", {
      message: "the deed's rationale does not say from which answer it follows",
      fix: "only deeds of `openledger agent run` are judged by programs",
      cause,
    });
  }
}
