import { bytesToHex } from "../../base/bytes.ts";
import { executionError } from "../errors.ts";
import { readAnalysed, type StoredCode } from "./stored-code.ts";
import { decodeNode, type TrieNode } from "./trie-node.ts";
import { analysedCodeKey, codeKey, type StateDatabase } from "./types.ts";

const DEFAULT_CAPACITY = 100_000;
const CACHED_CODES = 1_024;
const SEEN_CODES = 16_384;

function cacheKey(hash: Uint8Array): string {
  return Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString("latin1");
}

/** Decoded trie nodes and code by hash, over the database. Content-addressed, so that nothing in it ever goes stale. */
export class NodeStore {
  private readonly database: StateDatabase;
  private readonly capacity: number;
  /** Two generations: when the young one is full, the old one is dropped. */
  private young = new Map<string, TrieNode>();
  private old = new Map<string, TrieNode>();
  private readonly codes = new Map<string, StoredCode>();
  /** Hashes of code that was read once; it is kept from the second time on: a block may read hundreds of megabytes of code once. */
  private readonly seen = new Set<string>();

  constructor(database: StateDatabase, capacity = DEFAULT_CAPACITY) {
    this.database = database;
    this.capacity = capacity;
  }

  /** @throws CodedError `STATE_NODE_MISSING`, `STATE_NODE_CORRUPT`, `STATE_READ_FAILED`. */
  load(hash: Uint8Array): TrieNode {
    const key = cacheKey(hash);
    const cached = this.young.get(key);
    if (cached !== undefined) return cached;
    const node = this.old.get(key) ?? this.read(hash);
    this.put(key, node);
    return node;
  }

  remember(hash: Uint8Array, node: TrieNode): void {
    this.put(cacheKey(hash), node);
  }

  has(hash: Uint8Array): boolean {
    const key = cacheKey(hash);
    return this.young.has(key) || this.old.has(key) || this.fetch(hash) !== undefined;
  }

  /** @throws CodedError `STATE_CODE_MISSING`, `STATE_READ_FAILED`. */
  code(codeHash: Uint8Array): Uint8Array {
    return this.storedCode(codeHash).code;
  }

  /** @throws CodedError `STATE_CODE_MISSING`, `STATE_READ_FAILED`. */
  storedCode(codeHash: Uint8Array): StoredCode {
    const key = cacheKey(codeHash);
    const cached = this.codes.get(key);
    if (cached !== undefined) return cached;
    const code = this.readCode(codeHash);
    if (code === undefined) {
      throw executionError("STATE_CODE_MISSING", {
        message: `Code ${bytesToHex(codeHash)} is not stored.`,
        facts: { codeHash: bytesToHex(codeHash) },
      });
    }
    if (this.seen.has(key)) {
      if (this.codes.size >= CACHED_CODES) this.codes.clear();
      this.codes.set(key, code);
    } else {
      if (this.seen.size >= SEEN_CODES) this.seen.clear();
      this.seen.add(key);
    }
    return code;
  }

  /** Databases of older versions have all code as it is. */
  private readCode(codeHash: Uint8Array): StoredCode | undefined {
    const analysed = this.fetch(analysedCodeKey(codeHash));
    if (analysed !== undefined) return readAnalysed(analysed);
    const code = this.fetch(codeKey(codeHash));
    return code && { code };
  }

  private read(hash: Uint8Array): TrieNode {
    const raw = this.fetch(hash);
    if (raw === undefined) {
      throw executionError("STATE_NODE_MISSING", {
        message: `missing trie node ${bytesToHex(hash).slice(2)}: the state that it belongs to is not on this node`,
        fix: "Ask for a block whose state this node has, or a node that keeps all of them.",
        facts: { hash: bytesToHex(hash) },
      });
    }
    return decodeNode(raw);
  }

  /** A failed read is a fault of the node, never of whatever transaction met it: so it carries a code. */
  private fetch(key: Uint8Array): Uint8Array | undefined {
    try {
      return this.database.get(key);
    } catch (cause) {
      throw executionError("STATE_READ_FAILED", {
        message: "The state database can't be read.",
        fix: "Check the disk and the data folder, then start the node again.",
        facts: { key: bytesToHex(key) },
        cause,
      });
    }
  }

  private put(key: string, node: TrieNode): void {
    if (this.young.size >= this.capacity) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, node);
  }
}
