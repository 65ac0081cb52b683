import { bytesToHex, compareBytes, equalsBytes } from "../base/bytes.ts";
import { atOnce, type Steps } from "../base/steps.ts";
import { encodeReceipt } from "./codec/receipt.ts";
import { encodeRlp, type RlpItem, RlpWriter, rlpListLength, rlpStringLength } from "./codec/rlp.ts";
import { keccak256 } from "./crypto.ts";
import { commonPrefix, compactPath, toNibbles } from "./trie/nibbles.ts";
import type { Receipt } from "./types/block.ts";
import type { Hash } from "./types/primitives.ts";
import type { ChainTransaction } from "./types/transaction.ts";

const NOTHING = new Uint8Array(0);
/** Leaves that are hashed in one step. */
const STEP = 512;

/** One leaf: its key as nibbles. */
interface Leaf {
  path: Uint8Array;
  value: Uint8Array;
}

/**
 * Keccak-256 of messages that lie one behind the other, of which each ends where `ends` says: 32 bytes a message. On this
 * thread and in plain code unless a caller has something faster.
 */
export type KeccakMany = (data: Uint8Array, ends: Uint32Array) => Uint8Array;

const keccakMany: KeccakMany = (data, ends) => {
  const hashes = new Uint8Array(32 * ends.length);
  for (const [i, end] of ends.entries())
    hashes.set(keccak256(data.subarray(i === 0 ? 0 : ends[i - 1]!, end)), 32 * i);
  return hashes;
};

/** The sorted leaves and how a parent refers to each as a node of its own. */
interface Leaves {
  all: readonly Leaf[];
  references: readonly RlpItem[];
}

/** How a parent refers to a node: inline below 32 bytes, by hash otherwise. */
function reference(node: RlpItem): RlpItem {
  const encoded = encodeRlp(node);
  return encoded.length < 32 ? node : keccak256(encoded);
}

/** Where each leaf's own node begins: below the last branch that it shares with a neighbor. */
function depthsOf(leaves: readonly Leaf[]): Uint32Array {
  const depths = new Uint32Array(leaves.length);
  for (let i = 1; i < leaves.length; i++) {
    const depth = commonPrefix(leaves[i - 1]!.path, leaves[i]!.path, 0) + 1;
    depths[i] = depth;
    if (depths[i - 1]! < depth) depths[i - 1] = depth;
  }
  return depths;
}

/** The nodes of all leaves, many hashed together: they are most of a list's trie. */
function* referencesOf(leaves: readonly Leaf[], hashMany: KeccakMany): Steps<RlpItem[]> {
  const depths = depthsOf(leaves);
  const references: RlpItem[] = [];
  for (let from = 0; from < leaves.length; from += STEP) {
    yield;
    const some = leaves.slice(from, from + STEP);
    references.push(...hashedNodes(some, depths.subarray(from, from + STEP), hashMany));
  }
  return references;
}

function hashedNodes(leaves: readonly Leaf[], depths: Uint32Array, hashMany: KeccakMany): RlpItem[] {
  const nodes = leaves.map(
    ({ path, value }, i) => [compactPath(path.subarray(depths[i]), true), value] as const,
  );
  const payloads = nodes.map(([path, value]) => rlpStringLength(path) + rlpStringLength(value));
  const ends = new Uint32Array(nodes.length);
  let length = 0;
  for (const [i, payload] of payloads.entries()) {
    length += rlpListLength(payload);
    ends[i] = length;
  }
  const data = new Uint8Array(length);
  const writer = new RlpWriter(data, 0, payloads);
  for (const node of nodes) writer.write(node);
  const hashes = hashMany(data, ends);
  return nodes.map((node, i) =>
    rlpListLength(payloads[i]!) < 32 ? node : hashes.subarray(32 * i, 32 * i + 32),
  );
}

/** First leaf in [from, to) whose nibble at `depth` is larger than `nibble`. */
function partition(leaves: readonly Leaf[], from: number, to: number, depth: number, nibble: number): number {
  let end = from;
  while (end < to && leaves[end]!.path[depth] === nibble) end++;
  return end;
}

/** How a parent refers to the node over the leaves in [from, to). */
function below(leaves: Leaves, from: number, to: number, depth: number): RlpItem {
  return to - from === 1 ? leaves.references[from]! : reference(build(leaves, from, to, depth));
}

/** The node over two leaves or more. */
function build(leaves: Leaves, from: number, to: number, depth: number): RlpItem {
  const { all } = leaves;
  const first = all[from]!;
  const last = all[to - 1]!;
  let shared = depth;
  while (shared < first.path.length && first.path[shared] === last.path[shared]) shared++;
  if (shared > depth) {
    return [compactPath(first.path.subarray(depth, shared), false), below(leaves, from, to, shared)];
  }
  const children: RlpItem[] = [];
  let at = first.path.length === depth ? from + 1 : from;
  for (let nibble = 0; nibble < 16; nibble++) {
    const end = partition(all, at, to, depth, nibble);
    children.push(end === at ? NOTHING : below(leaves, at, end, depth + 1));
    at = end;
  }
  children.push(first.path.length === depth ? first.value : NOTHING);
  return children;
}

/** Root of the Merkle Patricia trie that holds exactly these entries; keys are distinct, values not empty. */
export function trieRoot(
  entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[],
  hashMany: KeccakMany = keccakMany,
): Uint8Array {
  const leaves = entries
    .map(([key, value]) => ({ path: toNibbles(key), value }))
    .sort((a, b) => compareBytes(a.path, b.path));
  for (let i = 1; i < leaves.length; i++) {
    if (equalsBytes(leaves[i]!.path, leaves[i - 1]!.path)) throw new Error("trieRoot: a key occurs twice");
  }
  return atOnce(rootOf(leaves, hashMany));
}

/** The root over leaves in the order of their paths. */
function* rootOf(leaves: readonly Leaf[], hashMany: KeccakMany): Steps<Uint8Array> {
  const [only] = leaves;
  if (only === undefined) return keccak256(encodeRlp(NOTHING));
  if (leaves.length === 1) return keccak256(encodeRlp([compactPath(only.path, true), only.value]));
  const references = yield* referencesOf(leaves, hashMany);
  yield;
  return keccak256(encodeRlp(build({ all: leaves, references }, 0, leaves.length, 0)));
}

/** The nibbles of an index's RLP. */
function indexPath(index: number): Uint8Array {
  if (index === 0) return Uint8Array.of(8, 0);
  if (index < 128) return Uint8Array.of(index >> 4, index & 15);
  let bytes = 1;
  for (let rest = index >>> 8; rest > 0; rest >>>= 8) bytes++;
  const path = new Uint8Array(2 + 2 * bytes);
  path[0] = 8;
  path[1] = bytes;
  for (let at = path.length - 1, rest = index; at > 1; at--, rest >>>= 4) path[at] = rest & 15;
  return path;
}

/** A list's leaves in the order of their paths: the RLP of 1 to 127 comes before that of 0, which is 0x80. */
function listLeaves(items: readonly Uint8Array[]): Leaf[] {
  const leaf = (index: number): Leaf => ({ path: indexPath(index), value: items[index]! });
  const leaves: Leaf[] = [];
  for (let index = 1; index < Math.min(items.length, 128); index++) leaves.push(leaf(index));
  if (items.length > 0) leaves.push(leaf(0));
  for (let index = 128; index < items.length; index++) leaves.push(leaf(index));
  return leaves;
}

function* listRootSteps(items: readonly Uint8Array[], hashMany: KeccakMany): Steps<Hash> {
  return bytesToHex(yield* rootOf(listLeaves(items), hashMany));
}

/** Root over a list: the key of each item is the RLP of its index. */
export function listRoot(items: readonly Uint8Array[], hashMany: KeccakMany = keccakMany): Hash {
  return atOnce(listRootSteps(items, hashMany));
}

/** A header's `transactionsRoot`. */
export function transactionsRoot(transactions: readonly ChainTransaction[], hashMany?: KeccakMany): Hash {
  return atOnce(transactionsRootSteps(transactions, hashMany));
}

/** {@link transactionsRoot} in steps. */
export function transactionsRootSteps(
  transactions: readonly ChainTransaction[],
  hashMany: KeccakMany = keccakMany,
): Steps<Hash> {
  return listRootSteps(
    transactions.map((transaction) => transaction.raw),
    hashMany,
  );
}

/** A header's `receiptsRoot`. */
export function receiptsRoot(receipts: readonly Receipt[], hashMany?: KeccakMany): Hash {
  return atOnce(receiptsRootSteps(receipts, hashMany));
}

/** {@link receiptsRoot} in steps. */
export function* receiptsRootSteps(
  receipts: readonly Receipt[],
  hashMany: KeccakMany = keccakMany,
): Steps<Hash> {
  const encoded: Uint8Array[] = [];
  for (const receipt of receipts) {
    if (encoded.length % STEP === STEP - 1) yield;
    encoded.push(encodeReceipt(receipt));
  }
  return yield* listRootSteps(encoded, hashMany);
}
