import { type ChainClient, connectChain, type ProtocolAddresses } from "../ai/client/chain.ts";
import type { CliContext } from "./context.ts";
import { cliError } from "./errors.ts";

/** A connection to the node of `context`, with the protocol's contracts as that node knows them. */
export interface Protocol {
  client: ChainClient;
  at: ProtocolAddresses;
}

/** @throws CodedError RPC_UNREACHABLE, PROTOCOL_ABSENT. */
export async function connectProtocol(context: CliContext): Promise<Protocol> {
  const client = await connectChain(context.rpcUrl);
  const at = await client.rpc<ProtocolAddresses | null>("openledger_protocol", []);
  if (at === null) {
    throw cliError("PROTOCOL_ABSENT", {
      message: `the node at ${context.rpcUrl} knows no protocol contracts`,
      fix: "wait until the devnet has deployed them, or talk to another node with --rpc",
    });
  }
  return { client, at };
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
