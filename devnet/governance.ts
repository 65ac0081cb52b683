import { privateKeyToAccount } from "viem/accounts";
import { connectChain, type ProtocolAddresses } from "../node/ai/client/chain.ts";
import { startProgress } from "../node/base/progress.ts";
import { ownArtifact } from "../node/deploy/artifacts.ts";
import {
  type GovernanceAddresses,
  readGovernanceFile,
  writeGovernanceFile,
} from "../node/governance/addresses.ts";
import { deployGovernance } from "../node/governance/deploy.ts";
import { DEVNET_GOVERNANCE, type GovernancePlan } from "../node/governance/plan.ts";
import { devAccounts } from "./accounts.ts";
import type { Layout } from "./layout.ts";
import type { DevnetOptions } from "./options.ts";

/** Deploys governance on L2 once; its addresses go where the nodes look for them. */
export async function ensureGovernance(
  layout: Layout,
  { sequencerPort }: Pick<DevnetOptions, "sequencerPort">,
  protocol: ProtocolAddresses,
  plan: GovernancePlan = DEVNET_GOVERNANCE,
): Promise<GovernanceAddresses> {
  const known = readGovernanceFile(layout.governance);
  if (known) return known;
  const { governor, council } = devAccounts();
  const progress = startProgress({ label: "governance contracts" });
  const client = await connectChain(`http://127.0.0.1:${sequencerPort}`);
  const account = privateKeyToAccount(governor.privateKey);
  const at = await deployGovernance(client, account, protocol, plan, council.address, (contract) => {
    progress.update(0, contract);
    return ownArtifact(contract).bytecode;
  });
  writeGovernanceFile(layout.governance, at);
  progress.finish();
  return at;
}
