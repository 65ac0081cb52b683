import type { AccountFields, StateManagerInterface } from "@ethereumjs/common";
import { RLP } from "@ethereumjs/rlp";
import { OriginalStorageCache } from "@ethereumjs/statemanager";
import { Account, type Address, unpadBytes } from "@ethereumjs/util";
import { keccak256 } from "../../chain/crypto.ts";
import { decodeAccount, encodeAccount, NEW_ACCOUNT, NO_CODE, type StoredAccount } from "./account.ts";
import type { NodeStore } from "./node-store.ts";
import { EMPTY_TRIE, readTrie, type TrieUpdate, updateTrie } from "./trie.ts";
import { codeKey } from "./types.ts";

/** A key and value for the database. */
export interface StateWrite {
  key: Uint8Array;
  value: Uint8Array;
}

/** Storage of one account over its trie; `root` is what lies below the changes. */
interface Slots {
  /** The account's key in the state trie. */
  root: Uint8Array;
  /** Values read and written, without leading zeros; empty means zero. Keys are the slots as latin1 strings. */
  values: Map<string, Uint8Array>;
  /** Slots written since the last flush. */
  dirty: Set<string>;
}

interface AccountEntry {
  account: StoredAccount | undefined;
}

const ZERO = new Uint8Array(0);

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

function bytesOf(key: string): Uint8Array {
  return new Uint8Array(Buffer.from(key, "latin1"));
}

/**
 * The state that the EVM works on: reads fall through to the tries at one root, writes stay in memory with an undo log,
 * and {@link flush} makes the new root and its trie nodes in one pass.
 */
export class ChainState implements StateManagerInterface {
  readonly originalStorageCache: OriginalStorageCache;
  private readonly nodes: NodeStore;
  private root: Uint8Array;
  private accounts = new Map<string, AccountEntry>();
  private readonly dirty = new Set<string>();
  private slots = new Map<string, Slots>();
  private readonly codes = new Map<string, Uint8Array>();
  private readonly undo: (() => void)[] = [];
  private readonly marks: number[] = [];

  constructor(nodes: NodeStore, root: Uint8Array) {
    this.nodes = nodes;
    this.root = root;
    this.originalStorageCache = new OriginalStorageCache(this.getStorage.bind(this));
  }

  private read(key: string, bytes: Uint8Array): StoredAccount | undefined {
    const cached = this.accounts.get(key);
    if (cached !== undefined) return cached.account;
    const raw = readTrie(this.nodes, this.root, keccak256(bytes));
    const account = raw && decodeAccount(raw);
    this.accounts.set(key, { account });
    return account;
  }

  private write(key: string, account: StoredAccount | undefined): void {
    const before = this.accounts.get(key);
    const wasDirty = this.dirty.has(key);
    this.accounts.set(key, { account });
    this.dirty.add(key);
    this.undo.push(() => {
      if (before === undefined) this.accounts.delete(key);
      else this.accounts.set(key, before);
      if (!wasDirty) this.dirty.delete(key);
    });
  }

  async getAccount(address: Address): Promise<Account | undefined> {
    const stored = this.read(text(address.bytes), address.bytes);
    return stored && new Account(stored.nonce, stored.balance, stored.storageRoot, stored.codeHash);
  }

  async putAccount(address: Address, account?: Account): Promise<void> {
    if (account === undefined) return this.deleteAccount(address);
    const key = text(address.bytes);
    this.write(key, {
      nonce: account.nonce,
      balance: account.balance,
      storageRoot: account.storageRoot,
      codeHash: account.codeHash,
    });
  }

  async deleteAccount(address: Address): Promise<void> {
    const key = text(address.bytes);
    if (this.read(key, address.bytes) === undefined && !this.slots.has(key)) return;
    this.write(key, undefined);
    this.replaceSlots(key, { root: EMPTY_TRIE, values: new Map(), dirty: new Set() });
  }

  async modifyAccountFields(address: Address, fields: AccountFields): Promise<void> {
    const key = text(address.bytes);
    const stored = this.read(key, address.bytes) ?? NEW_ACCOUNT;
    this.write(key, {
      nonce: fields.nonce ?? stored.nonce,
      balance: fields.balance ?? stored.balance,
      storageRoot: fields.storageRoot ?? stored.storageRoot,
      codeHash: fields.codeHash ?? stored.codeHash,
    });
  }

  async putCode(address: Address, value: Uint8Array): Promise<void> {
    const codeHash = keccak256(value);
    this.codes.set(text(codeHash), value);
    await this.modifyAccountFields(address, { codeHash });
  }

  async getCode(address: Address): Promise<Uint8Array> {
    const stored = this.read(text(address.bytes), address.bytes);
    if (stored === undefined) return ZERO;
    const hash = text(stored.codeHash);
    if (hash === NO_CODE_TEXT) return ZERO;
    return this.codes.get(hash) ?? this.nodes.code(stored.codeHash);
  }

  async getCodeSize(address: Address): Promise<number> {
    return (await this.getCode(address)).length;
  }

  private slotsOf(key: string, address: Uint8Array): Slots {
    let slots = this.slots.get(key);
    if (slots === undefined) {
      const root = this.read(key, address)?.storageRoot ?? EMPTY_TRIE;
      slots = { root, values: new Map(), dirty: new Set() };
      this.slots.set(key, slots);
    }
    return slots;
  }

  private replaceSlots(key: string, slots: Slots): void {
    const before = this.slots.get(key);
    this.slots.set(key, slots);
    this.undo.push(() => {
      if (before === undefined) this.slots.delete(key);
      else this.slots.set(key, before);
    });
  }

  async getStorage(address: Address, slot: Uint8Array): Promise<Uint8Array> {
    const slots = this.slotsOf(text(address.bytes), address.bytes);
    const key = text(slot);
    const cached = slots.values.get(key);
    if (cached !== undefined) return cached;
    const raw = readTrie(this.nodes, slots.root, keccak256(slot));
    const value = raw === undefined ? ZERO : (RLP.decode(raw) as Uint8Array);
    slots.values.set(key, value);
    return value;
  }

  async putStorage(address: Address, slot: Uint8Array, value: Uint8Array): Promise<void> {
    const slots = this.slotsOf(text(address.bytes), address.bytes);
    const key = text(slot);
    const before = slots.values.get(key);
    const wasDirty = slots.dirty.has(key);
    slots.values.set(key, unpadBytes(value));
    slots.dirty.add(key);
    this.undo.push(() => {
      if (before === undefined) slots.values.delete(key);
      else slots.values.set(key, before);
      if (!wasDirty) slots.dirty.delete(key);
    });
  }

  async clearStorage(address: Address): Promise<void> {
    const key = text(address.bytes);
    this.replaceSlots(key, { root: EMPTY_TRIE, values: new Map(), dirty: new Set() });
    const stored = this.read(key, address.bytes);
    if (stored !== undefined) this.write(key, { ...stored, storageRoot: EMPTY_TRIE });
  }

  async checkpoint(): Promise<void> {
    this.marks.push(this.undo.length);
  }

  async commit(): Promise<void> {
    this.marks.pop();
    if (this.marks.length === 0) this.undo.length = 0;
  }

  async revert(): Promise<void> {
    const mark = this.marks.pop() ?? 0;
    while (this.undo.length > mark) this.undo.pop()!();
  }

  /** Marks the state outside of the EVM's own checkpoints; give the answer to {@link release} or {@link rollback}. */
  mark(): number {
    this.marks.push(this.undo.length);
    return this.marks.length - 1;
  }

  /** Keeps what was done since the mark. */
  release(mark: number): void {
    this.marks.length = mark;
    if (mark === 0) this.undo.length = 0;
  }

  /** Takes back everything since the mark, with whatever checkpoints an aborted execution left open. */
  rollback(mark: number): void {
    const length = this.marks[mark] ?? 0;
    while (this.undo.length > length) this.undo.pop()!();
    this.marks.length = mark;
    this.originalStorageCache.clear();
  }

  async getStateRoot(): Promise<Uint8Array> {
    return this.root;
  }

  async setStateRoot(root: Uint8Array): Promise<void> {
    this.root = root;
    this.clearCaches();
  }

  async hasStateRoot(root: Uint8Array): Promise<boolean> {
    return this.nodes.has(root);
  }

  clearCaches(): void {
    this.accounts.clear();
    this.dirty.clear();
    this.slots.clear();
    this.codes.clear();
    this.undo.length = 0;
    this.marks.length = 0;
    this.originalStorageCache.clear();
  }

  /** A state at the same flushed root, without the unflushed changes. */
  shallowCopy(): ChainState {
    return new ChainState(this.nodes, this.root);
  }

  private flushStorage(key: string, slots: Slots, writes: StateWrite[]): void {
    const entry = this.accounts.get(key);
    if (entry?.account === undefined) return;
    const updates: TrieUpdate[] = [...slots.dirty].map((slot) => {
      const value = slots.values.get(slot)!;
      return { key: keccak256(bytesOf(slot)), value: value.length === 0 ? undefined : RLP.encode(value) };
    });
    const root = updateTrie(this.nodes, slots.root, updates, (hash, value) =>
      writes.push({ key: hash, value }),
    );
    slots.root = root;
    slots.dirty.clear();
    if (text(entry.account.storageRoot) === text(root)) return;
    this.accounts.set(key, { account: { ...entry.account, storageRoot: root } });
    this.dirty.add(key);
  }

  /** The new state root, with all trie nodes and code that it needs beyond those of the old one. Ends all checkpoints. */
  flush(): { root: Uint8Array; writes: StateWrite[] } {
    const writes: StateWrite[] = [];
    for (const [key, slots] of this.slots) this.flushStorage(key, slots, writes);
    const updates: TrieUpdate[] = [...this.dirty].map((key) => {
      const account = this.accounts.get(key)?.account;
      return { key: keccak256(bytesOf(key)), value: account && encodeAccount(account) };
    });
    this.root = updateTrie(this.nodes, this.root, updates, (hash, value) =>
      writes.push({ key: hash, value }),
    );
    for (const [hash, code] of this.codes) writes.push({ key: codeKey(bytesOf(hash)), value: code });
    this.dirty.clear();
    this.codes.clear();
    this.undo.length = 0;
    this.marks.length = 0;
    return { root: this.root, writes };
  }

  /** Storage root as of the last {@link flush}. */
  storageRoot(address: Address): Uint8Array {
    return this.read(text(address.bytes), address.bytes)?.storageRoot ?? EMPTY_TRIE;
  }
}

const NO_CODE_TEXT = text(NO_CODE);
