import { hexToBytes } from "../../base/bytes.ts";
import { keccak256 } from "../crypto.ts";
import type { Hex } from "../types/primitives.ts";

/** Bytes of a block's bloom filter over addresses and topics. */
export const BLOOM_BYTES = 256;
/** Its bits. */
export const BLOOM_BITS = 8 * BLOOM_BYTES;

/** Of each group one item must be in the filter; an item is there if its three bits are set. No groups: anything at all. */
export type BloomQuery = readonly (readonly BloomItem[])[];
export type BloomItem = readonly [number, number, number];

/** Addresses and topics whose bits are kept: a token's logs name the same few again and again. */
const KEPT_ITEMS = 8_192;
const kept = new Map<Hex, BloomItem>();

/** The bits of an item, counted as the filter's bytes go. Source: Yellow Paper, section 4.3.1. */
export function bloomItem(item: Hex): BloomItem {
  const known = kept.get(item);
  if (known !== undefined) return known;
  if (kept.size >= KEPT_ITEMS) kept.clear();
  const bits = hashedItem(item);
  kept.set(item, bits);
  return bits;
}

function hashedItem(item: Hex): BloomItem {
  const hash = keccak256(hexToBytes(item));
  const bit = (at: number) => {
    const number = ((hash[at]! << 8) | hash[at + 1]!) & (BLOOM_BITS - 1);
    return 8 * (BLOOM_BYTES - 1 - (number >> 3)) + (number & 7);
  };
  return [bit(0), bit(2), bit(4)];
}

/** False where no log under this filter can match. */
export function bloomMatches(query: BloomQuery, bloom: Uint8Array): boolean {
  if (query.length === 0) return bloom.some((byte) => byte !== 0);
  const isSet = (bit: number) => (bloom[bit >> 3]! & (1 << (bit & 7))) !== 0;
  return query.every((group) => group.some((item) => item.every(isSet)));
}
