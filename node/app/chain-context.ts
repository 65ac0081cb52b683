import type { Logger } from "../base/logger.ts";
import type { StateReader } from "../execution/evm/executor.ts";
import type { Mempool } from "../execution/mempool/types.ts";
import type { DerivationDriver } from "../rollup/forkchoice/derivation-driver.ts";
import type { Engine } from "../rollup/forkchoice/engine.ts";
import type { L1Reader } from "../rollup/l1/reader.ts";
import type { L1Rpc } from "../rollup/l1/rpc.ts";
import type { L1Watcher } from "../rollup/l1/watcher.ts";
import type { ChainStore } from "../store/chain-store.ts";
import type { NodeConfig } from "./config/node-config.ts";
import type { NodeMetrics } from "./metrics.ts";
import type { ChainDefinition } from "./open-chain.ts";
import type { RemotePool } from "./remote-pool.ts";

/** What the chain's parts share. */
export interface ChainContext {
  config: NodeConfig;
  definition: ChainDefinition;
  store: ChainStore;
  logger: Logger;
  metrics: NodeMetrics;
  state: StateReader;
  /** Of the whole node. */
  signal: AbortSignal;
  rpc: L1Rpc;
  l1: L1Reader;
  watcher: L1Watcher;
  engine: Engine;
  driver: DerivationDriver;
  /** Only a sequencer has one. */
  mempool: Mempool | undefined;
  relay: RemotePool | undefined;
}
