import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "../../node/base/logger.ts";
import {
  createSimulationPool,
  type SimulationPool,
  type SimulationPoolOptions,
} from "../../node/execution/simulation/simulation-pool.ts";
import { type ChainStore, openChainStore } from "../../node/store/chain-store.ts";
import { EXECUTOR } from "./executor-kind.ts";
import { createSmallChain, type SmallChain, type SmallChainOptions } from "./small-chain.ts";

/** A small chain that is also on disk, where the threads for calls read it. */
export interface DiskChain {
  small: SmallChain;
  store: ChainStore;
  /** A pool over the chain on disk; {@link close} ends it. */
  startPool(options?: Partial<SimulationPoolOptions>): SimulationPool;
  /** Builds the next block and writes it to disk. */
  advance(transactions?: readonly Uint8Array[]): Promise<void>;
  close(): Promise<void>;
}

export async function createDiskChain(options: SmallChainOptions = {}): Promise<DiskChain> {
  const small = createSmallChain(options);
  const folder = await mkdtemp(join(tmpdir(), "disk-chain-"));
  const store = await openChainStore(folder, small.rollup);
  const pools: SimulationPool[] = [];
  const commit = async (block: Parameters<ChainStore["commit"]>[0]["blocks"]) => {
    const hash = block!.at(-1)!.block.hash;
    await store.commit({ blocks: block, heads: { unsafe: hash, safe: hash, finalized: hash } });
  };
  await commit([
    {
      block: small.genesis.block,
      receipts: [],
      state: { writes: small.genesis.stateWrites, flat: small.genesis.flat },
    },
  ]);
  return {
    small,
    store,
    startPool(more = {}) {
      const pool = createSimulationPool({
        folder,
        rollup: small.rollup,
        openledger: options.openledger ?? { attributionTime: undefined },
        executor: options.executor ?? EXECUTOR,
        logger: silentLogger,
        ...more,
      });
      pools.push(pool);
      return pool;
    },
    async advance(transactions) {
      await commit([await small.advance(transactions)]);
    },
    async close() {
      for (const pool of pools) await pool.close();
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}
