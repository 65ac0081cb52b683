import { type NestedUint8Array, RLP } from "@ethereumjs/rlp";
import { bytesToHex, equalsBytes } from "@ethereumjs/util";
import { encodeReceipt } from "./codec/receipt.ts";
import { keccak256 } from "./crypto.ts";
import type { ChainTransaction, Receipt } from "./types/block.ts";
import type { Hash } from "./types/primitives.ts";

/** One leaf: its key as nibbles. */
interface Leaf {
  path: Uint8Array;
  value: Uint8Array;
}

type TrieNode = Uint8Array | NestedUint8Array;

function nibbles(key: Uint8Array): Uint8Array {
  const path = new Uint8Array(key.length * 2);
  for (let i = 0; i < key.length; i++) {
    path[2 * i] = key[i]! >> 4;
    path[2 * i + 1] = key[i]! & 15;
  }
  return path;
}

/** Hex-prefix encoding. Source: Yellow Paper, appendix C. */
function compact(path: Uint8Array, isLeaf: boolean): Uint8Array {
  const odd = path.length % 2;
  const out = new Uint8Array(1 + (path.length >> 1));
  out[0] = ((isLeaf ? 2 : 0) + odd) << 4;
  if (odd) out[0] |= path[0]!;
  for (let i = odd; i < path.length; i += 2) out[1 + (i >> 1)] = (path[i]! << 4) | path[i + 1]!;
  return out;
}

/** How a parent refers to a node: inline below 32 bytes, by hash otherwise. */
function reference(node: NestedUint8Array): TrieNode {
  const encoded = RLP.encode(node);
  return encoded.length < 32 ? node : keccak256(encoded);
}

/** First leaf in [from, to) whose nibble at `depth` is larger than `nibble`. */
function partition(leaves: readonly Leaf[], from: number, to: number, depth: number, nibble: number): number {
  let end = from;
  while (end < to && leaves[end]!.path[depth] === nibble) end++;
  return end;
}

function build(leaves: readonly Leaf[], from: number, to: number, depth: number): NestedUint8Array {
  const first = leaves[from]!;
  if (to - from === 1) return [compact(first.path.subarray(depth), true), first.value];
  const last = leaves[to - 1]!;
  let shared = depth;
  while (shared < first.path.length && first.path[shared] === last.path[shared]) shared++;
  if (shared > depth) {
    return [compact(first.path.subarray(depth, shared), false), reference(build(leaves, from, to, shared))];
  }
  const children: TrieNode[] = [];
  let at = first.path.length === depth ? from + 1 : from;
  for (let nibble = 0; nibble < 16; nibble++) {
    const end = partition(leaves, at, to, depth, nibble);
    children.push(end === at ? new Uint8Array(0) : reference(build(leaves, at, end, depth + 1)));
    at = end;
  }
  children.push(first.path.length === depth ? first.value : new Uint8Array(0));
  return children;
}

function comparePaths(a: Leaf, b: Leaf): number {
  const length = Math.min(a.path.length, b.path.length);
  for (let i = 0; i < length; i++) if (a.path[i] !== b.path[i]) return a.path[i]! - b.path[i]!;
  return a.path.length - b.path.length;
}

/** Root of the Merkle Patricia trie that holds exactly these entries; keys are distinct, values not empty. */
export function trieRoot(entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[]): Uint8Array {
  if (entries.length === 0) return keccak256(RLP.encode(new Uint8Array(0)));
  const leaves = entries.map(([key, value]) => ({ path: nibbles(key), value })).sort(comparePaths);
  for (let i = 1; i < leaves.length; i++) {
    if (equalsBytes(leaves[i]!.path, leaves[i - 1]!.path)) throw new Error("trieRoot: a key occurs twice");
  }
  return keccak256(RLP.encode(build(leaves, 0, leaves.length, 0)));
}

/** Root over a list: the key of each item is the RLP of its index. */
export function listRoot(items: readonly Uint8Array[]): Hash {
  return bytesToHex(trieRoot(items.map((item, index) => [RLP.encode(index), item] as const)));
}

/** A header's `transactionsRoot`. */
export function transactionsRoot(transactions: readonly ChainTransaction[]): Hash {
  return listRoot(transactions.map((transaction) => transaction.raw));
}

/** A header's `receiptsRoot`. */
export function receiptsRoot(receipts: readonly Receipt[]): Hash {
  return listRoot(receipts.map(encodeReceipt));
}
