import { setImmediate as turn } from "node:timers/promises";
import { decodeRlp } from "../../chain/codec/rlp.ts";
import { decodeAccount, isEmptyCode, type StoredAccount } from "./account.ts";
import { encodeFlatAccount, flatSlotKey } from "./flat-record.ts";
import type { NodeStore } from "./node-store.ts";
import { isEmptyTrie } from "./trie.ts";
import { childrenOf, type Link, type TrieNode } from "./trie-node.ts";
import { codeKey } from "./types.ts";

/** Nodes between two turns of the event loop. */
const TURN = 512;
const KEY_NIBBLES = 64;

/** A leaf of a state's tries. */
export type StateEntry =
  | { kind: "account"; hash: Uint8Array; account: StoredAccount }
  | { kind: "slot"; addressHash: Uint8Array; hash: Uint8Array; value: Uint8Array };

/** What to do at each node by hash and each code; false: nothing below it has to be looked at. */
export interface StateVisitor {
  node(hash: Uint8Array): boolean;
  code?(codeKey: Uint8Array, account: StoredAccount): void;
}

const VISIT_ALL: StateVisitor = { node: () => true };

/**
 * Walks through a state's tries in the order of their keys; gives the event loop a turn now and then.
 * @throws CodedError `STATE_NODE_MISSING`, `STATE_NODE_CORRUPT`, `STATE_READ_FAILED`.
 */
export async function* walkState(
  nodes: NodeStore,
  root: Uint8Array,
  visitor = VISIT_ALL,
): AsyncGenerator<StateEntry> {
  for await (const { hash, value } of walkTrie(nodes, root, visitor)) {
    const account = decodeAccount(value);
    if (!isEmptyCode(account.codeHash)) visitor.code?.(codeKey(account.codeHash), account);
    yield { kind: "account", hash, account };
    for await (const slot of walkTrie(nodes, account.storageRoot, visitor)) {
      yield {
        kind: "slot",
        addressHash: hash,
        hash: slot.hash,
        value: decodeRlp(slot.value) as Uint8Array,
      };
    }
  }
}

/** A state's entries as the flat table keeps them. */
export async function* flatEntries(
  nodes: NodeStore,
  root: Uint8Array,
): AsyncGenerator<[Uint8Array, Uint8Array]> {
  for await (const entry of walkState(nodes, root)) {
    if (entry.kind === "account") yield [entry.hash, encodeFlatAccount(entry.account)];
    else yield [flatSlotKey(entry.addressHash, entry.hash), entry.value];
  }
}

interface Leaf {
  hash: Uint8Array;
  value: Uint8Array;
}

async function* walkTrie(nodes: NodeStore, root: Uint8Array, visitor: StateVisitor): AsyncGenerator<Leaf> {
  if (isEmptyTrie(root)) return;
  const pending: { link: Exclude<Link, undefined>; path: Uint8Array; depth: number }[] = [
    { link: root, path: new Uint8Array(KEY_NIBBLES), depth: 0 },
  ];
  let untilTurn = TURN;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { link, path, depth } = next;
    if (--untilTurn === 0) {
      untilTurn = TURN;
      await turn();
    }
    if (link instanceof Uint8Array && !visitor.node(link)) continue;
    const node: TrieNode = link instanceof Uint8Array ? nodes.load(link) : link;
    if (node.kind === "branch") {
      const children = childrenOf(node);
      // The last one put in is the next to come out.
      for (let nibble = children.length - 1; nibble >= 0; nibble--) {
        const child = children[nibble];
        if (child === undefined) continue;
        const below = path.slice();
        below[depth] = nibble;
        pending.push({ link: child, path: below, depth: depth + 1 });
      }
      continue;
    }
    path.set(node.path, depth);
    if (node.kind === "leaf") yield { hash: fromNibbles(path), value: node.value };
    else pending.push({ link: node.child, path, depth: depth + node.path.length });
  }
}

function fromNibbles(path: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(path.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = path[2 * i]! * 16 + path[2 * i + 1]!;
  return bytes;
}
