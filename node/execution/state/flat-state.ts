import { hexToBytes } from "../../base/bytes.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { StoredAccount } from "./account.ts";
import type { NodeStore } from "./node-store.ts";
import type { StateCommit } from "./state-commit.ts";
import { type StateView, TrieView } from "./state-view.ts";
import { EMPTY_TRIE } from "./trie.ts";

const DEFAULT_CAPACITY = 200_000;
const ZERO = new Uint8Array(0);

/** Bytes as a map key. */
export function textKey(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/**
 * Accounts and slots of the newest state by their plain keys, so that reading one walks no trie. It follows the commits: a
 * commit on another state than its own leaves only what that commit wrote. Any other root is read from the tries.
 */
export class FlatState {
  private readonly nodes: NodeStore;
  private readonly capacity: number;
  private root: Hash | undefined;
  private size = 0;
  private accounts = new Map<string, StoredAccount | undefined>();
  private slots = new Map<string, Map<string, Uint8Array>>();

  /** `capacity`: entries kept in memory; when it is full, all of them are dropped. */
  constructor(nodes: NodeStore, capacity = DEFAULT_CAPACITY) {
    this.nodes = nodes;
    this.capacity = capacity;
  }

  view(root: Hash): StateView {
    const trie = new TrieView(this.nodes, hexToBytes(root));
    this.root ??= root;
    return new FlatView(this, root, trie);
  }

  /** Follows a commit. */
  advance(commit: StateCommit): void {
    if (commit.parentRoot !== this.root) this.clear();
    this.root = commit.root;
    for (const { change, stored } of commit.accounts) {
      const key = textKey(change.address);
      this.accounts.set(key, stored);
      if (change.wiped || stored === undefined) this.slots.delete(key);
      const slots = this.slotsOf(key);
      for (const { slot, value } of change.slots) slots.set(textKey(slot), value);
      this.size += 1 + change.slots.length;
    }
    this.bound();
  }

  /** The account at `root`; kept if that is the state that this follows. */
  account(root: Hash, trie: TrieView, address: Uint8Array): StoredAccount | undefined {
    if (root !== this.root) return trie.account(address);
    const key = textKey(address);
    const known = this.accounts.get(key);
    if (known !== undefined || this.accounts.has(key)) return known;
    const account = trie.account(address);
    this.accounts.set(key, account);
    this.size++;
    this.bound();
    return account;
  }

  storage(root: Hash, trie: TrieView, address: Uint8Array, slot: Uint8Array): Uint8Array {
    const account = this.account(root, trie, address);
    if (account === undefined || account.storageRoot === EMPTY_TRIE) return ZERO;
    if (root !== this.root) return trie.slotAt(account.storageRoot, slot);
    const slots = this.slotsOf(textKey(address));
    const key = textKey(slot);
    const known = slots.get(key);
    if (known !== undefined) return known;
    const value = trie.slotAt(account.storageRoot, slot);
    slots.set(key, value);
    this.size++;
    this.bound();
    return value;
  }

  private slotsOf(key: string): Map<string, Uint8Array> {
    let slots = this.slots.get(key);
    if (slots === undefined) {
      slots = new Map();
      this.slots.set(key, slots);
    }
    return slots;
  }

  private bound(): void {
    if (this.size > this.capacity) this.clear();
  }

  private clear(): void {
    this.accounts = new Map();
    this.slots = new Map();
    this.size = 0;
  }
}

class FlatView implements StateView {
  readonly root: Uint8Array;
  private readonly flat: FlatState;
  private readonly hash: Hash;
  private readonly trie: TrieView;

  constructor(flat: FlatState, hash: Hash, trie: TrieView) {
    this.root = trie.root;
    this.flat = flat;
    this.hash = hash;
    this.trie = trie;
  }

  account(address: Uint8Array): StoredAccount | undefined {
    return this.flat.account(this.hash, this.trie, address);
  }

  storage(address: Uint8Array, slot: Uint8Array): Uint8Array {
    return this.flat.storage(this.hash, this.trie, address, slot);
  }

  code(codeHash: Uint8Array): Uint8Array {
    return this.trie.code(codeHash);
  }
}
