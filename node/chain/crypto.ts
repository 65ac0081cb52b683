import type { CustomCrypto } from "@ethereumjs/common";
import { bytesToHex, concatBytes, setLengthLeft } from "@ethereumjs/util";
import { createKeccak, createSHA256 } from "hash-wasm";
import secp256k1 from "secp256k1";
import type { Address, Hash } from "./types/primitives.ts";

const keccak = await createKeccak(256);
const sha = await createSHA256();

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

/** Recovery bit of a signature's v: 0/1, 27/28, or EIP-155 with `chainId`. */
function recoveryBit(v: bigint, chainId: bigint | undefined): number {
  if (v === 0n || v === 1n) return Number(v);
  if (v === 27n || v === 28n) return Number(v - 27n);
  const bit = chainId === undefined ? -1n : v - (chainId * 2n + 35n);
  if (bit !== 0n && bit !== 1n) throw new Error("invalid signature v value");
  return Number(bit);
}

function ecrecover(
  message: Uint8Array,
  v: bigint,
  r: Uint8Array,
  s: Uint8Array,
  chainId?: bigint,
): Uint8Array {
  const signature = concatBytes(setLengthLeft(r, 32), setLengthLeft(s, 32));
  return secp256k1.ecdsaRecover(signature, recoveryBit(v, chainId), message, false).slice(1);
}

/**
 * The signer of a 32-byte message hash; `recovery` is 0 or 1, `signature` is r and s (64 bytes).
 * @throws Error when no key made this signature.
 */
export function recoverAddress(message: Uint8Array, signature: Uint8Array, recovery: number): Address {
  return publicKeyToAddress(secp256k1.ecdsaRecover(signature, recovery, message, false).slice(1));
}

/** The primitives that every ethereumjs object of the chain uses: wasm hashes and native recovery, 6 and 25 times its defaults. */
export const chainCrypto: CustomCrypto = {
  keccak256,
  sha256,
  ecrecover,
  ecdsaRecover: (signature, recovery, message) => secp256k1.ecdsaRecover(signature, recovery, message, true),
};
