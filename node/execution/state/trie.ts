import { equalsBytes, hexToBytes } from "../../base/bytes.ts";
import { EMPTY_ROOT } from "../../chain/constants.ts";
import { keccak256 } from "../../chain/crypto.ts";
import { commonPrefix, toNibbles } from "../../chain/trie/nibbles.ts";
import type { NodeStore } from "./node-store.ts";
import {
  type BranchNode,
  branchOf,
  type ChildHash,
  childOf,
  childrenOf,
  type ExtensionNode,
  encodeNode,
  type Link,
  type TrieNode,
  withHashes,
} from "./trie-node.ts";
import { HASH_BYTES } from "./types.ts";

/** Root of a trie without entries. */
export const EMPTY_TRIE = hexToBytes(EMPTY_ROOT);

/** One change of a trie: `key` has 32 bytes (a hash), an undefined value deletes. */
export interface TrieUpdate {
  key: Uint8Array;
  value: Uint8Array | undefined;
}

/** Receives each new node by its hash. */
export type NodeSink = (hash: Uint8Array, encoded: Uint8Array) => void;

interface Change {
  path: Uint8Array;
  value: Uint8Array | undefined;
}

/** What became of a branch's child. */
interface Below {
  nibble: number;
  before: Link;
  after: TrieNode | undefined;
}

function resolve(nodes: NodeStore, link: Link): TrieNode | undefined {
  return link instanceof Uint8Array ? nodes.load(link) : link;
}

export function isEmptyTrie(root: Uint8Array): boolean {
  return equalsBytes(root, EMPTY_TRIE);
}

function rootLink(root: Uint8Array): Link {
  return isEmptyTrie(root) ? undefined : root;
}

/** The value at a 32-byte key; undefined where there is none. */
export function readTrie(nodes: NodeStore, root: Uint8Array, key: Uint8Array): Uint8Array | undefined {
  const path = toNibbles(key);
  let depth = 0;
  let node = resolve(nodes, rootLink(root));
  while (node !== undefined) {
    if (node.kind === "branch") {
      node = resolve(nodes, childOf(node, path[depth]!));
      depth++;
      continue;
    }
    if (commonPrefix(node.path, path, depth) < node.path.length) return undefined;
    if (node.kind === "leaf") return node.value;
    depth += node.path.length;
    node = resolve(nodes, node.child);
  }
  return undefined;
}

/** EIP-1186: the encoded nodes on the way to the key, root first; inline nodes are part of their parents. */
export function proveTrie(nodes: NodeStore, root: Uint8Array, key: Uint8Array): Uint8Array[] {
  const path = toNibbles(key);
  const proof: Uint8Array[] = [];
  let depth = 0;
  let link = rootLink(root);
  while (link !== undefined) {
    const node: TrieNode = link instanceof Uint8Array ? nodes.load(link) : link;
    if (link instanceof Uint8Array) proof.push(encodeNode(node));
    if (node.kind === "leaf") break;
    if (node.kind === "branch") {
      link = childOf(node, path[depth]!);
      depth++;
      continue;
    }
    if (commonPrefix(node.path, path, depth) < node.path.length) break;
    depth += node.path.length;
    link = node.child;
  }
  return proof;
}

/** One update of a trie: holds what the recursion needs. */
class Updater {
  private readonly nodes: NodeStore;
  private readonly sink: NodeSink;

  constructor(nodes: NodeStore, sink: NodeSink) {
    this.nodes = nodes;
    this.sink = sink;
  }

  /** A parent's link to `node`: inline below 32 bytes, else stored and by hash. */
  link(node: TrieNode): Exclude<Link, undefined> {
    const encoded = encodeNode(node);
    return encoded.length < HASH_BYTES ? node : this.store(node, encoded);
  }

  store(node: TrieNode, encoded: Uint8Array): Uint8Array {
    const hash = keccak256(encoded);
    this.sink(hash, encoded);
    this.nodes.remember(hash, node);
    return hash;
  }

  /** Applies changes (sorted, all below this link) and gives the new node; undefined when nothing is left. */
  apply(link: Link, changes: readonly Change[], depth: number): TrieNode | undefined {
    const node = resolve(this.nodes, link);
    if (node === undefined) return this.build(live(changes), depth);
    if (node.kind === "branch") return this.applyToBranch(node, changes, depth);
    if (node.kind === "leaf") return this.applyToLeaf(node.path, node.value, changes, depth);
    return this.applyToExtension(node, changes, depth);
  }

  private applyToExtension(node: ExtensionNode, all: readonly Change[], depth: number): TrieNode | undefined {
    const { path } = node;
    // Deleting what lies beside the path changes nothing, and must not make a branch there.
    const changes = all.filter(
      (change) => change.value !== undefined || commonPrefix(path, change.path, depth) === path.length,
    );
    if (changes.length === 0) return node;
    const split = shortest(path, changes, depth);
    if (split === path.length) {
      const child = this.apply(node.child, changes, depth + split);
      return child && this.prepend(path, child);
    }
    const children: Link[] = new Array(16).fill(undefined);
    const rest = path.subarray(split + 1);
    children[path[split]!] =
      rest.length === 0 ? node.child : { kind: "extension", path: rest, child: node.child };
    const below = this.applyBelow((nibble) => children[nibble], changes, depth + split);
    const branch = this.applyToChildren(children, below);
    return branch && this.prepend(path.subarray(0, split), branch);
  }

  private applyToLeaf(
    path: Uint8Array,
    value: Uint8Array,
    changes: readonly Change[],
    depth: number,
  ): TrieNode | undefined {
    const replaced = changes.some((change) => commonPrefix(path, change.path, depth) === path.length);
    const kept = live(changes);
    if (replaced) return this.build(kept, depth);
    const full = new Uint8Array(depth + path.length);
    full.set(changes[0]!.path.subarray(0, depth));
    full.set(path, depth);
    return this.build([...kept, { path: full, value }].sort(byPath), depth);
  }

  private applyToBranch(branch: BranchNode, changes: readonly Change[], depth: number): TrieNode | undefined {
    const below = this.applyBelow((nibble) => childOf(branch, nibble), changes, depth);
    return this.replaceHashes(branch, below) ?? this.applyToChildren(childrenOf(branch), below);
  }

  /** The branch with its new children's hashes, if hashes take the place of hashes, as they do as a rule. */
  private replaceHashes(branch: BranchNode, below: readonly Below[]): BranchNode | undefined {
    if (below.some(({ before, after }) => after === undefined || !(before instanceof Uint8Array)))
      return undefined;
    const hashes: ChildHash[] = [];
    for (const { nibble, after } of below) {
      const hash = this.link(after!);
      if (!(hash instanceof Uint8Array)) return undefined;
      hashes.push({ nibble, hash });
    }
    return withHashes(branch, hashes);
  }

  private applyToChildren(children: Link[], below: readonly Below[]): TrieNode | undefined {
    for (const { nibble, after } of below) children[nibble] = after;
    return this.collapse(children);
  }

  /** Applies changes to the children of a branch, in the order of their nibbles. */
  private applyBelow(child: (nibble: number) => Link, changes: readonly Change[], depth: number): Below[] {
    const below: Below[] = [];
    for (let from = 0; from < changes.length; ) {
      const nibble = changes[from]!.path[depth]!;
      let to = from + 1;
      while (to < changes.length && changes[to]!.path[depth] === nibble) to++;
      const before = child(nibble);
      const own = to - from === changes.length ? changes : changes.slice(from, to);
      below.push({ nibble, before, after: this.apply(before, own, depth + 1) });
      from = to;
    }
    return below;
  }

  /** A branch with one child left becomes that child with the nibble before its path; only a lasting branch links its children. */
  private collapse(children: readonly Link[]): TrieNode | undefined {
    const used = children.flatMap((child, nibble) => (child === undefined ? [] : [nibble]));
    if (used.length > 1) {
      const linked = children.map((child) =>
        child === undefined || child instanceof Uint8Array ? child : this.link(child),
      );
      return branchOf(linked);
    }
    const [only] = used;
    if (only === undefined) return undefined;
    return this.prepend(Uint8Array.of(only), resolve(this.nodes, children[only])!);
  }

  private prepend(path: Uint8Array, node: TrieNode): TrieNode {
    if (path.length === 0) return node;
    if (node.kind === "branch") return { kind: "extension", path, child: this.link(node) };
    const joined = new Uint8Array(path.length + node.path.length);
    joined.set(path);
    joined.set(node.path, path.length);
    return { ...node, path: joined };
  }

  /** A trie of new leaves only. */
  private build(leaves: readonly Change[], depth: number): TrieNode | undefined {
    const [first] = leaves;
    if (first === undefined) return undefined;
    if (leaves.length === 1) return { kind: "leaf", path: first.path.subarray(depth), value: first.value! };
    const last = leaves[leaves.length - 1]!;
    let split = depth;
    while (first.path[split] === last.path[split]) split++;
    const below = this.applyBelow(() => undefined, leaves, split);
    const branch = this.applyToChildren(new Array(16).fill(undefined), below)!;
    return this.prepend(first.path.subarray(depth, split), branch);
  }
}

function live(changes: readonly Change[]): readonly Change[] {
  return changes.every((change) => change.value !== undefined)
    ? changes
    : changes.filter((change) => change.value !== undefined);
}

/** Length of the part of `path` that all changes share with it. */
function shortest(path: Uint8Array, changes: readonly Change[], depth: number): number {
  let length = path.length;
  for (const change of changes) length = Math.min(length, commonPrefix(path, change.path, depth));
  return length;
}

function byPath(a: Change, b: Change): number {
  const length = Math.min(a.path.length, b.path.length);
  for (let i = 0; i < length; i++) if (a.path[i] !== b.path[i]) return a.path[i]! - b.path[i]!;
  return a.path.length - b.path.length;
}

/**
 * The root after `updates` (each key once). Every changed node is hashed once, whatever the number of changes below it;
 * nodes of the old trie stay stored.
 */
export function updateTrie(
  nodes: NodeStore,
  root: Uint8Array,
  updates: readonly TrieUpdate[],
  sink: NodeSink,
): Uint8Array {
  if (updates.length === 0) return root;
  const changes = updates.map(({ key, value }) => ({ path: toNibbles(key), value })).sort(byPath);
  const updater = new Updater(nodes, sink);
  const node = updater.apply(rootLink(root), changes, 0);
  return node === undefined ? EMPTY_TRIE : updater.store(node, encodeNode(node));
}
