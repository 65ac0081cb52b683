import { hexToBytes } from "../../base/bytes.ts";
import { keccak256 } from "../../chain/crypto.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { FlatReader } from "../../store/flat-table.ts";
import type { StoredAccount } from "./account.ts";
import { decodeFlatAccount, flatSlotKey } from "./flat-record.ts";
import type { NodeStore } from "./node-store.ts";
import type { StateCommit } from "./state-commit.ts";
import { type StateView, TrieView } from "./state-view.ts";
import type { StoredCode } from "./stored-code.ts";
import { isEmptyTrie } from "./trie.ts";

const DEFAULT_CAPACITY = 200_000;
/** States that are remembered at once: the head, and what is asked or built beside it. */
const MAX_LAYERS = 4;
const ZERO = new Uint8Array(0);

/** Bytes as a map key. */
export function textKey(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** What is remembered of an account. */
interface KnownAccount {
  hash: Uint8Array;
  account: StoredAccount | undefined;
  slots: Map<string, Uint8Array>;
}

/** Accounts and slots of one state by their plain keys. */
class Layer {
  accounts = new Map<string, KnownAccount>();
  size = 0;

  clear(): void {
    this.accounts = new Map();
    this.size = 0;
  }
}

/**
 * Accounts and slots without a walk through the tries: from memory, else from the flat table on disk, where that holds the
 * state in question, else from the tries. A commit carries what is remembered of its parent over to its own state.
 */
export class FlatState {
  private readonly nodes: NodeStore;
  private readonly table: FlatReader | undefined;
  private readonly capacity: number;
  /** By root; the one used longest ago first. */
  private readonly layers = new Map<Hash, Layer>();

  /** `capacity`: entries kept in memory for a state; when it is full, all of them are dropped. */
  constructor(nodes: NodeStore, table?: FlatReader, capacity = DEFAULT_CAPACITY) {
    this.nodes = nodes;
    this.table = table;
    this.capacity = capacity;
  }

  view(root: Hash): StateView {
    return new FlatView(this, root, new TrieView(this.nodes, hexToBytes(root)));
  }

  /** Follows a commit. */
  advance({ parentRoot, root, accounts }: StateCommit): void {
    const layer = this.layer(parentRoot);
    this.layers.delete(parentRoot);
    this.layers.set(root, layer);
    for (const { change, stored } of accounts) {
      const key = textKey(change.address);
      const before = layer.accounts.get(key);
      const isKept = before !== undefined && stored !== undefined && !change.wiped;
      const slots: KnownAccount["slots"] = isKept ? before.slots : new Map();
      for (const { slot, value } of change.slots) slots.set(textKey(slot), value);
      layer.accounts.set(key, { hash: before?.hash ?? keccak256(change.address), account: stored, slots });
      layer.size += 1 + change.slots.length;
    }
    this.bound(layer);
  }

  /** The account at `root`. */
  account(root: Hash, trie: TrieView, address: Uint8Array): StoredAccount | undefined {
    return this.known(this.layer(root), root, trie, address).account;
  }

  storage(root: Hash, trie: TrieView, address: Uint8Array, slot: Uint8Array): Uint8Array {
    const layer = this.layer(root);
    const { hash, account, slots } = this.known(layer, root, trie, address);
    if (account === undefined || isEmptyTrie(account.storageRoot)) return ZERO;
    const key = textKey(slot);
    const remembered = slots.get(key);
    if (remembered !== undefined) return remembered;
    const value = this.readSlot(root, trie, hash, account, keccak256(slot));
    slots.set(key, value);
    layer.size++;
    this.bound(layer);
    return value;
  }

  private known(layer: Layer, root: Hash, trie: TrieView, address: Uint8Array): KnownAccount {
    const key = textKey(address);
    const remembered = layer.accounts.get(key);
    if (remembered !== undefined) return remembered;
    const hash = keccak256(address);
    const read = { hash, account: this.readAccount(root, trie, hash), slots: new Map() };
    layer.accounts.set(key, read);
    layer.size++;
    this.bound(layer);
    return read;
  }

  private readAccount(root: Hash, trie: TrieView, hash: Uint8Array): StoredAccount | undefined {
    const version = this.table?.version(root);
    if (this.table === undefined || version === undefined) return trie.accountAt(hash);
    const raw = this.table.get(hash);
    if (this.table.version(root) !== version) return trie.accountAt(hash);
    return raw && decodeFlatAccount(raw);
  }

  private readSlot(
    root: Hash,
    trie: TrieView,
    hash: Uint8Array,
    { storageRoot }: StoredAccount,
    slotHash: Uint8Array,
  ): Uint8Array {
    const version = this.table?.version(root);
    if (this.table === undefined || version === undefined) return trie.slotAt(storageRoot, slotHash);
    const value = this.table.get(flatSlotKey(hash, slotHash));
    return this.table.version(root) === version ? (value ?? ZERO) : trie.slotAt(storageRoot, slotHash);
  }

  private layer(root: Hash): Layer {
    const layer = this.layers.get(root) ?? new Layer();
    this.layers.delete(root);
    this.layers.set(root, layer);
    if (this.layers.size > MAX_LAYERS) {
      const [oldest] = this.layers.keys();
      if (oldest !== undefined) this.layers.delete(oldest);
    }
    return layer;
  }

  private bound(layer: Layer): void {
    if (layer.size > this.capacity) layer.clear();
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

  storedCode(codeHash: Uint8Array): StoredCode {
    return this.trie.storedCode(codeHash);
  }
}
