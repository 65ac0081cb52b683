import { bytesToHex } from "../../base/bytes.ts";
import { encodeRlp } from "../../chain/codec/rlp.ts";
import { keccak256 } from "../../chain/crypto.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { StateWrite } from "../../store/types.ts";
import { encodeAccount, type StoredAccount } from "./account.ts";
import type { NodeStore } from "./node-store.ts";
import type { StateView } from "./state-view.ts";
import { EMPTY_TRIE, type TrieUpdate, updateTrie } from "./trie.ts";
import { codeKey } from "./types.ts";

/** What a block did to one account. */
export interface AccountChange {
  /** 20 bytes. */
  address: Uint8Array;
  /** Undefined: the account is gone. */
  account: Pick<StoredAccount, "nonce" | "balance" | "codeHash"> | undefined;
  /** Code that the state may not have yet. */
  code: Uint8Array | undefined;
  /** The account was destroyed or made anew: of its storage before the block nothing is left. */
  wiped: boolean;
  /** Slots of 32 bytes with their new values, without leading zeros; empty deletes. */
  slots: readonly { slot: Uint8Array; value: Uint8Array }[];
}

/** A new state over its parent, not stored yet. What is in it is between the executor and the store. */
export interface StateCommit {
  parentRoot: Hash;
  root: Hash;
  /** Trie nodes by hash and code by {@link codeKey}: all that the new root needs beyond the old one's. */
  writes: readonly StateWrite[];
  accounts: readonly CommittedAccount[];
}

/** A changed account as it stands in the new state. */
export interface CommittedAccount {
  change: AccountChange;
  stored: StoredAccount | undefined;
}

/** Puts a block's changes (each account once) into the tries: every changed node is hashed once. */
export function commitChanges(
  nodes: NodeStore,
  view: StateView,
  changes: readonly AccountChange[],
): StateCommit {
  const writes: StateWrite[] = [];
  const sink = (key: Uint8Array, value: Uint8Array) => writes.push({ key, value });
  const accounts = changes.map((change): CommittedAccount => {
    if (change.account === undefined) return { change, stored: undefined };
    const before = change.wiped ? EMPTY_TRIE : (view.account(change.address)?.storageRoot ?? EMPTY_TRIE);
    const storageRoot = updateTrie(nodes, before, change.slots.map(slotUpdate), sink);
    if (change.code !== undefined) writes.push({ key: codeKey(change.account.codeHash), value: change.code });
    return { change, stored: { ...change.account, storageRoot } };
  });
  const updates = accounts.map(({ change, stored }) => ({
    key: keccak256(change.address),
    value: stored && encodeAccount(stored),
  }));
  const root = updateTrie(nodes, view.root, updates, sink);
  return { parentRoot: bytesToHex(view.root), root: bytesToHex(root), writes, accounts };
}

function slotUpdate({ slot, value }: AccountChange["slots"][number]): TrieUpdate {
  return { key: keccak256(slot), value: value.length === 0 ? undefined : encodeRlp(value) };
}

/** The storage root of an account after the commit. */
export function storageRootAfter(commit: StateCommit, view: StateView, address: Uint8Array): Uint8Array {
  const changed = commit.accounts.find(({ change }) =>
    change.address.every((byte, i) => byte === address[i]),
  );
  const stored = changed === undefined ? view.account(address) : changed.stored;
  return stored?.storageRoot ?? EMPTY_TRIE;
}
