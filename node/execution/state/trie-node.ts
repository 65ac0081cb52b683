import type { CodedError } from "../../base/errors.ts";
import { decodeRlp, encodeRlp, type RlpItem } from "../../chain/codec/rlp.ts";
import { compactPath, expandPath } from "../../chain/trie/nibbles.ts";
import { executionError } from "../errors.ts";
import { HASH_BYTES } from "./types.ts";

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
function linkFields(link: Link): RlpItem {
  if (link === undefined) return EMPTY;
  return link instanceof Uint8Array ? link : nodeFields(link);
}

function nodeFields(node: TrieNode): RlpItem {
  switch (node.kind) {
    case "leaf":
      return [compactPath(node.path, true), node.value];
    case "extension":
      return [compactPath(node.path, false), linkFields(node.child)];
    case "branch":
      return [...node.children.map(linkFields), EMPTY];
  }
}

/** The node's RLP. */
export function encodeNode(node: TrieNode): Uint8Array {
  return encodeRlp(nodeFields(node));
}

function corrupt(cause?: unknown): CodedError {
  return executionError("STATE_NODE_CORRUPT", {
    message: "A stored trie node can't be decoded.",
    fix: "The data folder is damaged: derive the chain again into a new one.",
    cause,
  });
}

function linkFrom(field: RlpItem): Link {
  if (!(field instanceof Uint8Array)) return nodeFrom(field);
  if (field.length === 0) return undefined;
  if (field.length !== HASH_BYTES) throw corrupt();
  return field;
}

function nodeFrom(fields: readonly RlpItem[]): TrieNode {
  if (fields.length === 17) return { kind: "branch", children: fields.slice(0, 16).map(linkFrom) };
  const [encoded, content] = fields;
  if (fields.length !== 2 || !(encoded instanceof Uint8Array) || encoded.length === 0) throw corrupt();
  const { path, isLeaf } = expandPath(encoded);
  if (isLeaf) {
    if (!(content instanceof Uint8Array)) throw corrupt();
    return { kind: "leaf", path, value: content };
  }
  const child = content && linkFrom(content);
  if (child === undefined) throw corrupt();
  return { kind: "extension", path, child };
}

/** Inverse of {@link encodeNode}. @throws CodedError `STATE_NODE_CORRUPT`. */
export function decodeNode(raw: Uint8Array): TrieNode {
  let fields: RlpItem;
  try {
    fields = decodeRlp(raw);
  } catch (cause) {
    throw corrupt(cause);
  }
  if (fields instanceof Uint8Array) throw corrupt();
  return nodeFrom(fields);
}
