import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex } from "viem/utils";
import type { Hash } from "./types/primitives.ts";

/** Keccak-256; 32 bytes. */
export function keccak256(message: Uint8Array): Uint8Array {
  return keccak_256(message);
}

/** Keccak-256 as hex. */
export function keccakHash(message: Uint8Array): Hash {
  return bytesToHex(keccak256(message));
}

/** SHA-256; 32 bytes. */
export function sha256(message: Uint8Array): Uint8Array {
  return nobleSha256(message);
}
