import { createKeccak, createSHA256 } from "hash-wasm";
import secp256k1 from "secp256k1";
import { bytesToHex, concatBytes } from "../base/bytes.ts";
import type { Address, Hash } from "./types/primitives.ts";

const keccak = await createKeccak(256);
const sha = await createSHA256();

/** Order of the curve's group; a signature's r and s lie below it. */
export const SECP256K1_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
/** Largest s of a signature since EIP-2: the other one of the two possible is refused. */
export const SECP256K1_HALF_ORDER = SECP256K1_ORDER >> 1n;

/** Keccak-256; 32 bytes. */
export function keccak256(message: Uint8Array): Uint8Array {
  return keccak.init().update(message).digest("binary");
}

/** Keccak-256 as hex. */
export function keccakHash(message: Uint8Array): Hash {
  return bytesToHex(keccak256(message));
}

/** SHA-256; 32 bytes. */
export function sha256(message: Uint8Array): Uint8Array {
  return sha.init().update(message).digest("binary");
}

/** The address of an uncompressed public key without its 0x04 byte (64 bytes). */
export function publicKeyToAddress(publicKey: Uint8Array): Address {
  return bytesToHex(keccak256(publicKey).subarray(12));
}

/**
 * The signer of a 32-byte message hash; `recovery` is 0 or 1, `signature` is r and s (64 bytes).
 * @throws Error when no key made this signature.
 */
export function recoverAddress(message: Uint8Array, signature: Uint8Array, recovery: number): Address {
  return publicKeyToAddress(secp256k1.ecdsaRecover(signature, recovery, message, false).subarray(1));
}

/** A signature and what it signs; all of 32 bytes. */
export interface RecoveryJob {
  digest: Uint8Array;
  r: Uint8Array;
  s: Uint8Array;
  yParity: 0 | 1;
}

/** Signers of many signatures, in order; undefined where no key made one. */
export type RecoverSenders = (jobs: readonly RecoveryJob[]) => Promise<readonly (Address | undefined)[]>;

/** The signer, or undefined when no key made this signature. */
export function recoverSender({ digest, r, s, yParity }: RecoveryJob): Address | undefined {
  try {
    return recoverAddress(digest, concatBytes(r, s), yParity);
  } catch {
    return undefined;
  }
}

/** {@link recoverSender} for each, on this thread. */
export const recoverSendersHere: RecoverSenders = async (jobs) => jobs.map(recoverSender);
