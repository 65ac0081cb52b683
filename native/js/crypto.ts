/**
 * The EVM's cryptography in C++: the precompiles' operations, sender recovery and Keccak-256.
 *
 * Operations take and give the bytes inside the precompiles (without gas, padding and versioned hashes); each makes the
 * checks of its EIP on the values. Works in any number of threads.
 */
import { availableParallelism } from "node:os";
import { type Addon, loadAddon } from "./addon.ts";
import { NativeError } from "./error.ts";

/** Operations by name; the numbers are those of the precompiles' addresses. */
export const CRYPTO_OPERATIONS = {
  /** r 32, s 32, recovery id u8 (0 to 3), digest 32 -> address, left-padded to 32. */
  ecrecover: 1,
  /** u32 little-endian lengths of base, exponent and modulus, then the three -> as many bytes as the modulus (EIP-198). */
  modexp: 5,
  /** Two points of 64 -> 64 (EIP-196). */
  bn254Add: 6,
  /** Point 64, scalar 32 -> 64 (EIP-196). */
  bn254Mul: 7,
  /** n times (G1 64, G2 128) -> 1 byte, 1 or 0 (EIP-197). */
  bn254Pairing: 8,
  /** z 32, y 32, commitment 48, proof 48 -> 1 byte: 1 proven, 0 not or malformed (EIP-4844). */
  kzg: 10,
  /** Two points of 96, coordinates of 48 without padding -> 96 (EIP-2537, like the next six). */
  blsG1Add: 11,
  /** n times (point 96, scalar 32) -> 96. */
  blsG1Msm: 12,
  /** Two points of 192: x.c0, x.c1, y.c0, y.c1 -> 192. */
  blsG2Add: 13,
  /** n times (point 192, scalar 32) -> 192. */
  blsG2Msm: 14,
  /** n times (G1 96, G2 192) -> 1 byte, 1 or 0. */
  blsPairing: 15,
  /** Field element 48 -> G1 96. */
  blsMapG1: 16,
  /** Field element c0 48, c1 48 -> G2 192. */
  blsMapG2: 17,
  /** Digest 32, r 32, s 32, x 32, y 32 -> 1 byte, 1 or 0 (EIP-7951). */
  p256: 0x100,
  /** No precompile: a blob of 131,072 -> its KZG commitment 48 (EIP-4844). */
  blob: 0x1000,
  /** No precompile: a blob of 131,072 -> the KZG proofs of its 128 cells, 48 each (EIP-7594). The first takes seconds. */
  cellProofs: 0x1001,
} as const;

export type CryptoOperationName = keyof typeof CRYPTO_OPERATIONS;

/** Answer of `cryptoOperation`: this process has no native code for the operation. */
export const CRYPTO_NOT_AVAILABLE = -2;
/** Answer of `cryptoOperation`: the precompile's error, a wrong input length included. */
export const CRYPTO_INVALID = -3;

/** Bytes of a sender job: digest 32, r 32, s 32, y parity 1. */
export const SENDER_JOB_BYTES = 97;
/** Bytes of a sender: address 20, then 1 if it was recovered, else 0 (and the address is zero). */
export const SENDER_BYTES = 21;
/** The most jobs that one call of `recoverSenders` takes. */
export const MAX_SENDER_JOBS = 65_536;

interface CryptoAddon extends Addon {
  cryptoOperation(operation: number, input: Uint8Array, output: Uint8Array): number;
  cryptoMissing(operation: number): string | undefined;
  keccak256(bytes: Uint8Array): Uint8Array;
  keccak256Many(data: Uint8Array, ends: Uint32Array, output: Uint8Array): void;
  recoverSendersHere(jobs: Uint8Array): Uint8Array;
  recoverSenders(jobs: Uint8Array, threads: number): Promise<Uint8Array>;
}

let loaded: CryptoAddon | undefined;

function addon(): CryptoAddon {
  loaded ??= open();
  return loaded;
}

function open(): CryptoAddon {
  const candidate = loadAddon() as CryptoAddon;
  if (typeof candidate.cryptoOperation !== "function") {
    throw new NativeError(
      "NATIVE_OLD",
      "the native addon was built before it had cryptography",
      "Run `npm run build:native`.",
    );
  }
  return candidate;
}

/**
 * Runs one operation on the calling thread.
 *
 * @param output receives the result; it may be longer, and stays as it is or is partly written on an answer below zero.
 * @returns bytes written, or CRYPTO_NOT_AVAILABLE or CRYPTO_INVALID.
 * @throws TypeError NATIVE_ARGUMENT for arguments of other types and an output too short for the result.
 * @throws NativeError NATIVE_NOT_BUILT, NATIVE_NOT_LOADABLE, NATIVE_OLD without a usable addon (as all of this file).
 */
export function cryptoOperation(operation: number, input: Uint8Array, output: Uint8Array): number {
  return addon().cryptoOperation(operation, input, output);
}

export interface CryptoSupport {
  name: CryptoOperationName;
  /** See CRYPTO_OPERATIONS. */
  operation: number;
  native: boolean;
  /** Why it is not native here. */
  reason: string | undefined;
}

/** Which operations run in C++ in this process. Never throws: without an addon none does. */
export function cryptoSupport(): CryptoSupport[] {
  const names = Object.keys(CRYPTO_OPERATIONS) as CryptoOperationName[];
  return names.map((name) => {
    const operation = CRYPTO_OPERATIONS[name];
    const reason = missing(operation);
    return { name, operation, native: reason === undefined, reason };
  });
}

function missing(operation: number): string | undefined {
  try {
    return addon().cryptoMissing(operation);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Keccak-256 of the bytes, as Ethereum uses it: 32 bytes. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return addon().keccak256(bytes);
}

/**
 * Keccak-256 of many messages in one call.
 *
 * @param data the messages one behind the other.
 * @param ends where each message ends in `data`; each starts where the one before ended.
 * @param output 32 bytes a message, in their order; made if not given.
 * @throws TypeError NATIVE_ARGUMENT when the ends fall or leave the data, or the output is too short.
 */
export function keccak256Many(
  data: Uint8Array,
  ends: Uint32Array,
  output: Uint8Array = new Uint8Array(32 * ends.length),
): Uint8Array {
  addon().keccak256Many(data, ends, output);
  return output;
}

/**
 * Senders of signatures over secp256k1, on the calling thread. Any s below the group's order is taken; a transaction's rule
 * of a low s (EIP-2) is the caller's.
 *
 * @param jobs SENDER_JOB_BYTES each, at most MAX_SENDER_JOBS.
 * @returns SENDER_BYTES for each job, in order.
 * @throws TypeError NATIVE_ARGUMENT for another length or too many jobs.
 */
export function recoverSendersHere(jobs: Uint8Array): Uint8Array {
  return addon().recoverSendersHere(jobs);
}

/**
 * Senders of many signatures, computed on Node's thread pool; the caller's thread only copies.
 *
 * @param jobs SENDER_JOB_BYTES each, at most MAX_SENDER_JOBS; copied, so it may be changed after the call.
 * @param options.threads the most threads to work at a time. The default leaves one of the pool's four to files.
 * @returns SENDER_BYTES for each job, in order.
 * @throws TypeError NATIVE_ARGUMENT for another length, too many jobs or a bad number of threads.
 */
export async function recoverSenders(
  jobs: Uint8Array,
  options: { threads?: number } = {},
): Promise<Uint8Array> {
  return addon().recoverSenders(jobs, options.threads ?? Math.min(3, availableParallelism()));
}
