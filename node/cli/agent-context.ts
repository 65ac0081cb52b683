import { type AgentAddresses, parseAgents } from "../agents/addresses.ts";
import type { ChainClient, ProtocolAddresses } from "../ai/client/chain.ts";
import { isCodedError } from "../base/errors.ts";
import type { CliContext } from "./context.ts";
import { cliError } from "./errors.ts";
import { connectProtocol } from "./protocol.ts";

const METHOD_NOT_FOUND = -32_601;

/** The agents' contracts as the node of `context` knows them. */
export interface Agents {
  context: CliContext;
  client: ChainClient;
  protocol: ProtocolAddresses;
  at: AgentAddresses;
}

/** The agents' contracts that a node knows; undefined where it knows none. */
export async function agentsOf(client: ChainClient): Promise<AgentAddresses | undefined> {
  const found = await client.rpc<unknown>("openledger_agents", []).catch((error: unknown) => {
    // A node of before agents, or one without the protocol.
    if (isCodedError(error) && error.facts.rpcCode === METHOD_NOT_FOUND) return null;
    throw error;
  });
  return found === null ? undefined : parseAgents(found, "the node's answer");
}

/** @throws CodedError AGENTS_ABSENT, and those of connectProtocol. */
export async function connectAgents(context: CliContext): Promise<Agents> {
  const { client, at: protocol } = await connectProtocol(context);
  const at = await agentsOf(client);
  if (at !== undefined) return { context, client, protocol, at };
  throw cliError("AGENTS_ABSENT", {
    message: `the node at ${context.rpcUrl} knows no agents' contracts`,
    fix: "wait until the devnet has deployed them, or talk to another node with --rpc",
  });
}
