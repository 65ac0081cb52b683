import { decodeRlp } from "../../chain/codec/rlp.ts";
import { keccak256 } from "../../chain/crypto.ts";
import { decodeAccount, type StoredAccount } from "./account.ts";
import type { NodeStore } from "./node-store.ts";
import type { StoredCode } from "./stored-code.ts";
import { readTrie } from "./trie.ts";

/** The state at one root, read synchronously. Addresses have 20 bytes, slots 32. */
export interface StateView {
  readonly root: Uint8Array;
  account(address: Uint8Array): StoredAccount | undefined;
  /** A slot's value without leading zeros; empty means zero. */
  storage(address: Uint8Array, slot: Uint8Array): Uint8Array;
  /** @throws CodedError `STATE_CODE_MISSING`. */
  code(codeHash: Uint8Array): Uint8Array;
  /** The same, ready for the EVM where it is stored so. */
  storedCode(codeHash: Uint8Array): StoredCode;
}

const ZERO = new Uint8Array(0);

/** Reads straight from the tries. @throws CodedError `STATE_NODE_MISSING`, `STATE_NODE_CORRUPT` from its reads. */
export class TrieView implements StateView {
  readonly root: Uint8Array;
  private readonly nodes: NodeStore;

  constructor(nodes: NodeStore, root: Uint8Array) {
    this.nodes = nodes;
    this.root = root;
  }

  account(address: Uint8Array): StoredAccount | undefined {
    return this.accountAt(keccak256(address));
  }

  /** By the hash of its address. */
  accountAt(addressHash: Uint8Array): StoredAccount | undefined {
    const raw = readTrie(this.nodes, this.root, addressHash);
    return raw && decodeAccount(raw);
  }

  storage(address: Uint8Array, slot: Uint8Array): Uint8Array {
    const account = this.account(address);
    return account === undefined ? ZERO : this.slotAt(account.storageRoot, keccak256(slot));
  }

  /** A slot of the storage trie with this root, by the slot's hash. */
  slotAt(storageRoot: Uint8Array, slotHash: Uint8Array): Uint8Array {
    const raw = readTrie(this.nodes, storageRoot, slotHash);
    return raw === undefined ? ZERO : (decodeRlp(raw) as Uint8Array);
  }

  code(codeHash: Uint8Array): Uint8Array {
    return this.nodes.code(codeHash);
  }

  storedCode(codeHash: Uint8Array): StoredCode {
    return this.nodes.storedCode(codeHash);
  }
}
