import type { PrivateKeyAccount } from "viem/accounts";
import { bytesToHex } from "../../base/bytes.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import type { L1Fees } from "./fees.ts";

/** A blob with what L1's pool checks it by (EIP-4844). */
export interface BlobSidecar {
  /** 131,072 bytes. */
  blob: Uint8Array;
  /** 48 bytes. */
  commitment: Uint8Array;
  /** 48 bytes. */
  proof: Uint8Array;
  /** Versioned hash: what the transaction itself holds. */
  hash: Hash;
}

export interface BlobTransaction {
  chainId: bigint;
  nonce: bigint;
  to: Address;
  gas: bigint;
  fees: L1Fees;
  sidecars: readonly BlobSidecar[];
}

/**
 * Signs a transaction that carries blobs, in its two forms: `raw` with the blobs for L1's pool, and `canonical` without them,
 * whose hash is the transaction's.
 */
export async function signBlobTransaction(
  account: PrivateKeyAccount,
  { chainId, nonce, to, gas, fees, sidecars }: BlobTransaction,
): Promise<{ raw: Hex; canonical: Hex }> {
  const transaction = {
    type: "eip4844",
    chainId: Number(chainId),
    nonce: Number(nonce),
    to,
    gas,
    ...fees,
    blobVersionedHashes: sidecars.map(({ hash }) => hash),
  } as const;
  const sealed = sidecars.map(({ blob, commitment, proof }) => ({
    blob: bytesToHex(blob),
    commitment: bytesToHex(commitment),
    proof: bytesToHex(proof),
  }));
  return {
    raw: await account.signTransaction({ ...transaction, sidecars: sealed }),
    canonical: await account.signTransaction({ ...transaction, sidecars: false }),
  };
}
