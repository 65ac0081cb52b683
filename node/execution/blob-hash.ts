import { createHash } from "node:crypto";
import { CRYPTO_NOT_AVAILABLE, CRYPTO_OPERATIONS, cryptoOperation } from "../../native/js/crypto.ts";
import { NativeError } from "../../native/js/error.ts";
import { bytesToHex } from "../base/bytes.ts";
import type { Hash } from "../chain/types/primitives.ts";

const COMMITMENT_BYTES = 48;
const PROOF_BYTES = 48;
/** EIP-7594 `CELLS_PER_EXT_BLOB`. */
const CELLS = 128;
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
  return ofBlob(CRYPTO_OPERATIONS.blob, blob, COMMITMENT_BYTES);
}

/**
 * The KZG proofs of a blob's 128 cells, 48 bytes each. Source: EIP-7594 `compute_cells_and_kzg_proofs`. The first call in a
 * process takes seconds, later ones some tenths. @throws NativeError as {@link commitmentOf}; Error for what is no blob.
 */
export function cellProofs(blob: Uint8Array): Uint8Array[] {
  const proofs = ofBlob(CRYPTO_OPERATIONS.cellProofs, blob, CELLS * PROOF_BYTES);
  if (proofs === undefined) throw new Error("what is no blob has no cells");
  return Array.from({ length: CELLS }, (_, cell) =>
    proofs.slice(cell * PROOF_BYTES, (cell + 1) * PROOF_BYTES),
  );
}

function ofBlob(operation: number, blob: Uint8Array, bytes: number): Uint8Array | undefined {
  const output = new Uint8Array(bytes);
  const answer = cryptoOperation(operation, blob, output);
  if (answer === CRYPTO_NOT_AVAILABLE) {
    throw new NativeError(
      "NATIVE_OLD",
      "the native addon was built before it had blobs, or their cells",
      "Run `npm run build:native`.",
    );
  }
  return answer === bytes ? output : undefined;
}

/** The versioned hash that a blob's own content leads to; undefined for what is no blob. @throws NativeError as {@link commitmentOf}. */
export function blobHash(blob: Uint8Array): Hash | undefined {
  const commitment = commitmentOf(blob);
  return commitment && versionedHash(commitment);
}
