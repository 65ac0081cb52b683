import type { CodedError } from "../../base/errors.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { contentIdOf } from "../codec/hash.ts";
import { aiError } from "../errors.ts";

/** Where content comes from. Whatever it is, what it gives has the hash that was asked for. */
export interface ContentSource {
  /** @throws CodedError `CONTENT_NOT_FOUND`, `CONTENT_HASH_MISMATCH`. */
  get(hash: Hash): Promise<Uint8Array>;
  /**
   * Path of a file of this machine that has that content, for contents too large to be held twice; it was hashed when this resolves.
   * Absent where contents lie elsewhere. @throws CodedError as `get`.
   */
  file?(hash: Hash): Promise<string>;
}

/** Where content goes. */
export interface ContentSink {
  put(bytes: Uint8Array): Promise<Hash>;
}

/** @throws CodedError `CONTENT_HASH_MISMATCH` unless `bytes` have the SHA-256 `hash`. */
export function requireHash(bytes: Uint8Array, hash: Hash, where: string): Uint8Array {
  const found = contentIdOf(bytes);
  if (found === hash) return bytes;
  throw hashMismatch(hash, found, where);
}

export function hashMismatch(expected: Hash, found: Hash, where: string): CodedError {
  return aiError("CONTENT_HASH_MISMATCH", {
    message: `what ${where} gave as ${expected} has the hash ${found}`,
    fix: "fetch it from another node",
    facts: { expected, found, where },
  });
}

/** A source that remembers what it gave, up to `maxBytes`; the oldest goes first. */
export function cachedSource(source: ContentSource, maxBytes = 256 * 1024 * 1024): ContentSource {
  const kept = new Map<Hash, Uint8Array>();
  let bytes = 0;
  return {
    file: source.file && ((hash) => source.file!(hash)),
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
