import type { Address } from "../../chain/types/primitives.ts";

/** A number of a contract's in an address of a page; undefined for anything else. */
export function parseNumber(text: string): bigint | undefined {
  return /^\d{1,18}$/.test(text) ? BigInt(text) : undefined;
}

/** An address as somebody types it, in lower case; undefined for anything else. */
export function parseAddress(text: string): Address | undefined {
  return /^0x[0-9a-fA-F]{40}$/.test(text.trim()) ? (text.trim().toLowerCase() as Address) : undefined;
}
