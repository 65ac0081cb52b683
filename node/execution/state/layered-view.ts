import { keccak256 } from "../../chain/crypto.ts";
import { NEW_ACCOUNT, NO_CODE, type StoredAccount } from "./account.ts";
import { textKey } from "./flat-state.ts";
import type { AccountChange } from "./state-commit.ts";
import type { StateView } from "./state-view.ts";
import type { StoredCode } from "./stored-code.ts";
import { EMPTY_TRIE } from "./trie.ts";

const ZERO = new Uint8Array(0);

/** One account of the layer: what it is, and the slots that differ from the view below. */
interface Entry {
  address: Uint8Array;
  account: StoredAccount | undefined;
  /** The storage below counts no more. */
  wiped: boolean;
  slots: Map<string, { slot: Uint8Array; value: Uint8Array }>;
}

/** Changes over a state that stay in memory: reads see them, the state below does not. */
export class LayeredView implements StateView {
  private readonly below: StateView;
  private readonly entries = new Map<string, Entry>();
  private readonly codes = new Map<string, Uint8Array>();

  constructor(below: StateView) {
    this.below = below;
  }

  /** That of the state below: the changes have none. */
  get root(): Uint8Array {
    return this.below.root;
  }

  account(address: Uint8Array): StoredAccount | undefined {
    const entry = this.entries.get(textKey(address));
    return entry === undefined ? this.below.account(address) : entry.account;
  }

  storage(address: Uint8Array, slot: Uint8Array): Uint8Array {
    const entry = this.entries.get(textKey(address));
    if (entry === undefined) return this.below.storage(address, slot);
    const written = entry.slots.get(textKey(slot));
    if (written !== undefined) return written.value;
    return entry.wiped ? ZERO : this.below.storage(address, slot);
  }

  code(codeHash: Uint8Array): Uint8Array {
    return this.storedCode(codeHash).code;
  }

  storedCode(codeHash: Uint8Array): StoredCode {
    const code = this.codes.get(textKey(codeHash));
    return code === undefined ? this.below.storedCode(codeHash) : { code };
  }

  /** Sets fields of an account, which is there from then on. */
  setAccount(address: Uint8Array, fields: Partial<Pick<StoredAccount, "nonce" | "balance">>): void {
    const entry = this.entry(address);
    entry.account = { ...(entry.account ?? NEW_ACCOUNT), ...fields };
  }

  setCode(address: Uint8Array, code: Uint8Array): void {
    const entry = this.entry(address);
    const codeHash = code.length === 0 ? NO_CODE : keccak256(code);
    if (code.length > 0) this.codes.set(textKey(codeHash), code);
    entry.account = { ...(entry.account ?? NEW_ACCOUNT), codeHash };
  }

  /** `value` without leading zeros. */
  setStorage(address: Uint8Array, slot: Uint8Array, value: Uint8Array): void {
    const entry = this.entry(address);
    entry.account ??= NEW_ACCOUNT;
    entry.slots.set(textKey(slot), { slot, value });
  }

  /** Empties an account's storage. */
  clearStorage(address: Uint8Array): void {
    const entry = this.entry(address);
    entry.account = { ...(entry.account ?? NEW_ACCOUNT), storageRoot: EMPTY_TRIE };
    entry.wiped = true;
    entry.slots.clear();
  }

  /** Takes in what a block has changed on this state. */
  apply(changes: readonly AccountChange[]): void {
    for (const { address, account, code, wiped, slots } of changes) {
      const entry = this.entry(address);
      if (wiped || account === undefined) {
        entry.wiped = true;
        entry.slots.clear();
      }
      const storageRoot = entry.wiped ? EMPTY_TRIE : (entry.account?.storageRoot ?? EMPTY_TRIE);
      entry.account = account && { ...account, storageRoot };
      if (code !== undefined && account !== undefined) this.codes.set(textKey(account.codeHash), code);
      for (const { slot, value } of slots) entry.slots.set(textKey(slot), { slot, value });
    }
  }

  /** All that differs from the state below. */
  changes(): AccountChange[] {
    return [...this.entries.values()].map(({ address, account, wiped, slots }) => ({
      address,
      account,
      code: account && this.codes.get(textKey(account.codeHash)),
      wiped,
      slots: account === undefined ? [] : [...slots.values()],
    }));
  }

  private entry(address: Uint8Array): Entry {
    const key = textKey(address);
    const known = this.entries.get(key);
    if (known !== undefined) return known;
    const made: Entry = { address, account: this.below.account(address), wiped: false, slots: new Map() };
    this.entries.set(key, made);
    return made;
  }
}
