import type { AccountFields, StateManagerInterface } from "@ethereumjs/common";
import { OriginalStorageCache } from "@ethereumjs/statemanager";
import { Account, type Address, equalsBytes, unpadBytes } from "@ethereumjs/util";
import { keccak256 } from "../../../chain/crypto.ts";
import { NEW_ACCOUNT, NO_CODE, type StoredAccount } from "../../state/account.ts";
import type { AccountChange } from "../../state/state-commit.ts";
import type { StateView } from "../../state/state-view.ts";
import { EMPTY_TRIE } from "../../state/trie.ts";

/** Storage of one account over what the view has. */
interface Slots {
  /** The account was made anew or destroyed: nothing lies below the changes. */
  wiped: boolean;
  /** Values read and written, without leading zeros; empty means zero. Keys are the slots as latin1 strings. */
  values: Map<string, Uint8Array>;
  /** Slots written since the view. */
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
 * The state that the EVM works on: reads fall through to the view of one root, writes stay in memory with an undo log,
 * and {@link changes} gives what is new.
 */
export class ChainState implements StateManagerInterface {
  readonly originalStorageCache: OriginalStorageCache;
  private readonly view: StateView;
  private accounts = new Map<string, AccountEntry>();
  private readonly dirty = new Set<string>();
  private slots = new Map<string, Slots>();
  private readonly codes = new Map<string, Uint8Array>();
  private readonly undo: (() => void)[] = [];
  private readonly marks: number[] = [];

  constructor(view: StateView) {
    this.view = view;
    this.originalStorageCache = new OriginalStorageCache(this.getStorage.bind(this));
  }

  private read(key: string, bytes: Uint8Array): StoredAccount | undefined {
    const cached = this.accounts.get(key);
    if (cached !== undefined) return cached.account;
    const account = this.view.account(bytes);
    this.accounts.set(key, { account });
    return account;
  }

  /** An account as it is now. */
  account(address: Uint8Array): StoredAccount | undefined {
    return this.read(text(address), address);
  }

  /** The state as it is now, which later changes leave alone. */
  snapshot(): ChainState {
    const copy = new ChainState(this.view);
    copy.accounts = new Map(this.accounts);
    for (const [hash, code] of this.codes) copy.codes.set(hash, code);
    copy.slots = new Map(
      [...this.slots].map(([key, { wiped, values, dirty }]) => [
        key,
        { wiped, values: new Map(values), dirty: new Set(dirty) },
      ]),
    );
    return copy;
  }

  /** Code by its hash, also what was put here. @throws CodedError `STATE_CODE_MISSING`. */
  code(codeHash: Uint8Array): Uint8Array {
    return this.codes.get(text(codeHash)) ?? this.view.code(codeHash);
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
    this.replaceSlots(key, { wiped: true, values: new Map(), dirty: new Set() });
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
    return text(stored.codeHash) === NO_CODE_TEXT ? ZERO : this.code(stored.codeHash);
  }

  async getCodeSize(address: Address): Promise<number> {
    return (await this.getCode(address)).length;
  }

  private slotsOf(key: string): Slots {
    let slots = this.slots.get(key);
    if (slots === undefined) {
      slots = { wiped: false, values: new Map(), dirty: new Set() };
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
    return this.storage(address.bytes, slot);
  }

  /** A slot's value without leading zeros. */
  storage(address: Uint8Array, slot: Uint8Array): Uint8Array {
    const slots = this.slotsOf(text(address));
    const key = text(slot);
    const cached = slots.values.get(key);
    if (cached !== undefined) return cached;
    const value = slots.wiped ? ZERO : this.view.storage(address, slot);
    slots.values.set(key, value);
    return value;
  }

  async putStorage(address: Address, slot: Uint8Array, value: Uint8Array): Promise<void> {
    const slots = this.slotsOf(text(address.bytes));
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
    this.replaceSlots(key, { wiped: true, values: new Map(), dirty: new Set() });
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
    return this.view.root;
  }

  async setStateRoot(): Promise<void> {
    throw new Error("the state stays at the root of its view");
  }

  async hasStateRoot(root: Uint8Array): Promise<boolean> {
    return equalsBytes(root, this.view.root);
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

  /** A state on the same view, without the changes. */
  shallowCopy(): ChainState {
    return new ChainState(this.view);
  }

  /** What changed since the view, in no particular order. Ends all checkpoints. */
  changes(): AccountChange[] {
    const keys = new Set(this.dirty);
    for (const [key, slots] of this.slots) if (slots.dirty.size > 0) keys.add(key);
    this.undo.length = 0;
    this.marks.length = 0;
    return [...keys].map((key) => this.changeOf(key, bytesOf(key)));
  }

  private changeOf(key: string, address: Uint8Array): AccountChange {
    const account = this.read(key, address);
    const slots = account === undefined ? undefined : this.slots.get(key);
    return {
      address,
      account,
      code: account && this.codes.get(text(account.codeHash)),
      wiped: this.slots.get(key)?.wiped ?? false,
      slots: [...(slots?.dirty ?? [])].map((slot) => ({
        slot: bytesOf(slot),
        value: slots!.values.get(slot)!,
      })),
    };
  }
}

const NO_CODE_TEXT = text(NO_CODE);
