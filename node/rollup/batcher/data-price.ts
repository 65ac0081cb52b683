import type { L1Prices } from "../l1/fees.ts";
import { BLOB_ROOM, type DataKind, MAX_BLOBS_PER_TRANSACTION } from "./channel-out.ts";

const TRANSACTION_GAS = 21_000n;
/** EIP-7623: ten gas a token, one token for a zero byte, four for another. What a batch has of other gas is always less. */
const TOKEN_GAS = 10n;
const TOKENS_PER_BYTE = 4n;
/** EIP-4844. */
const BLOB_GAS = 131_072n;

/** What `bytes` of compressed data cost on L1 at these prices, in wei; undefined where L1 has no such way. */
export function dataPrice(
  kind: DataKind,
  bytes: number,
  maxL1TxBytes: number,
  { baseFee, tip, blobBaseFee }: L1Prices,
): bigint | undefined {
  const perGas = baseFee + tip;
  if (kind === "calldata") {
    const transactions = BigInt(Math.ceil(bytes / maxL1TxBytes));
    return (transactions * TRANSACTION_GAS + BigInt(bytes) * TOKENS_PER_BYTE * TOKEN_GAS) * perGas;
  }
  if (blobBaseFee === undefined) return undefined;
  const blobs = Math.ceil(bytes / BLOB_ROOM);
  const transactions = BigInt(Math.ceil(blobs / MAX_BLOBS_PER_TRANSACTION));
  return transactions * TRANSACTION_GAS * perGas + BigInt(blobs) * BLOB_GAS * blobBaseFee;
}

/** The cheaper way; calldata where both cost the same or L1 has no blobs. */
export function cheaperKind(bytes: number, maxL1TxBytes: number, prices: L1Prices): DataKind {
  const blobs = dataPrice("blobs", bytes, maxL1TxBytes, prices);
  const calldata = dataPrice("calldata", bytes, maxL1TxBytes, prices);
  return blobs !== undefined && calldata !== undefined && blobs < calldata ? "blobs" : "calldata";
}
