import { privateKeyToAccount } from "viem/accounts";
import type { Logger } from "../base/logger.ts";
import type { Address } from "../chain/types/primitives.ts";
import type { AdmissionRules } from "../execution/mempool/candidate.ts";
import { createMempool } from "../execution/mempool/mempool.ts";
import type { Mempool } from "../execution/mempool/types.ts";
import { recoverSendersOffThread } from "../execution/senders.ts";
import type { NodeStore } from "../execution/state/node-store.ts";
import type { Engine } from "../rollup/forkchoice/engine.ts";
import type { ChainStore } from "../store/chain-store.ts";
import type { NodeConfig } from "./config/node-config.ts";
import { poolLimits } from "./config/pool-settings.ts";
import type { ChainDefinition } from "./open-chain.ts";
import { createPoolChain } from "./pool-chain.ts";
import { createRemotePool, type RemotePool } from "./remote-pool.ts";

export interface NodePoolOptions {
  config: NodeConfig;
  definition: ChainDefinition;
  store: ChainStore;
  engine: Engine;
  nodes: NodeStore;
  logger: Logger;
}

/** A node's transactions that wait: a sequencer's own pool, or what a node that relays has passed on; at most one. */
export interface NodePool {
  mempool: Mempool | undefined;
  relay: RemotePool | undefined;
}

/** The pool that the settings ask for, following the unsafe head. */
export function openNodePool(options: NodePoolOptions): NodePool {
  const { config, store } = options;
  if (config.sequencer) return { mempool: followed(options, store.mempool), relay: undefined };
  if (config.sequencerUrl === undefined) return { mempool: undefined, relay: undefined };
  const relay = createRemotePool({
    url: config.sequencerUrl,
    rules: admissionRules(options),
    // What it holds the sequencer has in its journal.
    pool: followed(options, unwritten()),
    limits: poolLimits(config),
    logger: options.logger.child({ module: "relay" }),
  });
  return { mempool: undefined, relay };
}

/** What a transaction must be for this node to look at it. */
export function admissionRules({
  config,
  definition,
}: Pick<NodePoolOptions, "config" | "definition">): AdmissionRules {
  return { l2ChainId: definition.rollup.l2ChainId, allowUnprotected: config.rpcAllowUnprotectedTxs };
}

function followed(options: NodePoolOptions, journal: ChainStore["mempool"]): Mempool {
  const { config, definition, store, engine, nodes } = options;
  const logger = options.logger.child({ module: "mempool" });
  const mempool = createMempool({
    journal,
    chain: createPoolChain(store, engine, definition.rollup, nodes),
    rules: admissionRules(options),
    recover: recoverSendersOffThread,
    limits: poolLimits(config),
    locals: localAddresses(config),
    logger,
  });
  engine.subscribe((event) => mempool.chainChanged(event));
  return mempool;
}

/** The node's own host and watcher must get their claims and challenges in whatever strangers do. */
function localAddresses({ txpoolLocals, hostKey, watcherKey }: NodeConfig): Address[] {
  const keys = [hostKey, watcherKey].filter((key) => key !== undefined);
  return [...txpoolLocals, ...keys.map((key) => privateKeyToAccount(key).address.toLowerCase() as Address)];
}

function unwritten(): ChainStore["mempool"] {
  return {
    append: () => [],
    remove: async () => undefined,
    sync: async () => undefined,
    entries: () => [],
    close: () => undefined,
  };
}
