import { z } from "zod";
import { type CodedError, isCodedError } from "../../base/errors.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { blobHash } from "../../execution/blob-hash.ts";
import { rollupError } from "../errors.ts";
import type { BlobBlock, BlobLookup } from "./beacon.ts";
import type { L1Rpc } from "./rpc.ts";

/** Gives an L1 block's blobs, each checked against its versioned hash. */
export interface BlobReader {
  /**
   * The blobs with these versioned hashes, in this order.
   * @throws CodedError `BLOBS_UNAVAILABLE` (missing, pruned, or not what their hashes say), and errors of reading L1.
   */
  blobs(block: BlobBlock, hashes: readonly Hash[]): Promise<Uint8Array[]>;
}

/** Blobs of an answer that are looked at: more than any L1 block has. Each costs some 20 ms. */
const MAX_CHECKED = 128;
/** JSON-RPC: there is no such method. */
const METHOD_NOT_FOUND = -32601;

const hexBlob = z
  .string()
  .regex(/^0x[0-9a-fA-F]{262144}$/)
  .transform((text) => new Uint8Array(Buffer.from(text.slice(2), "hex")));

/** Asks each source in turn until all blobs are there; what one gives and another lacks is put together. */
export function createBlobReader(sources: readonly BlobLookup[]): BlobReader {
  return {
    async blobs(block, hashes) {
      const found = new Map<Hash, Uint8Array>();
      let failure: unknown;
      for (const source of sources) {
        const missing = [...new Set(hashes)].filter((hash) => !found.has(hash));
        if (missing.length === 0) break;
        try {
          for (const blob of (await source(block, missing)).slice(0, MAX_CHECKED)) {
            const hash = blobHash(blob);
            if (hash !== undefined && missing.includes(hash)) found.set(hash, blob);
          }
        } catch (error) {
          if (!isCodedError(error)) throw error;
          failure = error;
        }
      }
      return hashes.map((hash) => found.get(hash) ?? unavailable(block, hash, failure));
    },
  };
}

/** Blobs over JSON-RPC as anvil gives them. */
export function createAnvilLookup(rpc: L1Rpc): BlobLookup {
  return async (_, hashes) => {
    const answers = await Promise.all(hashes.map((hash) => blobOver(rpc, hash)));
    return answers.filter((blob) => blob !== undefined);
  };
}

async function blobOver(rpc: L1Rpc, hash: Hash): Promise<Uint8Array | undefined> {
  try {
    return hexBlob.safeParse(await rpc("anvil_getBlobByHash", [hash])).data;
  } catch (error) {
    if (isCodedError(error, "L1_RPC_ERROR") && error.facts.rpcCode === METHOD_NOT_FOUND) return undefined;
    throw error;
  }
}

function unavailable({ number, hash }: BlobBlock, blob: Hash, cause: unknown): never {
  throw rollupError("BLOBS_UNAVAILABLE", {
    message: `Nobody gives the blob ${blob} of L1 block ${number}, which holds batches.`,
    fix: "Give a consensus node that still keeps it (an archive for blobs older than 18 days) as --l1-beacon-url.",
    facts: { number, hash, blob },
    cause,
  }) satisfies CodedError;
}
