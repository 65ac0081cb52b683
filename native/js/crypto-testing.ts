/** What the tests of the cryptography share: the same bytes on every machine, and encodings. */
import { createHash } from "node:crypto";
import { CRYPTO_OPERATIONS, type CryptoOperationName, cryptoOperation } from "./crypto.ts";

/** Pseudo-random bytes: SHA-256 of a counter. */
export function byteSource(seed: string): (length: number) => Uint8Array {
  let counter = 0;
  return (length) => {
    const parts: Uint8Array[] = [];
    for (let have = 0; have < length; have += 32) {
      parts.push(createHash("sha256").update(`${seed}:${counter++}`).digest());
    }
    return concat(...parts).subarray(0, length);
  };
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "hex"));
}

/** Big-endian bytes of a number. */
export function word(value: bigint, length = 32): Uint8Array {
  return fromHex(value.toString(16).padStart(2 * length, "0"));
}

export function number(bytes: Uint8Array): bigint {
  return BigInt(`0x0${hex(bytes)}`);
}

/** The result in hexadecimal, or the answer below zero. */
export function run(name: CryptoOperationName, ...input: Uint8Array[]): string | number {
  const output = new Uint8Array(192).fill(0xaa);
  const answer = cryptoOperation(CRYPTO_OPERATIONS[name], concat(...input), output);
  if (answer < 0) return answer;
  if (output.subarray(answer).some((byte) => byte !== 0xaa)) throw new Error("written beyond the result");
  return hex(output.subarray(0, answer));
}

/** A copy with one bit of it changed. */
export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const out = Uint8Array.from(bytes);
  out[bit >> 3]! ^= 1 << (bit & 7);
  return out;
}
