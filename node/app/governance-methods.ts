import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { type L1Contracts, readDeployment } from "../deploy/deployment.ts";
import { readGovernanceFile } from "../governance/addresses.ts";
import type { RpcMethods } from "../rpc/types.ts";

/** Beside the file of the protocol's addresses; it comes when governance is deployed, and changes when it is handed over. */
export function governanceFile(protocolFile: string): string {
  return join(dirname(protocolFile), "governance.json");
}

export function governanceMethods(protocolFile: string | undefined): RpcMethods {
  if (protocolFile === undefined) return {};
  const deployment = join(dirname(protocolFile), "deployment.json");
  let contracts: L1Contracts | undefined;
  return {
    /** Addresses of governance on both chains, or null before it is deployed. */
    openledger_governance: () => readGovernanceFile(governanceFile(protocolFile)) ?? null,
    /** Where the chain's contracts are on L1, or null where this node was not told. */
    openledger_l1Contracts: () => {
      if (contracts === undefined && existsSync(deployment)) contracts = readDeployment(deployment).contracts;
      return contracts ?? null;
    },
  };
}
