import { bigIntToUnpaddedBytes, bytesToBigInt, equalsBytes, hexToBytes } from "../../base/bytes.ts";
import { encodeRlp, RlpReader } from "../../chain/codec/rlp.ts";
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
  return encodeRlp([
    bigIntToUnpaddedBytes(account.nonce),
    bigIntToUnpaddedBytes(account.balance),
    account.storageRoot,
    account.codeHash,
  ]);
}

/** @throws CodedError `STATE_NODE_CORRUPT`. */
export function decodeAccount(raw: Uint8Array): StoredAccount {
  try {
    const fields = new RlpReader(raw).list();
    const account = {
      nonce: bytesToBigInt(fields.bytes()),
      balance: bytesToBigInt(fields.bytes()),
      storageRoot: fields.bytes(),
      codeHash: fields.bytes(),
    };
    fields.finish();
    return account;
  } catch (cause) {
    throw executionError("STATE_NODE_CORRUPT", { message: "A stored account can't be decoded.", cause });
  }
}
