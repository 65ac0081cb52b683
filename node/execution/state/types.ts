import type { KeyValueReader } from "../../store/level.ts";

/** Where committed trie nodes and code are read from: nodes by their hash, code by {@link codeKey} or {@link analysedCodeKey}. */
export type StateDatabase = KeyValueReader;

const CODE_PREFIX = 0x63;
const ANALYSED_PREFIX = 0x61;
/** Of a trie node's hash. */
export const HASH_BYTES = 32;

/** Database key of code: `c` before its hash, so that code can't be mistaken for a trie node. */
export function codeKey(codeHash: Uint8Array): Uint8Array {
  return prefixed(CODE_PREFIX, codeHash);
}

/** Database key of code that is analysed: `a` before its hash. */
export function analysedCodeKey(codeHash: Uint8Array): Uint8Array {
  return prefixed(ANALYSED_PREFIX, codeHash);
}

function prefixed(prefix: number, hash: Uint8Array): Uint8Array {
  const key = new Uint8Array(HASH_BYTES + 1);
  key[0] = prefix;
  key.set(hash, 1);
  return key;
}
