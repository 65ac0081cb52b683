import { recoverTypedDataAddress, type TypedDataDefinition } from "viem";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";

/** Largest content that nodes take, in bytes. */
export const MAX_UPLOAD_BYTES = 256 * 1024 * 1024;
/** How long a signature opens its upload, in seconds; one that is open goes on without it. */
export const UPLOAD_S = 3_600;

/** What the smallest content counts as, in bytes: it takes files, and a line of a list. */
export const LEAST_BYTES = 64 * 1024;
/** Room for each OPEN that an account has on the chain, in bytes. */
const BYTES_OF_OPEN = 256n * 1024n * 1024n;
const WEI_OF_OPEN = 10n ** 18n;

/** Bytes of contents which the chain does not name that an account with so many wei may have on each node. */
export function quotaOf(balance: bigint): number {
  const bytes = (balance * BYTES_OF_OPEN) / WEI_OF_OPEN;
  return Number(bytes < Number.MAX_SAFE_INTEGER ? bytes : Number.MAX_SAFE_INTEGER);
}

/** What an account may have on a node, and what of it is taken and does not give way; bytes. */
export interface UploadQuota {
  quota: number;
  held: number;
}

/** A content for which room is asked. */
export interface Upload {
  /** Of the whole content. */
  hash: Hash;
  /** Its bytes. */
  total: number;
  /** Seconds since 1970: from then on the signature opens nothing. */
  expires: number;
}

/** An upload that an account signed: what it takes counts against that account's quota. */
export interface UploadOrder extends Upload {
  sender: Address;
  signature: Hex;
}

/** Signs for an upload. */
export type SignUpload = (upload: Upload) => Promise<UploadOrder>;

/** Where an upload stands. */
export interface Standing {
  /** The node has the whole content: nothing is left to send, and nothing was charged for what was there already. */
  here: boolean;
  /** Everything from this byte on is here; the part before it is the next one. */
  from: number;
}

const UPLOAD_TYPES = {
  Upload: [
    { name: "hash", type: "bytes32" },
    { name: "total", type: "uint64" },
    { name: "expires", type: "uint64" },
  ],
} as const;

/** What the account signs (EIP-712): it holds for every node of the chain. */
export function uploadData(
  chainId: number,
  { hash, total, expires }: Upload,
): TypedDataDefinition<typeof UPLOAD_TYPES, "Upload"> {
  return {
    domain: { name: "OpenLedger contents", version: "1", chainId },
    types: UPLOAD_TYPES,
    primaryType: "Upload",
    message: { hash, total: BigInt(total), expires: BigInt(expires) },
  };
}

/** An account that signs EIP-712. */
interface TypedSigner {
  address: Address;
  signTypedData(data: TypedDataDefinition<typeof UPLOAD_TYPES, "Upload">): Promise<Hex>;
}

/** Uploads of an account on a chain. */
export function uploadsOf({ id }: { id: number }, account: TypedSigner): SignUpload {
  return async (upload) => ({
    ...upload,
    sender: account.address.toLowerCase() as Address,
    signature: await account.signTypedData(uploadData(id, upload)),
  });
}

/** Whether the sender's own key signed for it on that chain. */
export async function isSenders(chainId: number, order: UploadOrder): Promise<boolean> {
  const { sender, signature } = order;
  try {
    const found = await recoverTypedDataAddress({ ...uploadData(chainId, order), signature });
    return found.toLowerCase() === sender;
  } catch {
    // Bytes that no key could have signed.
    return false;
  }
}
