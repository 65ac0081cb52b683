import { existsSync } from "node:fs";
import { join } from "node:path";
import { createPublicClient, http } from "viem";
import { replaceFile } from "../base/files.ts";
import { openledgerConfigToJson } from "../chain/config/openledger-config.ts";
import { rollupConfigToJson } from "../chain/config/rollup-config.ts";
import { BLOB_SCHEDULE } from "../chain/rules/chain-spec.ts";
import { anchorOf, deploymentToJson, type L1Deployment, readDeployment } from "./deployment.ts";
import { deployError } from "./errors.ts";
import { type DeployOptions, deployL1 } from "./l1.ts";
import { genesisToJson, makeL2Genesis } from "./l2.ts";
import type { ChainPlan } from "./plan.ts";
import { endProgress } from "./progress.ts";

/** Paths of the files that define a chain. op-node and op-geth read the first three. */
export interface ChainFiles {
  genesis: string;
  rollup: string;
  l1ChainConfig: string;
  openledger: string;
  deployment: string;
  /** Only while the contracts are being deployed. */
  progress: string;
}

export function chainFiles(folder: string): ChainFiles {
  return {
    genesis: join(folder, "genesis.json"),
    rollup: join(folder, "rollup.json"),
    l1ChainConfig: join(folder, "l1-chain-config.json"),
    openledger: join(folder, "openledger.json"),
    deployment: join(folder, "deployment.json"),
    progress: join(folder, "deployment-progress.json"),
  };
}

export interface PrepareOptions extends DeployOptions {
  /** Where the files go. */
  folder: string;
}

export interface PreparedChain {
  files: ChainFiles;
  deployment: L1Deployment;
}

/**
 * Makes a chain, or finds the one that was made before: deploys on L1, then writes the files. deployment.json is written first
 * and genesis.json last, so a crash in between loses nothing: the genesis follows from the plan and the deployment. Killed while it
 * deploys, it goes on where it was.
 * @throws CodedError `L1_DEPLOYMENT_LOST` when L1 no longer holds the contracts, and those of deployL1 and makeL2Genesis.
 */
export async function prepareChain(options: PrepareOptions): Promise<PreparedChain> {
  const files = chainFiles(options.folder);
  const deployed = existsSync(files.deployment);
  const { progress: progressFile } = files;
  const deployment = deployed
    ? readDeployment(files.deployment)
    : await deployL1({ ...options, progressFile });
  if (deployed) await checkDeployment(options.l1Url, deployment);
  else writeJson(files.deployment, deploymentToJson(deployment));
  endProgress(progressFile);
  if (!existsSync(files.genesis)) await writeGenesisFiles(files, options.plan, deployment);
  return { files, deployment };
}

async function writeGenesisFiles(
  files: ChainFiles,
  plan: ChainPlan,
  deployment: L1Deployment,
): Promise<void> {
  const { genesis, rollup } = await makeL2Genesis(plan, anchorOf(deployment));
  writeJson(files.openledger, openledgerConfigToJson(plan));
  writeJson(files.l1ChainConfig, anvilChainConfig(deployment.l1ChainId));
  writeJson(files.rollup, rollupConfigToJson(rollup));
  writeJson(files.genesis, genesisToJson(genesis));
}

/** L1's chain config in geth's form: all forks to Prague from the start, as anvil 1.7 runs. */
export function anvilChainConfig(l1ChainId: bigint): Record<string, unknown> {
  const blocks = ["homestead", "eip150", "eip155", "eip158", "byzantium", "constantinople", "petersburg"]
    .concat(["istanbul", "muirGlacier", "berlin", "london", "arrowGlacier", "grayGlacier", "mergeNetsplit"])
    .map((name) => [`${name}Block`, 0]);
  return {
    chainId: Number(l1ChainId),
    ...Object.fromEntries(blocks),
    terminalTotalDifficulty: 0,
    shanghaiTime: 0,
    cancunTime: 0,
    pragueTime: 0,
    blobSchedule: BLOB_SCHEDULE,
  };
}

async function checkDeployment(l1Url: string, deployment: L1Deployment): Promise<void> {
  const client = createPublicClient({ transport: http(l1Url, { retryCount: 2 }) });
  const { startBlock, contracts } = deployment;
  const block = await client.getBlock({ blockNumber: startBlock.number }).catch(() => undefined);
  const code = await client.getCode({ address: contracts.optimismPortal });
  if (block?.hash === startBlock.hash && code !== undefined) return;
  throw deployError("L1_DEPLOYMENT_LOST", {
    message: `L1 does not hold this chain: block ${startBlock.number} is not ${startBlock.hash}, or the portal is gone.`,
    fix: "Start L1 with the state that belongs to this data folder, or begin anew with --reset.",
    facts: { startBlock: startBlock.hash, found: block?.hash, portal: contracts.optimismPortal },
  });
}

function writeJson(path: string, value: unknown): void {
  replaceFile(path, `${JSON.stringify(value)}\n`);
}
