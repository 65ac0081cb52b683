import { bigIntToUnpaddedBytes, concatBytes, hexToBytes } from "../../base/bytes.ts";
import { keccakHash } from "../crypto.ts";
import { fastLzLength } from "../rules/fastlz.ts";
import { daSizeEstimate } from "../rules/rollup-fees.ts";
import type { Address } from "../types/primitives.ts";
import type { SignedTransaction, TransactionFields } from "../types/transaction.ts";
import { encodeRlp, type RlpItem } from "./rlp.ts";

type UnsignedFields = Omit<TransactionFields, "yParity" | "v" | "r" | "s">;

const NONE = new Uint8Array(0);

function typedItems(fields: UnsignedFields): RlpItem[] {
  const lists: RlpItem[] = [
    fields.accessList.map(({ address, storageKeys }) => [
      hexToBytes(address),
      storageKeys.map((key) => hexToBytes(key)),
    ]),
  ];
  if (fields.type === 4) {
    const tuples = fields.authorizationList.map(({ chainId, address, nonce, yParity, r, s }) => [
      bigIntToUnpaddedBytes(chainId),
      hexToBytes(address),
      bigIntToUnpaddedBytes(nonce),
      bigIntToUnpaddedBytes(BigInt(yParity)),
      bigIntToUnpaddedBytes(r),
      bigIntToUnpaddedBytes(s),
    ]);
    lists.push(tuples);
  }
  return [
    bigIntToUnpaddedBytes(fields.chainId ?? 0n),
    bigIntToUnpaddedBytes(fields.nonce),
    bigIntToUnpaddedBytes(fields.maxPriorityFeePerGas),
    bigIntToUnpaddedBytes(fields.maxFeePerGas),
    ...messageItems(fields),
    ...lists,
  ];
}

function messageItems({ gasLimit, to, value, data }: UnsignedFields): RlpItem[] {
  return [
    bigIntToUnpaddedBytes(gasLimit),
    to === undefined ? NONE : hexToBytes(to),
    bigIntToUnpaddedBytes(value),
    data,
  ];
}

/** A transaction of type 0, 2 or 4 whose signature is zeros: what a simulated block holds. */
export function unsignedTransaction(from: Address, fields: UnsignedFields): SignedTransaction {
  const zeros = [NONE, NONE, NONE];
  const raw =
    fields.type === 0
      ? encodeRlp([
          bigIntToUnpaddedBytes(fields.nonce),
          bigIntToUnpaddedBytes(fields.maxFeePerGas),
          ...messageItems(fields),
          ...zeros,
        ])
      : concatBytes(Uint8Array.of(fields.type), encodeRlp([...typedItems(fields), ...zeros]));
  return {
    ...fields,
    kind: "signed",
    from,
    raw,
    hash: keccakHash(raw),
    yParity: 0,
    v: 0n,
    r: 0n,
    s: 0n,
    daSize: daSizeEstimate(fastLzLength(raw)),
  };
}
