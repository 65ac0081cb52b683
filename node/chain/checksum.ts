import { bytesToHex } from "../base/bytes.ts";
import { keccak256 } from "./crypto.ts";
import type { Address } from "./types/primitives.ts";

/** An address with the checksum of EIP-55 in the case of its letters, for people to read. */
export function checksumAddress(address: Address): Address {
  const lower = address.slice(2).toLowerCase();
  const digits = bytesToHex(keccak256(new TextEncoder().encode(lower))).slice(2);
  const cased = [...lower].map((letter, i) =>
    Number.parseInt(digits[i]!, 16) >= 8 ? letter.toUpperCase() : letter,
  );
  return `0x${cased.join("")}`;
}
