import type { Hash } from "../../chain/types/primitives.ts";
import { bytesOfHex, concatBytes, keccakOf } from "../codec/hash.ts";

/** What a payer asks for. Only its hash is on chain; payer and host hold the rest. */
export interface RequestTerms {
  /** 32 random bytes: without them the hash of a short prompt could be guessed. */
  salt: Hash;
  promptIds: readonly number[];
  /** The adapter that shall answer. */
  adapterHash: Hash;
  sampling: Sampling;
  maxTokensIn: number;
  maxTokensOut: number;
}

/** How the answer's tokens are chosen. All of them integers, so that every machine hashes the same. */
export interface Sampling {
  /** In 1/1000; 0: the most likely token each time. */
  temperature: number;
  /** In 1/1000; 1000: no cut. */
  topP: number;
  /** 0: no cut. */
  topK: number;
  /** u64. */
  seed: bigint;
}

/** The one way of choosing tokens that models serve so far. */
export const GREEDY: Sampling = { temperature: 0, topP: 1000, topK: 0, seed: 0n };

/**
 * keccak256(salt 32 | adapter hash 32 | temperature u32 | top p u32 | top k u32 | seed u64 | most tokens in u32 | most tokens out
 * u32 | prompt tokens u32 each), big endian: the `requestHash` of requests and claims.
 */
export function hashOfRequest(terms: RequestTerms): Hash {
  const { sampling, promptIds } = terms;
  const numbers = new DataView(new ArrayBuffer(28));
  numbers.setUint32(0, sampling.temperature);
  numbers.setUint32(4, sampling.topP);
  numbers.setUint32(8, sampling.topK);
  numbers.setBigUint64(12, sampling.seed);
  numbers.setUint32(20, terms.maxTokensIn);
  numbers.setUint32(24, terms.maxTokensOut);
  return keccakOf(
    concatBytes(bytesOfHex(terms.salt), bytesOfHex(terms.adapterHash), new Uint8Array(numbers.buffer)),
    tokenBytes(promptIds),
  );
}

/** keccak256 over token ids, each as u32 big endian: the hash of answers on chain. */
export function hashOfTokens(ids: readonly number[]): Hash {
  return keccakOf(tokenBytes(ids));
}

function tokenBytes(ids: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * ids.length));
  for (const [i, id] of ids.entries()) view.setUint32(4 * i, id);
  return new Uint8Array(view.buffer);
}
