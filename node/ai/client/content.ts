import { sleep, systemClock } from "../../base/clock.ts";
import { isCodedError } from "../../base/errors.ts";
import { PART_BYTES, PartStates, partBefore } from "../../chain/content-parts.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import { bytesOfHex, contentIdOf, hexOfBytes } from "../codec/hash.ts";
import { fetchContent, type PartSource } from "../content/part-source.ts";
import type { ContentSink, ContentSource } from "../content/source.ts";
import {
  LEAST_BYTES,
  quotaOf,
  type SignUpload,
  type Standing,
  UPLOAD_S,
  type UploadOrder,
  type UploadQuota,
} from "../content/upload-order.ts";
import { aiError } from "../errors.ts";
import type { ChainClient } from "./chain.ts";

/** A part of content as `openledger_getContent` gives it. */
export interface ContentAnswer {
  data: Hex;
  /** Of the whole content. */
  total: number;
  /** SHA-256's state before the part, where it is one that can be checked alone. */
  state?: Hash;
}

type Caller = Pick<ChainClient, "rpc">;

/** Longest content that is fetched, in bytes: what a node stores at most. */
export const MAX_CONTENT_BYTES = 512 * 1024 * 1024;

/** A node's contents, over its RPC, in parts. */
export function rpcParts(client: Caller & Pick<ChainClient, "rpcUrl">): PartSource {
  const name = client.rpcUrl;
  return {
    name,
    async part(hash, offset) {
      const answer = await client.rpc<Partial<ContentAnswer> | null>("openledger_getContent", [
        hash,
        offset,
        PART_BYTES,
      ]);
      const { data, total, state } = answer ?? {};
      if (typeof data !== "string" || typeof total !== "number") {
        throw aiError("CONTENT_ANSWER_INVALID", {
          message: `what ${name} gives as ${hash} is no part of a content`,
          fix: "fetch it from another node",
          facts: { url: name, hash, offset },
        });
      }
      return { bytes: bytesOfHex(data), total, state };
    },
  };
}

/**
 * Content of a node, over its RPC, each part checked when it comes. Its calls fail as {@link fetchContent}, and with what the client throws.
 * @param maxBytes longest content that is fetched.
 */
export function rpcSource(
  client: Caller & Pick<ChainClient, "rpcUrl">,
  maxBytes = MAX_CONTENT_BYTES,
): ContentSource {
  const parts = rpcParts(client);
  return { get: (hash) => fetchContent([parts], hash, maxBytes) };
}

/** How often a content is begun again that gave way meanwhile. */
const MOST_BEGINNINGS = 3;

/**
 * Puts content into a node's store, in parts, from where an earlier try stopped.
 * @param sign signs for room in it; absent: the node takes what it has or what the chain names alone.
 * Its calls fail with `UPLOAD_UNSIGNED`, `UPLOAD_QUOTA`, and the other codes of the node's uploads.
 */
export function rpcSink(client: Caller, sign?: SignUpload): ContentSink {
  return {
    async put(bytes) {
      const hash = contentIdOf(bytes);
      if (await client.rpc<boolean>("openledger_hasContent", [hash])) return hash;
      const upload = { hash, total: bytes.length, expires: Math.floor(systemClock.now()) + UPLOAD_S };
      const order = (await sign?.(upload)) ?? { hash, total: bytes.length };
      for (let beginning = 1; ; beginning++) {
        try {
          await sendParts(client, bytes, order);
          return hash;
        } catch (error) {
          if (!isCodedError(error, "UPLOAD_UNKNOWN") || beginning === MOST_BEGINNINGS) throw error;
        }
      }
    },
  };
}

/**
 * Looks, before an account binds OPEN for a content, whether the node will have room for that by what is left.
 * @param spends wei that will not be in its balance any more.
 * @throws CodedError `UPLOAD_QUOTA`, and what the client throws.
 */
export async function requireRoom(
  client: Caller & Pick<ChainClient, "public">,
  account: Address,
  { bytes, spends }: { bytes: number; spends: bigint },
): Promise<void> {
  const [{ held }, balance] = await Promise.all([
    client.rpc<UploadQuota>("openledger_uploadQuota", [account]),
    client.public.getBalance({ address: account }),
  ]);
  const quota = quotaOf(balance > spends ? balance - spends : 0n);
  const size = Math.max(LEAST_BYTES, bytes);
  if (held + size <= quota) return;
  throw aiError("UPLOAD_QUOTA", {
    message: `the content counts as ${size} bytes; what ${account} has left then gives room for ${quota} on the node, of which ${held} are taken`,
    fix: "put more OPEN on the account, or make the content smaller",
    facts: { account, size, quota, held },
  });
}

type Order = Pick<UploadOrder, "hash" | "total"> & Partial<UploadOrder>;

async function sendParts(client: Caller, bytes: Uint8Array, order: Order): Promise<void> {
  const { hash, total, sender } = order;
  let standing = await client.rpc<Standing>("openledger_openUpload", [order]);
  if (standing.here) return;
  const states = await statesOf(bytes);
  while (!standing.here) {
    const { from } = standing;
    const offset = partBefore(from);
    const part = {
      ...{ hash, total, sender, offset },
      data: hexOfBytes(bytes.subarray(offset, from)),
      ...(offset > 0 && { state: states[offset / PART_BYTES] }),
    };
    const next: Standing = await client.rpc<Standing>("openledger_putContent", [part]);
    if (!next.here && !(next.from < from)) throw standsStill(hash, next.from);
    standing = next;
  }
}

/** Between two slices of so many parts others may run. */
const SLICE = 16 * PART_BYTES;

async function statesOf(bytes: Uint8Array): Promise<readonly Hash[]> {
  const made = new PartStates();
  for (let at = 0; at < bytes.length; at += PART_BYTES) {
    made.add(bytes.subarray(at, at + PART_BYTES));
    if ((at + PART_BYTES) % SLICE === 0) await sleep(0);
  }
  return made.states;
}

function standsStill(hash: Hash, from: unknown) {
  return aiError("CONTENT_ANSWER_INVALID", {
    message: `the node takes parts of ${hash}, but stands at ${from} as before`,
    fix: "bring it to another node",
    facts: { hash, from },
  });
}
