import { z } from "zod";
import type { KeyBook } from "../openai/key-book.ts";
import { parseParams } from "../params.ts";
import type { WorkerMethod } from "./server.ts";

const owner = z.string().regex(/^0x[0-9a-f]{40}$/);
const keyId = z.string().regex(/^[0-9a-f]{16}$/);
const dailyTokens = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).nullable();
const name = z.string().min(1).max(64);

/**
 * What a worker that serves `/v1` does for its node, which vouches for the account that is named first:
 * `keys_list(owner)`, `keys_create(owner, name, dailyTokens)`, `keys_limit(owner, keyId, dailyTokens)`, `keys_revoke(owner, keyId)`.
 */
export function keyMethods(book: KeyBook): Readonly<Record<string, WorkerMethod>> {
  return {
    keys_list: (params) => book.list(...parseParams(z.tuple([owner]), params)),
    keys_create: (params) => book.create(...parseParams(z.tuple([owner, name, dailyTokens]), params)),
    keys_limit: (params) => book.limit(...parseParams(z.tuple([owner, keyId, dailyTokens]), params)),
    keys_revoke: (params) => {
      book.revoke(...parseParams(z.tuple([owner, keyId]), params));
      return true;
    },
  };
}
