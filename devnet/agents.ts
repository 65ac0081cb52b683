import { privateKeyToAccount } from "viem/accounts";
import { type AgentAddresses, readAgentsFile, writeAgentsFile } from "../node/agents/addresses.ts";
import { deployAgents, deployPool } from "../node/agents/deploy.ts";
import { type AgentPlan, DEVNET_AGENTS } from "../node/agents/plan.ts";
import { connectChain, type ProtocolAddresses } from "../node/ai/client/chain.ts";
import { startProgress } from "../node/base/progress.ts";
import { ownArtifact } from "../node/deploy/artifacts.ts";
import { devAccounts } from "./accounts.ts";
import type { Layout } from "./layout.ts";
import type { DevnetOptions } from "./options.ts";

/** OPEN in the pool, in wei. */
const POOL_OPEN = 1_000n * 10n ** 18n;

/** Deploys the agents' contracts on L2 once, with a small pool to trade on. */
export async function ensureAgents(
  layout: Layout,
  { sequencerPort }: Pick<DevnetOptions, "sequencerPort">,
  protocol: ProtocolAddresses,
  plan: AgentPlan = DEVNET_AGENTS,
): Promise<AgentAddresses> {
  const known = readAgentsFile(layout.agents);
  if (known) return known;
  const progress = startProgress({ label: "agents" });
  const client = await connectChain(`http://127.0.0.1:${sequencerPort}`);
  // Not the founders' account: it deploys at the same time, by nonces that it knows before.
  const account = privateKeyToAccount(devAccounts().olga.privateKey);
  const codeOf = (contract: string) => {
    progress.update(0, contract);
    return ownArtifact(contract).bytecode;
  };
  const contracts = await deployAgents(client, account, protocol, plan, codeOf);
  const at = { ...contracts, pool: await deployPool(client, account, POOL_OPEN, codeOf) };
  writeAgentsFile(layout.agents, at);
  progress.finish();
  return at;
}
