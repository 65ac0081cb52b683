import type { Hash } from "../../chain/types/primitives.ts";
import type { ChainClient } from "../client/chain.ts";
import { rpcParts } from "../client/content.ts";
import { fetchContent } from "../content/part-source.ts";
import { MAX_EVIDENCE_BYTES } from "./evidence.ts";

/**
 * Evidence by its hash from the first of several nodes that has it; more than evidence can have is not read.
 * @throws CodedError as {@link fetchContent}: `CONTENT_TOO_LARGE` where it is shown to be too long, else the last node's failure.
 */
export function fetchEvidence(
  nodes: readonly Pick<ChainClient, "rpc" | "rpcUrl">[],
  hash: Hash,
): Promise<Uint8Array> {
  return fetchContent(nodes.map(rpcParts), hash, MAX_EVIDENCE_BYTES);
}
