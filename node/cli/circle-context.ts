import type { ChainClient, ProtocolAddresses } from "../ai/client/chain.ts";
import { rpcSink } from "../ai/client/content.ts";
import { uploadsOf } from "../ai/content/upload-order.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { type CircleAddresses, parseCircle } from "../circle/addresses.ts";
import type { CliContext } from "./context.ts";
import { cliError } from "./errors.ts";
import { requireKey } from "./keys.ts";
import { connectProtocol } from "./protocol.ts";

/** OpenCircle as the node of `context` knows it. */
export interface Circle {
  context: CliContext;
  client: ChainClient;
  protocol: ProtocolAddresses;
  at: CircleAddresses;
}

/** @throws CodedError CIRCLE_ABSENT, and those of connectProtocol. */
export async function connectCircle(context: CliContext): Promise<Circle> {
  const { client, at: protocol } = await connectProtocol(context);
  const found = await client.rpc<unknown>("openledger_circle", []);
  if (found === null) {
    throw cliError("CIRCLE_ABSENT", {
      message: `the node at ${context.rpcUrl} knows no OpenCircle`,
      fix: "wait until the devnet has deployed it, or talk to another node with --rpc",
    });
  }
  return { context, client, protocol, at: parseCircle(found, "the node's answer") };
}

/** Puts a text into the node's content store, for the account of --key. @returns its hash, which the chain keeps. */
export function keepText({ client, context }: Circle, text: string): Promise<Hash> {
  const sink = rpcSink(client, uploadsOf(client.chain, requireKey(context)));
  return sink.put(new TextEncoder().encode(text));
}

/** A time of the chain. */
export function timeOf(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString();
}
