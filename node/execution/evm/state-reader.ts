import { bytesToBigInt, bytesToHex, hexToBytes, setLengthLeft } from "../../base/bytes.ts";
import { decodeRlp } from "../../chain/codec/rlp.ts";
import { keccak256 } from "../../chain/crypto.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { decodeAccount, NEW_ACCOUNT, NO_CODE, type StoredAccount } from "../state/account.ts";
import { NodeStore } from "../state/node-store.ts";
import { proveTrie, readTrie } from "../state/trie.ts";
import type { StateDatabase } from "../state/types.ts";
import type { AccountView, StateReader } from "./executor.ts";

function view(account: StoredAccount): AccountView {
  return {
    nonce: account.nonce,
    balance: account.balance,
    codeHash: bytesToHex(account.codeHash),
    storageRoot: bytesToHex(account.storageRoot),
  };
}

function storedValue(raw: Uint8Array | undefined): Uint8Array {
  return raw === undefined ? new Uint8Array(0) : (decodeRlp(raw) as Uint8Array);
}

/** Reads accounts, code, storage and proofs at any stored root; storage values are 32 bytes. */
export function createStateReader(database: StateDatabase): StateReader {
  const nodes = new NodeStore(database);
  const find = (root: Hash, address: Address): StoredAccount | undefined => {
    const raw = readTrie(nodes, hexToBytes(root), keccak256(hexToBytes(address)));
    return raw && decodeAccount(raw);
  };
  const slotValue = (account: StoredAccount, slot: Hash): Uint8Array =>
    storedValue(readTrie(nodes, account.storageRoot, keccak256(hexToBytes(slot))));
  return {
    async account(root, address) {
      const account = find(root, address);
      return account && view(account);
    },
    async code(root, address) {
      const account = find(root, address);
      if (account === undefined || bytesToHex(account.codeHash) === bytesToHex(NO_CODE))
        return new Uint8Array(0);
      return nodes.code(account.codeHash);
    },
    async storage(root, address, slot) {
      const account = find(root, address);
      return setLengthLeft(account === undefined ? new Uint8Array(0) : slotValue(account, slot), 32);
    },
    async proof(root, address, slots) {
      const account = find(root, address) ?? NEW_ACCOUNT;
      const encoded = (proof: Uint8Array[]) => proof.map((node) => bytesToHex(node));
      return {
        account: view(account),
        accountProof: encoded(proveTrie(nodes, hexToBytes(root), keccak256(hexToBytes(address)))),
        storageProof: slots.map((slot) => ({
          key: slot,
          value: bytesToBigInt(slotValue(account, slot)),
          proof: encoded(proveTrie(nodes, account.storageRoot, keccak256(hexToBytes(slot)))),
        })),
      };
    },
  };
}
