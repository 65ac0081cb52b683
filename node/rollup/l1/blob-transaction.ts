import type { PrivateKeyAccount } from "viem/accounts";
import { bytesToHex, hexToBytes } from "../../base/bytes.ts";
import { decodeRlp, encodeRlp } from "../../chain/codec/rlp.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import type { L1Fees } from "./fees.ts";

/** How L1's pool checks a blob: by one proof (EIP-4844), or from Osaka on by one for each of its 128 cells (EIP-7594). */
export type ProofForm = "blob" | "cells";

/** A blob with what L1's pool checks it by. */
export interface BlobSidecar {
  /** 131,072 bytes. */
  blob: Uint8Array;
  /** 48 bytes. */
  commitment: Uint8Array;
  form: ProofForm;
  /** 48 bytes each: one, or 128. */
  proofs: readonly Uint8Array[];
  /** Versioned hash: what the transaction itself holds. */
  hash: Hash;
}

export interface BlobTransaction {
  chainId: bigint;
  nonce: bigint;
  to: Address;
  gas: bigint;
  fees: L1Fees;
  /** All of one form. */
  sidecars: readonly BlobSidecar[];
}

const BLOB_TYPE = 3;
/** EIP-7594: of the form with cell proofs; the older one bears no number. */
const WRAPPER_VERSION = Uint8Array.of(1);

/**
 * Signs a transaction that carries blobs, in its two forms: `raw` with the blobs for L1's pool, and `canonical` without them,
 * whose hash is the transaction's.
 */
export async function signBlobTransaction(
  account: PrivateKeyAccount,
  { chainId, nonce, to, gas, fees, sidecars }: BlobTransaction,
): Promise<{ raw: Hex; canonical: Hex }> {
  const canonical = await account.signTransaction({
    type: "eip4844",
    chainId: Number(chainId),
    nonce: Number(nonce),
    to,
    gas,
    ...fees,
    blobVersionedHashes: sidecars.map(({ hash }) => hash),
    sidecars: false,
  });
  return { raw: bytesToHex(wrapped(hexToBytes(canonical), sidecars)), canonical };
}

/** A signed transaction with its blobs. Source: EIP-4844, EIP-7594 "Networking". */
function wrapped(canonical: Uint8Array, sidecars: readonly BlobSidecar[]): Uint8Array {
  const fields = decodeRlp(canonical.subarray(1));
  const version = sidecars.some(({ form }) => form === "cells") ? [WRAPPER_VERSION] : [];
  const blobs = sidecars.map(({ blob }) => blob);
  const commitments = sidecars.map(({ commitment }) => commitment);
  const proofs = sidecars.flatMap((sidecar) => sidecar.proofs);
  return encodeRlp([fields, ...version, blobs, commitments, proofs], BLOB_TYPE);
}
