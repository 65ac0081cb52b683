import { bigIntToUnpaddedBytes, bytesToBigInt, concatBytes } from "../../base/bytes.ts";
import { encodeRlp, RlpReader } from "../../chain/codec/rlp.ts";
import { executionError } from "../errors.ts";
import { isEmptyCode, NO_CODE, type StoredAccount } from "./account.ts";
import { EMPTY_TRIE, isEmptyTrie } from "./trie.ts";

const NOTHING = new Uint8Array(0);

/** An account as the flat table keeps it: RLP of nonce, balance, storage root and code hash, the last two empty where there is nothing. */
export function encodeFlatAccount({ nonce, balance, storageRoot, codeHash }: StoredAccount): Uint8Array {
  return encodeRlp([
    bigIntToUnpaddedBytes(nonce),
    bigIntToUnpaddedBytes(balance),
    isEmptyTrie(storageRoot) ? NOTHING : storageRoot,
    isEmptyCode(codeHash) ? NOTHING : codeHash,
  ]);
}

/** Inverse of {@link encodeFlatAccount}. @throws CodedError `STATE_NODE_CORRUPT`. */
export function decodeFlatAccount(raw: Uint8Array): StoredAccount {
  try {
    const fields = new RlpReader(raw).list();
    const nonce = bytesToBigInt(fields.bytes());
    const balance = bytesToBigInt(fields.bytes());
    const storageRoot = fields.bytes();
    const codeHash = fields.bytes();
    fields.finish();
    return {
      nonce,
      balance,
      storageRoot: storageRoot.length === 0 ? EMPTY_TRIE : storageRoot,
      codeHash: codeHash.length === 0 ? NO_CODE : codeHash,
    };
  } catch (cause) {
    throw executionError("STATE_NODE_CORRUPT", {
      message: "An account of the flat table can't be decoded.",
      fix: "Remove the flat table with `openledger db rebuild`, or derive the chain again into a new folder.",
      cause,
    });
  }
}

/** Key of a slot in the flat table, from the hashes of its address and of itself. */
export function flatSlotKey(addressHash: Uint8Array, slotHash: Uint8Array): Uint8Array {
  return concatBytes(addressHash, slotHash);
}
