import { type CodedError, isCodedError } from "../../base/errors.ts";
import { decodeRlp, encodeRlp, type RlpItem, RlpReader } from "../../chain/codec/rlp.ts";
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

/** The secure trie's keys all have 32 bytes, so a branch never holds a value. Kept as it is stored: most children are never looked at. */
export interface BranchNode {
  kind: "branch";
  /** The node's RLP. */
  encoded: Uint8Array;
}

/** The hash of one child of a branch. */
export interface ChildHash {
  nibble: number;
  hash: Uint8Array;
}

export type TrieNode = LeafNode | ExtensionNode | BranchNode;

const EMPTY = new Uint8Array(0);
const CHILDREN = 16;
/** RLP prefixes of a branch's items: no child, and a child's hash; a list is an inline child. */
const NOTHING = 0x80;
const HASH = 0x80 + HASH_BYTES;
const LIST = 0xc0;
/** Of a list; above, it is followed by as many bytes of length. */
const LONGEST_SHORT_LIST = 0xf7;

/** Where the item of child `nibble` begins in a branch's RLP. */
function itemOf(encoded: Uint8Array, nibble: number): number {
  let at = 1 + Math.max(0, encoded[0]! - LONGEST_SHORT_LIST);
  for (let i = 0; i < nibble; i++) {
    const prefix = encoded[at]!;
    at += prefix === NOTHING ? 1 : prefix === HASH ? 1 + HASH_BYTES : 1 + prefix - LIST;
  }
  return at;
}

function itemLink(encoded: Uint8Array, at: number): Link {
  const prefix = encoded[at]!;
  if (prefix === NOTHING) return undefined;
  if (prefix === HASH) return encoded.subarray(at + 1, at + 1 + HASH_BYTES);
  return decodeNode(encoded.subarray(at, at + 1 + prefix - LIST));
}

/** A branch's child; a hash shares the branch's memory. */
export function childOf({ encoded }: BranchNode, nibble: number): Link {
  return itemLink(encoded, itemOf(encoded, nibble));
}

/** All children of a branch. */
export function childrenOf(branch: BranchNode): Link[] {
  return Array.from({ length: CHILDREN }, (_, nibble) => childOf(branch, nibble));
}

/** A branch with these 16 children. */
export function branchOf(children: readonly Link[]): BranchNode {
  return { kind: "branch", encoded: encodeRlp([...children.map(linkFields), EMPTY]) };
}

/** The branch with other hashes for children that have hashes. */
export function withHashes(branch: BranchNode, changed: readonly ChildHash[]): BranchNode {
  const encoded = branch.encoded.slice();
  for (const { nibble, hash } of changed) encoded.set(hash, itemOf(encoded, nibble) + 1);
  return { kind: "branch", encoded };
}

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
      return decodeRlp(node.encoded);
  }
}

/** The node's RLP. */
export function encodeNode(node: TrieNode): Uint8Array {
  return node.kind === "branch" ? node.encoded : encodeRlp(nodeFields(node));
}

function corrupt(cause?: unknown): CodedError {
  return executionError("STATE_NODE_CORRUPT", {
    message: "A stored trie node can't be decoded.",
    fix: "The data folder is damaged: derive the chain again into a new one.",
    cause,
  });
}

/** Throws unless 16 children and an empty value are what is left to read. */
function checkBranch(fields: RlpReader): void {
  for (let nibble = 0; nibble < CHILDREN; nibble++) {
    const isList = fields.isList;
    const from = fields.at;
    fields.skip();
    const length = fields.at - fields.payload;
    if (isList) decodeInline(fields.data.subarray(from, fields.at));
    else if (length !== 0 && length !== HASH_BYTES) throw corrupt();
  }
  if (fields.bytes().length !== 0) throw corrupt();
  fields.finish();
}

function decodeInline(raw: Uint8Array): TrieNode {
  if (raw.length >= HASH_BYTES) throw corrupt();
  return decodeNode(raw);
}

/** A leaf or extension, whose path comes first. */
function readShort(fields: RlpReader): TrieNode {
  const encoded = fields.bytes();
  if (encoded.length === 0) throw corrupt();
  const { path, isLeaf } = expandPath(encoded);
  if (isLeaf) return { kind: "leaf", path, value: fields.bytes() };
  if (fields.isList) {
    const from = fields.at;
    fields.skip();
    return { kind: "extension", path, child: decodeInline(fields.data.subarray(from, fields.at)) };
  }
  const child = fields.bytes();
  if (child.length !== HASH_BYTES) throw corrupt();
  return { kind: "extension", path, child };
}

function countFields({ data, at, end }: RlpReader): number {
  const fields = new RlpReader(data, at, end);
  let count = 0;
  for (; !fields.done; count++) fields.skip();
  return count;
}

/** Inverse of {@link encodeNode}; shares memory. @throws CodedError `STATE_NODE_CORRUPT`. */
export function decodeNode(raw: Uint8Array): TrieNode {
  try {
    const whole = new RlpReader(raw);
    const fields = whole.list();
    whole.finish();
    const count = countFields(fields);
    if (count === 2) return readShort(fields);
    if (count !== CHILDREN + 1) throw corrupt();
    checkBranch(fields);
    return { kind: "branch", encoded: raw };
  } catch (cause) {
    throw isCodedError(cause, "STATE_NODE_CORRUPT") ? cause : corrupt(cause);
  }
}
