import { createHash } from "node:crypto";
import { keccak256 } from "viem/utils";
import type { Hash, Hex } from "../../chain/types/primitives.ts";

/** SHA-256 of bytes as 0x-hex: the id of content everywhere. */
export function contentIdOf(bytes: Uint8Array): Hash {
  return `0x${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Between two slices of {@link contentIdLater} others may run. */
const SLICE = 2 ** 23;

/** {@link contentIdOf} of parts laid end to end, for large ones: others are not held up. */
export async function contentIdLater(parts: readonly Uint8Array[]): Promise<Hash> {
  const digest = createHash("sha256");
  for (const part of parts)
    for (let at = 0; at < part.length; at += SLICE) {
      digest.update(part.subarray(at, at + SLICE));
      if (at + SLICE < part.length) await new Promise((resolve) => setImmediate(resolve));
    }
  return `0x${digest.digest("hex")}`;
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
  return new Uint8Array(Buffer.from(hex.slice(2), "hex"));
}

export function hexOfBytes(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")}`;
}
