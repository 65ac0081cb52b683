import { z } from "zod";
import { addressField, hashField, parseWith, quantity, readJsonFile } from "../chain/config/config-schema.ts";
import type { L1Anchor } from "./l2.ts";

const schema = z.strictObject({
  l1ChainId: quantity,
  /** L2's block 0 has this L1 block as its origin. */
  startBlock: z.strictObject({ hash: hashField, number: quantity, timestamp: quantity }),
  /** Wei of OPEN locked in the bridge for L2's genesis. */
  prefundsLocked: quantity,
  contracts: z.strictObject({
    proxyAdmin: addressField,
    /** Owns the ProxyAdmin. */
    timelock: addressField,
    superchainConfig: addressField,
    systemConfig: addressField,
    optimismPortal: addressField,
    l2OutputOracle: addressField,
    l1CrossDomainMessenger: addressField,
    l1StandardBridge: addressField,
    l1ERC721Bridge: addressField,
    open: addressField,
    openBridge: addressField,
    multicall3: addressField,
  }),
});

/** deployment.json: what lies where on L1. */
export type L1Deployment = z.output<typeof schema>;
export type L1Contracts = L1Deployment["contracts"];

/** @throws CodedError `DEPLOYMENT_INVALID`. */
export function parseDeployment(value: unknown): L1Deployment {
  return parseWith(schema, value, "DEPLOYMENT_INVALID", "deployment.json");
}

/** @throws CodedError `CONFIG_FILE_UNREADABLE`, `DEPLOYMENT_INVALID`. */
export function readDeployment(path: string): L1Deployment {
  return parseDeployment(readJsonFile(path));
}

/** Inverse of {@link parseDeployment}; numbers as decimal strings. */
export function deploymentToJson(deployment: L1Deployment): Record<string, unknown> {
  const { startBlock } = deployment;
  return {
    l1ChainId: deployment.l1ChainId.toString(),
    startBlock: {
      hash: startBlock.hash,
      number: startBlock.number.toString(),
      timestamp: startBlock.timestamp.toString(),
    },
    prefundsLocked: deployment.prefundsLocked.toString(),
    contracts: deployment.contracts,
  };
}

/** What the L2 genesis needs of a deployment. */
export function anchorOf(deployment: L1Deployment): L1Anchor {
  return { l1ChainId: deployment.l1ChainId, startBlock: deployment.startBlock, ...deployment.contracts };
}
