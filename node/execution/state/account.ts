import { RLP } from "@ethereumjs/rlp";
import { bigIntToUnpaddedBytes, bytesToBigInt, equalsBytes, hexToBytes } from "@ethereumjs/util";
import { EMPTY_CODE_HASH } from "../../chain/constants.ts";
import { executionError } from "../errors.ts";
import { EMPTY_TRIE } from "./trie.ts";

export const NO_CODE = hexToBytes(EMPTY_CODE_HASH);

/** True for the hash of no code. */
export function isEmptyCode(codeHash: Uint8Array): boolean {
  return equalsBytes(codeHash, NO_CODE);
}

/** An account as the trie keeps it. */
export interface StoredAccount {
  nonce: bigint;
  /** Wei. */
  balance: bigint;
  storageRoot: Uint8Array;
  codeHash: Uint8Array;
}

export const NEW_ACCOUNT: StoredAccount = {
  nonce: 0n,
  balance: 0n,
  storageRoot: EMPTY_TRIE,
  codeHash: NO_CODE,
};

export function encodeAccount(account: StoredAccount): Uint8Array {
  return RLP.encode([
    bigIntToUnpaddedBytes(account.nonce),
    bigIntToUnpaddedBytes(account.balance),
    account.storageRoot,
    account.codeHash,
  ]);
}

/** @throws CodedError `STATE_NODE_CORRUPT`. */
export function decodeAccount(raw: Uint8Array): StoredAccount {
  const fields = RLP.decode(raw);
  if (
    !Array.isArray(fields) ||
    fields.length !== 4 ||
    !fields.every((field) => field instanceof Uint8Array)
  ) {
    throw executionError("STATE_NODE_CORRUPT", { message: "A stored account can't be decoded." });
  }
  const [nonce, balance, storageRoot, codeHash] = fields as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  return { nonce: bytesToBigInt(nonce), balance: bytesToBigInt(balance), storageRoot, codeHash };
}
