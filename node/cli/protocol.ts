import { join } from "node:path";
import { type ChainClient, connectChain, type ProtocolAddresses } from "../ai/client/chain.ts";
import { type PostedClaim, postedClaims } from "../ai/client/claims.ts";
import { isCodedError } from "../base/errors.ts";
import { packageRoot } from "../base/paths.ts";
import type { Address } from "../chain/types/primitives.ts";
import type { CliContext } from "./context.ts";
import { cliError } from "./errors.ts";

/** The base model that comes with the package. */
export const SHIPPED_BASE = join(packageRoot(), "node", "ai", "base-model", "model");

/** A connection to the node of `context`, with the protocol's contracts as that node knows them. */
export interface Protocol {
  client: ChainClient;
  at: ProtocolAddresses;
}

/**
 * A connection to the node of `context`, which must be one of an OpenLedger chain: an L1 answers the same requests.
 * @throws CodedError NODE_WRONG, and what rpcRequest throws where nothing, or no node, answers.
 */
export async function connectNode(
  context: CliContext,
): Promise<{ client: ChainClient; at: ProtocolAddresses | null }> {
  const client = await connectChain(context.rpcUrl);
  try {
    return { client, at: await client.rpc<ProtocolAddresses | null>("openledger_protocol", []) };
  } catch (cause) {
    // Nodes of other chains refuse an unknown method with various numbers; ours has codes of its own.
    if (!isCodedError(cause, "RPC_ERROR")) throw cause;
    throw cliError("NODE_WRONG", {
      message: `the node at ${context.rpcUrl} answers for chain ${client.chain.id}, but it is no OpenLedger node`,
      fix: "give the URL of an L2 node with --rpc; this may be the L1",
      facts: { url: context.rpcUrl, chainId: client.chain.id },
    });
  }
}

/** @throws CodedError PROTOCOL_ABSENT, and what {@link connectNode} throws. */
export async function connectProtocol(context: CliContext): Promise<Protocol> {
  const { client, at } = await connectNode(context);
  if (at === null) {
    throw cliError("PROTOCOL_ABSENT", {
      message: `the node at ${context.rpcUrl} knows no protocol contracts`,
      fix: "wait until the devnet has deployed them, or talk to another node with --rpc",
    });
  }
  return { client, at };
}

/** The host that a node answers for. @throws CodedError HOST_ABSENT. */
export async function nodeHost(client: ChainClient): Promise<Address> {
  const host = await client.rpc<Address | null>("openledger_host", []);
  if (host) return host;
  throw cliError("HOST_ABSENT", {
    message: `the node at ${client.rpcUrl} does not answer questions`,
    fix: "name a host with --host and talk to its node with --rpc",
  });
}

/** A whole number from 0. @throws CodedError NUMBER_INVALID. */
export function parseId(text: string, what: string): bigint {
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  throw cliError("NUMBER_INVALID", {
    message: `${JSON.stringify(text)} is no ${what}`,
    fix: "give a whole number, as the list commands print them",
  });
}

/** `id:snapshot`. @throws CodedError SNAPSHOT_INVALID. */
export function parseSnapshot(text: string): { datanetId: bigint; number: number } {
  const match = /^(\d{1,18}):(\d{1,9})$/.exec(text);
  if (match) return { datanetId: BigInt(match[1]!), number: Number(match[2]) };
  throw cliError("SNAPSHOT_INVALID", {
    message: `${JSON.stringify(text)} is no snapshot`,
    fix: "give datanet:snapshot, for example 1:1",
  });
}

/** The claim of a request. @throws CodedError CLAIM_ABSENT. */
export async function claimOfRequest({ client, at }: Protocol, requestId: bigint): Promise<PostedClaim> {
  const to = await client.public.getBlockNumber();
  const posted = (await postedClaims(client, at, { from: 0n, to, requestId })).at(-1);
  if (posted !== undefined) return posted;
  throw cliError("CLAIM_ABSENT", {
    message: `no host has claimed request ${requestId}`,
    fix: "wait for its answer; when the host's time is over, `openledger account reclaim` brings the escrow back",
    facts: { requestId },
  });
}
