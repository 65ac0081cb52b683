import { queryOptions } from "@tanstack/react-query";
import { rpcSink, rpcSource } from "../../ai/client/content.ts";
import { isTemporary } from "../../base/errors.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { Protocol } from "./connection.tsx";
import type { Signer } from "./signer.ts";
import { signUploads } from "./transact.ts";

/** Longest text that is fetched, in bytes: strangers put them into the store. */
const MOST_BYTES = 1 << 20;

/** A text that the chain names by its hash; null where this node has none of it, or one that is too long. */
export const textQuery = (protocol: Pick<Protocol, "client">, hash: Hash) =>
  queryOptions({
    queryKey: ["text", hash],
    queryFn: () => readText(protocol, hash),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** See {@link textQuery}. */
export async function readText({ client }: Pick<Protocol, "client">, hash: Hash): Promise<string | null> {
  try {
    return new TextDecoder().decode(await rpcSource(client, MOST_BYTES).get(hash));
  } catch (error) {
    if (isTemporary(error)) throw error;
    return null;
  }
}

/** Puts a text into the node's store, on the signer's account. @returns its hash, which the chain keeps. */
export function keepText({ client }: Pick<Protocol, "client">, signer: Signer, text: string): Promise<Hash> {
  return rpcSink(client, signUploads(client, signer)).put(new TextEncoder().encode(text));
}
