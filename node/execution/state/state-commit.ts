import { bytesToHex } from "../../base/bytes.ts";
import { encodeRlp } from "../../chain/codec/rlp.ts";
import { keccak256 } from "../../chain/crypto.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { FlatChange, FlatDiff, StateWrite } from "../../store/types.ts";
import { encodeAccount, type StoredAccount } from "./account.ts";
import { encodeFlatAccount, flatSlotKey } from "./flat-record.ts";
import type { NodeStore } from "./node-store.ts";
import type { StateView } from "./state-view.ts";
import { codeWrite } from "./stored-code.ts";
import { EMPTY_TRIE, isEmptyTrie, type TrieUpdate, updateTrie } from "./trie.ts";

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
  /** Trie nodes by hash and code as {@link codeWrite} has it: all that the new root needs beyond the old one's. */
  writes: readonly StateWrite[];
  accounts: readonly CommittedAccount[];
  /** The same for the flat table. */
  flat: FlatDiff;
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
  const flat: { changes: FlatChange[]; wiped: Uint8Array[] } = { changes: [], wiped: [] };
  const updates: TrieUpdate[] = [];
  const accounts = changes.map((change): CommittedAccount => {
    const key = keccak256(change.address);
    const before = view.account(change.address);
    const hadSlots = before !== undefined && !isEmptyTrie(before.storageRoot);
    const isWiped = change.wiped || change.account === undefined;
    if (isWiped && hadSlots) flat.wiped.push(key);
    let stored: StoredAccount | undefined;
    if (change.account !== undefined) {
      const slots = change.slots.map(({ slot, value }) => ({ key: keccak256(slot), slot, value }));
      const oldRoot = isWiped || before === undefined ? EMPTY_TRIE : before.storageRoot;
      const storageRoot = updateTrie(nodes, oldRoot, slots.map(slotUpdate), sink);
      stored = { ...change.account, storageRoot };
      if (change.code !== undefined) writes.push(codeWrite(stored.codeHash, change.code));
      for (const { key: slotHash, slot, value } of slots) {
        const old = isWiped || !hadSlots ? ZERO : view.storage(change.address, slot);
        flat.changes.push({ key: flatSlotKey(key, slotHash), before: orNone(old), after: orNone(value) });
      }
    }
    flat.changes.push({
      key,
      before: before && encodeFlatAccount(before),
      after: stored && encodeFlatAccount(stored),
    });
    updates.push({ key, value: stored && encodeAccount(stored) });
    return { change, stored };
  });
  const root = bytesToHex(updateTrie(nodes, view.root, updates, sink));
  const parentRoot = bytesToHex(view.root);
  return { parentRoot, root, writes, accounts, flat: { parentRoot, root, ...flat } };
}

const ZERO = new Uint8Array(0);

function orNone(value: Uint8Array): Uint8Array | undefined {
  return value.length === 0 ? undefined : value;
}

function slotUpdate({ key, value }: { key: Uint8Array; value: Uint8Array }): TrieUpdate {
  return { key, value: value.length === 0 ? undefined : encodeRlp(value) };
}

/** The storage root of an account after the commit. */
export function storageRootAfter(commit: StateCommit, view: StateView, address: Uint8Array): Uint8Array {
  const changed = commit.accounts.find(({ change }) =>
    change.address.every((byte, i) => byte === address[i]),
  );
  const stored = changed === undefined ? view.account(address) : changed.stored;
  return stored?.storageRoot ?? EMPTY_TRIE;
}
