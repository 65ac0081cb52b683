import { join } from "node:path";
import type { AgentAddresses } from "../agents/addresses.ts";
import type { ChainClient, ProtocolAddresses } from "../ai/client/chain.ts";
import { type CircleAddresses, parseCircle } from "../circle/addresses.ts";
import type { L1Contracts } from "../deploy/deployment.ts";
import { parseGovernance } from "../governance/addresses.ts";
import { makeBook } from "../governance/book.ts";
import type { Governed } from "../governance/governed.ts";
import { agentsOf } from "./agent-context.ts";
import { readContracts } from "./bridge.ts";
import type { CliContext } from "./context.ts";
import { cliError } from "./errors.ts";
import { connectL1 } from "./l1.ts";
import { connectProtocol } from "./protocol.ts";

/** Governance as the node of `context` knows it, with L1's contracts by the data folder. */
export interface Governance extends Governed {
  context: CliContext;
  protocol: ProtocolAddresses;
  /** Absent where it is not deployed. */
  circle: CircleAddresses | undefined;
  /** Absent where they are not deployed. */
  agents: AgentAddresses | undefined;
  contracts: L1Contracts;
}

/** @throws CodedError GOVERNANCE_ABSENT, DEPLOYMENT_UNREADABLE, and those of connectProtocol. */
export async function connectGovernance(context: CliContext): Promise<Governance> {
  const { client, at: protocol } = await connectProtocol(context);
  const found = await client.rpc<unknown>("openledger_governance", []);
  if (found === null) {
    throw cliError("GOVERNANCE_ABSENT", {
      message: `the node at ${context.rpcUrl} knows no governance`,
      fix: "wait until the devnet has deployed it, or talk to another node with --rpc",
    });
  }
  const at = parseGovernance(found, "the node's answer");
  const { contracts } = readContracts(context);
  const circle = await circleAt(client);
  const agents = await agentsOf(client);
  const book = makeBook(at, protocol, contracts, { circle, agents });
  const l1 = async () => connectL1(context, readContracts(context).l1ChainId);
  return { context, client, protocol, at, circle, agents, contracts, book, l1 };
}

async function circleAt(client: ChainClient): Promise<CircleAddresses | undefined> {
  const found = await client.rpc<unknown>("openledger_circle", []);
  return found === null ? undefined : parseCircle(found, "the node's answer");
}

/** Where a chain's data folder keeps the addresses of governance. */
export function governanceFile({ dataDir }: CliContext): string {
  return join(dataDir, "chain", "governance.json");
}
