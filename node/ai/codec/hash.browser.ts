import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes, keccak256 } from "viem/utils";
import type { Hash, Hex } from "../../chain/types/primitives.ts";

/** SHA-256 of bytes as 0x-hex: the id of content everywhere. */
export function contentIdOf(bytes: Uint8Array): Hash {
  return bytesToHex(sha256(bytes));
}

/** Keccak-256 of the parts laid end to end. */
export function keccakOf(...parts: readonly Uint8Array[]): Hash {
  return keccak256(concatBytes(...parts));
}

/** All parts in one new array. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function bytesOfHex(hex: Hex): Uint8Array {
  return hexToBytes(hex);
}

export function hexOfBytes(bytes: Uint8Array): Hex {
  return bytesToHex(bytes);
}
