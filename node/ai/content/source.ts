import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Hash } from "../../chain/types/primitives.ts";
import { contentIdOf } from "../codec/hash.ts";
import { aiError } from "../errors.ts";

/** Where content comes from. Whatever it is, what it gives has the hash that was asked for. */
export interface ContentSource {
  /** @throws CodedError `CONTENT_NOT_FOUND`, `CONTENT_HASH_MISMATCH`. */
  get(hash: Hash): Promise<Uint8Array>;
}

/** Where content goes. */
export interface ContentSink {
  put(bytes: Uint8Array): Promise<Hash>;
}

/** @throws CodedError `CONTENT_HASH_MISMATCH` unless `bytes` have the SHA-256 `hash`. */
export function requireHash(bytes: Uint8Array, hash: Hash, where: string): Uint8Array {
  const found = contentIdOf(bytes);
  if (found === hash) return bytes;
  throw aiError("CONTENT_HASH_MISMATCH", {
    message: `what ${where} gave as ${hash} has the hash ${found}`,
    fix: "fetch it from another node",
    facts: { expected: hash, found, where },
  });
}

/** Content lying in a folder as files that are named by their hash, with or without 0x. */
export function folderSource(folder: string): ContentSource {
  return {
    async get(hash) {
      const bare = hash.slice(2);
      for (const name of [bare, hash, join(bare.slice(0, 2), bare)]) {
        const bytes = await readFile(join(folder, name)).catch(() => undefined);
        if (bytes) return requireHash(new Uint8Array(bytes), hash, `the folder ${folder}`);
      }
      throw aiError("CONTENT_NOT_FOUND", {
        message: `the folder ${folder} does not hold ${hash}`,
        fix: "export the receipt's evidence again, or verify against a node with --rpc",
        facts: { hash, folder },
      });
    },
  };
}

/** A source that remembers what it gave, up to `maxBytes`; the oldest goes first. */
export function cachedSource(source: ContentSource, maxBytes = 256 * 1024 * 1024): ContentSource {
  const kept = new Map<Hash, Uint8Array>();
  let bytes = 0;
  return {
    async get(hash) {
      const known = kept.get(hash);
      if (known) return known;
      const content = await source.get(hash);
      kept.set(hash, content);
      bytes += content.length;
      for (const [oldest, value] of kept) {
        if (bytes <= maxBytes || oldest === hash) break;
        kept.delete(oldest);
        bytes -= value.length;
      }
      return content;
    },
  };
}
