import type { Hash, Hex } from "../../chain/types/primitives.ts";
import { bytesOfHex, concatBytes, contentIdOf, hexOfBytes } from "../codec/hash.ts";
import { type ContentSink, type ContentSource, requireHash } from "../content/source.ts";
import type { ChainClient } from "./chain.ts";

/** Bytes of content in one RPC request. */
export const CONTENT_PART_BYTES = 512 * 1024;

/** A part of content as `openledger_getContent` gives it. */
export interface ContentPart {
  data: Hex;
  /** Of the whole content. */
  total: number;
}

/** Content of a node, over its RPC, hash checked. */
export function rpcSource(client: Pick<ChainClient, "rpc" | "rpcUrl">): ContentSource {
  return {
    async get(hash) {
      const parts: Uint8Array[] = [];
      for (let offset = 0, total = 1; offset < total; ) {
        const part = await client.rpc<ContentPart>("openledger_getContent", [
          hash,
          offset,
          CONTENT_PART_BYTES,
        ]);
        const bytes = bytesOfHex(part.data);
        total = part.total;
        if (bytes.length === 0) break;
        parts.push(bytes);
        offset += bytes.length;
      }
      return requireHash(concatBytes(...parts), hash, client.rpcUrl);
    },
  };
}

/** Puts content into a node's store, in parts. */
export function rpcSink(client: Pick<ChainClient, "rpc">): ContentSink {
  return {
    async put(bytes) {
      const hash = contentIdOf(bytes);
      if (await client.rpc<boolean>("openledger_hasContent", [hash])) return hash;
      for (let offset = 0; offset === 0 || offset < bytes.length; offset += CONTENT_PART_BYTES) {
        const part = bytes.subarray(offset, offset + CONTENT_PART_BYTES);
        await client.rpc<Hash>("openledger_putContent", [hash, bytes.length, offset, hexOfBytes(part)]);
      }
      return hash;
    },
  };
}
