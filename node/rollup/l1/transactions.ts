import { z } from "zod";
import { bigIntToUnpaddedBytes, hexToBytes } from "../../base/bytes.ts";
import { encodeRlp, type RlpItem } from "../../chain/codec/rlp.ts";
import { keccak256, recoverSender } from "../../chain/crypto.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { address, data, hash, quantity } from "./fields.ts";

const LEGACY = 0;
const ACCESS_LIST = 1;
const FEE_MARKET = 2;
const BLOB = 3;
const SET_CODE = 4;

const accessList = z.array(z.object({ address, storageKeys: z.array(hash) }));
const authorization = z.object({
  chainId: quantity,
  address,
  nonce: quantity,
  yParity: quantity.optional(),
  v: quantity.optional(),
  r: quantity,
  s: quantity,
});

/** A signed L1 transaction as JSON-RPC gives it, with all that its encoding needs. */
export const signedTransaction = z.object({
  hash,
  type: quantity.default(0n),
  chainId: quantity.nullish(),
  nonce: quantity,
  gasPrice: quantity.nullish(),
  maxFeePerGas: quantity.nullish(),
  maxPriorityFeePerGas: quantity.nullish(),
  gas: quantity,
  from: address,
  to: address.nullish(),
  value: quantity,
  input: data,
  accessList: accessList.nullish(),
  maxFeePerBlobGas: quantity.nullish(),
  blobVersionedHashes: z.array(hash).nullish(),
  authorizationList: z.array(authorization).nullish(),
  v: quantity.optional(),
  yParity: quantity.optional(),
  r: quantity,
  s: quantity,
  // An anvil's blob transactions come with what they carried.
  blobs: z.array(data).optional(),
  commitments: z.array(data).optional(),
  proofs: z.array(data).optional(),
});

export type SignedL1Transaction = z.output<typeof signedTransaction>;

const uint = (value: bigint | null | undefined) => bigIntToUnpaddedBytes(value ?? 0n);
const parity = (tx: { yParity?: bigint | undefined; v?: bigint | undefined }) => uint(tx.yParity ?? tx.v);

/** The fields before the signature; undefined for a type that this node does not know. */
function unsignedFields(tx: SignedL1Transaction): RlpItem[] | undefined {
  const to = tx.to == null ? new Uint8Array(0) : hexToBytes(tx.to);
  const rest = [uint(tx.gas), to, uint(tx.value), tx.input];
  const type = Number(tx.type);
  if (type === LEGACY) return [uint(tx.nonce), uint(tx.gasPrice), ...rest];
  const lists = [
    (tx.accessList ?? []).map((entry) => [
      hexToBytes(entry.address),
      entry.storageKeys.map((key) => hexToBytes(key)),
    ]),
  ];
  if (type === ACCESS_LIST) return [uint(tx.chainId), uint(tx.nonce), uint(tx.gasPrice), ...rest, ...lists];
  const fees = [uint(tx.chainId), uint(tx.nonce), uint(tx.maxPriorityFeePerGas), uint(tx.maxFeePerGas)];
  if (type === FEE_MARKET) return [...fees, ...rest, ...lists];
  if (type === BLOB) {
    const hashes = (tx.blobVersionedHashes ?? []).map((blobHash) => hexToBytes(blobHash));
    return [...fees, ...rest, ...lists, uint(tx.maxFeePerBlobGas), hashes];
  }
  if (type !== SET_CODE) return undefined;
  const authorizations = (tx.authorizationList ?? []).map((each) => [
    uint(each.chainId),
    hexToBytes(each.address),
    uint(each.nonce),
    parity(each),
    uint(each.r),
    uint(each.s),
  ]);
  return [...fees, ...rest, ...lists, authorizations];
}

/** What a transaction's fields encode to. */
export interface EncodedL1Transaction {
  /** EIP-2718 envelope: its keccak is the hash, and L1's transactions root is over it. */
  raw: Uint8Array;
  /** With blobs, commitments and proofs, where they came with it: an anvil's transactions root is over this. */
  network: Uint8Array;
}

/** Undefined for a type that this node does not know. */
export function encodeL1Transaction(tx: SignedL1Transaction): EncodedL1Transaction | undefined {
  const unsigned = unsignedFields(tx);
  if (unsigned === undefined) return undefined;
  const type = Number(tx.type);
  const signature = [type === LEGACY ? uint(tx.v) : parity(tx), uint(tx.r), uint(tx.s)];
  const fields = [...unsigned, ...signature];
  const prefix = type === LEGACY ? undefined : type;
  const raw = encodeRlp(fields, prefix);
  const { blobs, commitments, proofs } = tx;
  const network =
    type === BLOB && blobs && commitments && proofs
      ? encodeRlp([fields, blobs, commitments, proofs], prefix)
      : raw;
  return { raw, network };
}

/** Who signed it; undefined for a signature of nobody. Legacy ones without a chain id count, as for op-node. */
export function signerOf(tx: SignedL1Transaction): Address | undefined {
  const unsigned = unsignedFields(tx);
  if (unsigned === undefined) return undefined;
  const type = Number(tx.type);
  const v = tx.v ?? 0n;
  const isProtected = type === LEGACY && v >= 35n;
  const message = isProtected ? [...unsigned, uint((v - 35n) / 2n), uint(0n), uint(0n)] : unsigned;
  const bit = type !== LEGACY ? (tx.yParity ?? v) : isProtected ? (v - 35n) % 2n : v - 27n;
  if (bit !== 0n && bit !== 1n) return undefined;
  const digest = keccak256(encodeRlp(message, type === LEGACY ? undefined : type));
  return recoverSender({ digest, r: word(tx.r), s: word(tx.s), yParity: Number(bit) as 0 | 1 });
}

function word(value: bigint): Uint8Array {
  return hexToBytes(`0x${value.toString(16).padStart(64, "0")}`);
}
