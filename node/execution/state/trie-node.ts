import { type NestedUint8Array, RLP } from "@ethereumjs/rlp";
import type { CodedError } from "../../base/errors.ts";
import { executionError } from "../errors.ts";

/** How a branch or extension holds a child: nothing, a 32-byte hash, or a small node inline. */
export type Link = undefined | Uint8Array | TrieNode;

/** Paths are nibbles, one a byte. */
export interface LeafNode {
  kind: "leaf";
  path: Uint8Array;
  value: Uint8Array;
}

export interface ExtensionNode {
  kind: "extension";
  path: Uint8Array;
  child: Exclude<Link, undefined>;
}

/** The secure trie's keys all have 32 bytes, so a branch never holds a value. */
export interface BranchNode {
  kind: "branch";
  children: readonly Link[];
}

export type TrieNode = LeafNode | ExtensionNode | BranchNode;

const EMPTY = new Uint8Array(0);
const HASH_BYTES = 32;

/** The nibbles of a key, high one first. */
export function toNibbles(key: Uint8Array): Uint8Array {
  const path = new Uint8Array(key.length * 2);
  for (let i = 0; i < key.length; i++) {
    path[2 * i] = key[i]! >> 4;
    path[2 * i + 1] = key[i]! & 15;
  }
  return path;
}

/** Number of equal nibbles of `path` and of `key` from `depth` on. */
export function commonPrefix(path: Uint8Array, key: Uint8Array, depth: number): number {
  let length = 0;
  while (length < path.length && path[length] === key[depth + length]) length++;
  return length;
}

/** Hex-prefix encoding. Source: Yellow Paper, appendix C. */
function compact(path: Uint8Array, isLeaf: boolean): Uint8Array {
  const odd = path.length & 1;
  const out = new Uint8Array(1 + (path.length >> 1));
  out[0] = ((isLeaf ? 2 : 0) + odd) << 4;
  if (odd) out[0] |= path[0]!;
  for (let i = odd; i < path.length; i += 2) out[1 + (i >> 1)] = (path[i]! << 4) | path[i + 1]!;
  return out;
}

function expand(encoded: Uint8Array): { path: Uint8Array; isLeaf: boolean } {
  const flags = encoded[0]! >> 4;
  const nibbles = toNibbles(encoded);
  return { path: nibbles.subarray(flags & 1 ? 1 : 2), isLeaf: flags >= 2 };
}

function linkFields(link: Link): Uint8Array | NestedUint8Array {
  if (link === undefined) return EMPTY;
  return link instanceof Uint8Array ? link : nodeFields(link);
}

function nodeFields(node: TrieNode): NestedUint8Array {
  switch (node.kind) {
    case "leaf":
      return [compact(node.path, true), node.value];
    case "extension":
      return [compact(node.path, false), linkFields(node.child)];
    case "branch":
      return [...node.children.map(linkFields), EMPTY];
  }
}

/** The node's RLP. */
export function encodeNode(node: TrieNode): Uint8Array {
  return RLP.encode(nodeFields(node));
}

function corrupt(): CodedError {
  return executionError("STATE_NODE_CORRUPT", {
    message: "A stored trie node can't be decoded.",
    fix: "The data folder is damaged: derive the chain again into a new one.",
  });
}

function linkFrom(field: unknown): Link {
  if (Array.isArray(field)) return nodeFrom(field);
  if (!(field instanceof Uint8Array)) throw corrupt();
  if (field.length === 0) return undefined;
  if (field.length !== HASH_BYTES) throw corrupt();
  return field;
}

function nodeFrom(fields: unknown[]): TrieNode {
  if (fields.length === 17) return { kind: "branch", children: fields.slice(0, 16).map(linkFrom) };
  const [encoded, content] = fields;
  if (fields.length !== 2 || !(encoded instanceof Uint8Array) || encoded.length === 0) throw corrupt();
  const { path, isLeaf } = expand(encoded);
  if (isLeaf) {
    if (!(content instanceof Uint8Array)) throw corrupt();
    return { kind: "leaf", path, value: content };
  }
  const child = linkFrom(content);
  if (child === undefined) throw corrupt();
  return { kind: "extension", path, child };
}

/** Inverse of {@link encodeNode}. @throws CodedError `STATE_NODE_CORRUPT`. */
export function decodeNode(raw: Uint8Array): TrieNode {
  const fields = RLP.decode(raw);
  if (!Array.isArray(fields)) throw corrupt();
  return nodeFrom(fields);
}
