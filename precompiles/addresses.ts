import type { Address } from "../node/chain/types/primitives.ts";

/** Exact scores of committed sketches, top-K and weight checks. */
export const INFLUENCE_VERIFIER_ADDRESS: Address = "0x0000000000000000000000000000000000000a01";
/** Spans in committed suffix arrays. */
export const SPAN_VERIFIER_ADDRESS: Address = "0x0000000000000000000000000000000000000a02";
/** Exact proportional division and payment. */
export const REWARD_SPLITTER_ADDRESS: Address = "0x0000000000000000000000000000000000000a03";

/** What the `attribution` fork adds, ascending. */
export const ATTRIBUTION_PRECOMPILES: readonly Address[] = [
  INFLUENCE_VERIFIER_ADDRESS,
  REWARD_SPLITTER_ADDRESS,
];

/** The same with the SpanVerifier, which has a time of its own: chains of before keep their genesis. */
export const OWN_PRECOMPILES: readonly Address[] = [
  INFLUENCE_VERIFIER_ADDRESS,
  SPAN_VERIFIER_ADDRESS,
  REWARD_SPLITTER_ADDRESS,
];

/** Code of the stub account at each address (INVALID): EXTCODESIZE is not 0, so Solidity's calls by interface go through. */
export const PRECOMPILE_STUB_CODE = Uint8Array.of(0xfe);
/** Nonce of the stub account: it is never empty, so EIP-161 leaves it. */
export const PRECOMPILE_STUB_NONCE = 1n;
