import { bigIntToUnpaddedBytes, bytesToHex, compareBytes, equalsBytes } from "../base/bytes.ts";
import { encodeReceipt } from "./codec/receipt.ts";
import { encodeRlp, type RlpItem } from "./codec/rlp.ts";
import { keccak256 } from "./crypto.ts";
import { compactPath, toNibbles } from "./trie/nibbles.ts";
import type { Receipt } from "./types/block.ts";
import type { Hash } from "./types/primitives.ts";
import type { ChainTransaction } from "./types/transaction.ts";

/** One leaf: its key as nibbles. */
interface Leaf {
  path: Uint8Array;
  value: Uint8Array;
}

/** How a parent refers to a node: inline below 32 bytes, by hash otherwise. */
function reference(node: RlpItem): RlpItem {
  const encoded = encodeRlp(node);
  return encoded.length < 32 ? node : keccak256(encoded);
}

/** First leaf in [from, to) whose nibble at `depth` is larger than `nibble`. */
function partition(leaves: readonly Leaf[], from: number, to: number, depth: number, nibble: number): number {
  let end = from;
  while (end < to && leaves[end]!.path[depth] === nibble) end++;
  return end;
}

function build(leaves: readonly Leaf[], from: number, to: number, depth: number): RlpItem {
  const first = leaves[from]!;
  if (to - from === 1) return [compactPath(first.path.subarray(depth), true), first.value];
  const last = leaves[to - 1]!;
  let shared = depth;
  while (shared < first.path.length && first.path[shared] === last.path[shared]) shared++;
  if (shared > depth) {
    return [
      compactPath(first.path.subarray(depth, shared), false),
      reference(build(leaves, from, to, shared)),
    ];
  }
  const children: RlpItem[] = [];
  let at = first.path.length === depth ? from + 1 : from;
  for (let nibble = 0; nibble < 16; nibble++) {
    const end = partition(leaves, at, to, depth, nibble);
    children.push(end === at ? new Uint8Array(0) : reference(build(leaves, at, end, depth + 1)));
    at = end;
  }
  children.push(first.path.length === depth ? first.value : new Uint8Array(0));
  return children;
}

/** Root of the Merkle Patricia trie that holds exactly these entries; keys are distinct, values not empty. */
export function trieRoot(entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[]): Uint8Array {
  if (entries.length === 0) return keccak256(encodeRlp(new Uint8Array(0)));
  const leaves = entries
    .map(([key, value]) => ({ path: toNibbles(key), value }))
    .sort((a, b) => compareBytes(a.path, b.path));
  for (let i = 1; i < leaves.length; i++) {
    if (equalsBytes(leaves[i]!.path, leaves[i - 1]!.path)) throw new Error("trieRoot: a key occurs twice");
  }
  return keccak256(encodeRlp(build(leaves, 0, leaves.length, 0)));
}

/** Root over a list: the key of each item is the RLP of its index. */
export function listRoot(items: readonly Uint8Array[]): Hash {
  return bytesToHex(
    trieRoot(items.map((item, index) => [encodeRlp(bigIntToUnpaddedBytes(BigInt(index))), item] as const)),
  );
}

/** A header's `transactionsRoot`. */
export function transactionsRoot(transactions: readonly ChainTransaction[]): Hash {
  return listRoot(transactions.map((transaction) => transaction.raw));
}

/** A header's `receiptsRoot`. */
export function receiptsRoot(receipts: readonly Receipt[]): Hash {
  return listRoot(receipts.map(encodeReceipt));
}
