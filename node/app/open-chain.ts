import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Clock, systemClock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { type Genesis, readGenesis } from "../chain/config/genesis.ts";
import { readL1ChainConfig } from "../chain/config/l1-chain-config.ts";
import { readOpenLedgerConfig } from "../chain/config/openledger-config.ts";
import { readRollupConfig } from "../chain/config/rollup-config.ts";
import { type ForkSchedule, isActive } from "../chain/rules/forks.ts";
import {
  FORKS,
  type Fork,
  type L1ChainConfig,
  type OpenLedgerConfig,
  type RollupConfig,
} from "../chain/types/rollup.ts";
import { ensureFlatTable } from "../execution/state/build-flat.ts";
import { type GenesisState, makeGenesis } from "../execution/state/genesis-state.ts";
import { type ChainStore, openChainStore } from "../store/chain-store.ts";
import { chainPaths, type NodeConfig } from "./config/node-config.ts";
import { appError } from "./errors.ts";
import { importSnapshot } from "./snapshot/import-snapshot.ts";

/** The files that define the chain, parsed and checked against each other. */
export interface ChainDefinition {
  rollup: RollupConfig;
  l1Chain: L1ChainConfig;
  openledger: OpenLedgerConfig;
  genesis: GenesisState;
}

/**
 * Reads genesis.json, rollup.json, l1-chain-config.json and openledger.json.
 * @throws CodedError of the file that is missing or wrong; `GENESIS_MISMATCH`, `L1_CHAIN_MISMATCH`.
 */
export function readChainDefinition(config: NodeConfig): ChainDefinition {
  const paths = chainPaths(config);
  const rollup = readRollupConfig(paths.rollup);
  const l1Chain = readL1ChainConfig(paths.l1Chain);
  const openledger = readOpenLedgerConfig(paths.openledger);
  const genesisFile = readGenesis(paths.genesis);
  const genesis = makeGenesis(genesisFile);
  if (genesis.block.hash !== rollup.genesis.l2.hash) {
    throw appError("GENESIS_MISMATCH", {
      message: `${paths.genesis} makes genesis ${genesis.block.hash}, but rollup.json says ${rollup.genesis.l2.hash}.`,
      fix: "Use the genesis.json and rollup.json of one chain.",
      facts: { found: genesis.block.hash, expected: rollup.genesis.l2.hash },
    });
  }
  assertSameSchedule(genesisFile, rollup, paths.genesis);
  if (l1Chain.chainId !== rollup.l1ChainId) {
    throw appError("L1_CHAIN_MISMATCH", {
      message: `${paths.l1Chain} is of L1 chain ${l1Chain.chainId}, but rollup.json says ${rollup.l1ChainId}.`,
      fix: "Use the l1-chain-config.json and rollup.json of one chain.",
      facts: { found: l1Chain.chainId, expected: rollup.l1ChainId },
    });
  }
  requireBatchForm(config, rollup);
  return { rollup, l1Chain, openledger, genesis };
}

/** This node follows rollup.json; another one may have been told otherwise by genesis.json, which doesn't know Delta. */
function assertSameSchedule(genesis: Genesis, rollup: RollupConfig, path: string): void {
  const whenOf = ({ forkTimes }: ForkSchedule, fork: Fork): string => {
    const time = forkTimes[fork];
    if (time === undefined) return "never";
    return time <= genesis.timestamp ? "at genesis" : `at ${time}`;
  };
  for (const fork of FORKS) {
    const [found, expected] = [whenOf(genesis, fork), whenOf(rollup, fork)];
    if (fork === "delta" || found === expected) continue;
    throw appError("GENESIS_MISMATCH", {
      message: `${path} schedules ${fork} ${found}, but rollup.json ${expected}.`,
      fix: `Give ${fork}Time in genesis.json and ${fork}_time in rollup.json the same value.`,
      facts: { fork, found, expected },
    });
  }
}

/** Folder of the chain's database. */
export function chainFolder(config: NodeConfig): string {
  return join(config.dataDir, "chain");
}

/** A node without data begins with the snapshot that its settings name. @throws CodedError `CHAIN_SNAPSHOT_*`. */
async function startFromSnapshot(config: NodeConfig, rollup: RollupConfig, logger: Logger): Promise<void> {
  const { fromSnapshot: file } = config;
  if (file === undefined || existsSync(chainFolder(config))) return;
  logger.info({ file }, "Reading the snapshot");
  const { number, hash } = await importSnapshot({ file, folder: chainFolder(config), rollup });
  logger.info({ number, hash }, "The chain starts from the snapshot");
}

/** Reads go to the tries without it, so it is built before anything runs. */
async function withFlatTable(store: ChainStore, logger: Logger): Promise<ChainStore> {
  try {
    await ensureFlatTable(store, (accounts) =>
      logger.info({ accounts }, "Building the table of accounts and slots"),
    );
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/**
 * Opens the chain's database in the data folder; the first time it gets the genesis block and state.
 * @throws CodedError `STORE_*`.
 */
export async function openChain(
  config: NodeConfig,
  { rollup, genesis }: ChainDefinition,
  logger: Logger,
): Promise<ChainStore> {
  await startFromSnapshot(config, rollup, logger);
  const store = await openChainStore(chainFolder(config), rollup);
  if (store.heads() !== undefined) return withFlatTable(store, logger);
  const { hash } = genesis.block;
  logger.info({ hash }, "Writing the genesis block");
  try {
    await store.commit({
      blocks: [
        { block: genesis.block, receipts: [], state: { writes: genesis.stateWrites, flat: genesis.flat } },
      ],
      heads: { unsafe: hash, safe: hash, finalized: hash },
      durable: true,
    });
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/**
 * Refuses a batcher on a chain that is not in Fjord yet: it posts spans in brotli, which nobody reads before.
 * @throws CodedError `CONFIG_INVALID`.
 */
export function requireBatchForm(
  { batcherKey }: NodeConfig,
  rollup: RollupConfig,
  clock: Clock = systemClock,
): void {
  const now = BigInt(Math.floor(clock.now()));
  const { fjord } = rollup.forkTimes;
  if (batcherKey === undefined || isActive(rollup, "fjord", now)) return;
  throw appError("CONFIG_INVALID", {
    message: `Setting batcherKey: this chain's Fjord ${fjord === undefined ? "never comes" : `comes at ${fjord}`}, and batches are posted in its form.`,
    fix: "Run the node without it, beside a batcher of the older forks.",
    facts: { setting: "batcherKey", fjord, now },
  });
}
