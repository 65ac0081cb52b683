import { createHash } from "node:crypto";
import { CRYPTO_NOT_AVAILABLE, CRYPTO_OPERATIONS, cryptoOperation } from "../../native/js/crypto.ts";
import { NativeError } from "../../native/js/error.ts";
import { bytesToHex } from "../base/bytes.ts";
import type { Hash } from "../chain/types/primitives.ts";

const COMMITMENT_BYTES = 48;
const KZG_VERSION = 0x01;

/** The versioned hash of a KZG commitment. Source: EIP-4844 `kzg_to_versioned_hash`. */
export function versionedHash(commitment: Uint8Array): Hash {
  const digest = new Uint8Array(createHash("sha256").update(commitment).digest());
  digest[0] = KZG_VERSION;
  return bytesToHex(digest);
}

/**
 * The KZG commitment to a blob, 48 bytes; undefined for what is no blob. Takes about 20 ms.
 * @throws NativeError without a native addon, or with one that is too old.
 */
export function commitmentOf(blob: Uint8Array): Uint8Array | undefined {
  const commitment = new Uint8Array(COMMITMENT_BYTES);
  const answer = cryptoOperation(CRYPTO_OPERATIONS.blob, blob, commitment);
  if (answer === CRYPTO_NOT_AVAILABLE) {
    throw new NativeError(
      "NATIVE_OLD",
      "the native addon was built before it had blobs",
      "Run `npm run build:native`.",
    );
  }
  return answer === COMMITMENT_BYTES ? commitment : undefined;
}

/** The versioned hash that a blob's own content leads to; undefined for what is no blob. @throws NativeError as {@link commitmentOf}. */
export function blobHash(blob: Uint8Array): Hash | undefined {
  const commitment = commitmentOf(blob);
  return commitment && versionedHash(commitment);
}
