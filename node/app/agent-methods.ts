import { dirname, join } from "node:path";
import { readAgentsFile } from "../agents/addresses.ts";
import type { RpcMethods } from "../rpc/types.ts";

/** Beside the file of the protocol's addresses; it comes when the agents' contracts are deployed. */
export function agentsFile(protocolFile: string): string {
  return join(dirname(protocolFile), "agents.json");
}

export function agentMethods(protocolFile: string | undefined): RpcMethods {
  if (protocolFile === undefined) return {};
  return {
    /** Addresses of the agents' contracts on L2, or null before they are deployed. */
    openledger_agents: () => readAgentsFile(agentsFile(protocolFile)) ?? null,
  };
}
