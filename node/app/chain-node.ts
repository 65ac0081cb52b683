import { setMaxListeners } from "node:events";
import type { Logger } from "../base/logger.ts";
import { createSupervisor, type Part, type PartStatus, type Supervisor } from "../base/supervisor.ts";
import { createExecutor } from "../execution/evm/create-executor.ts";
import type { AncestorHash } from "../execution/evm/executor.ts";
import { createStateReader } from "../execution/evm/state-reader.ts";
import type { Mempool } from "../execution/mempool/types.ts";
import { measureExecutor, measureMempool } from "../execution/metrics.ts";
import { NodeStore } from "../execution/state/node-store.ts";
import { createDerivationPipeline } from "../rollup/derivation/pipeline.ts";
import { createDerivationDriver, type DerivationDriver } from "../rollup/forkchoice/derivation-driver.ts";
import { createEngine, type Engine } from "../rollup/forkchoice/engine.ts";
import { createBeaconLookup } from "../rollup/l1/beacon.ts";
import { createAnvilLookup, createBlobReader } from "../rollup/l1/blobs.ts";
import { createFailoverRpc } from "../rollup/l1/endpoints.ts";
import { createL1Reader, type L1Reader } from "../rollup/l1/reader.ts";
import { createL1Rpc, type L1Rpc } from "../rollup/l1/rpc.ts";
import { createL1Watcher, type L1Watcher } from "../rollup/l1/watcher.ts";
import { measureHeads } from "../rollup/metrics.ts";
import type { ChainStore } from "../store/chain-store.ts";
import type { ChainContext } from "./chain-context.ts";
import { chainParts, endsNode } from "./chain-parts.ts";
import type { NodeConfig } from "./config/node-config.ts";

import { createNodeMetrics, type NodeMetrics } from "./metrics.ts";

import { type NodePool, openNodePool } from "./node-pool.ts";
import type { ChainDefinition } from "./open-chain.ts";

export interface ChainNodeOptions {
  config: NodeConfig;
  /** Its own, that nobody reads, unless given. */
  metrics?: NodeMetrics;
  definition: ChainDefinition;
  store: ChainStore;
  logger: Logger;
  /** Aborting it stops the node; the node aborts it when no part can go on. */
  controller: AbortController;
}

/** The parts of a running chain: everything but RPC and AI services. */
export interface ChainNode {
  engine: Engine;
  driver: DerivationDriver;
  watcher: L1Watcher;
  l1: L1Reader;
  /** Only a sequencer has one. */
  mempool: Mempool | undefined;
  /** Only a node that passes transactions on to a sequencer has one. */
  relay: NodePool["relay"];
  /** How each of its parts is. */
  parts(): readonly PartStatus[];
  /** Runs one part more beside its own, and again after each failure, until the node stops. */
  supervise(part: Part): Promise<void>;
  /** Runs all parts; resolves when all have ended after an abort, rejects when none of them can go on. */
  run(): Promise<void>;
}

/** Wires the chain's parts over an open store. */
export function createChainNode(options: ChainNodeOptions): ChainNode {
  const { config, definition, store, logger, metrics = createNodeMetrics() } = options;
  const { signal } = options.controller;
  // Each part and each answer that L1 owes waits for it.
  setMaxListeners(0, signal);
  const { rollup, l1Chain, openledger } = definition;
  const named = (module: string) => logger.child({ module });
  const rpcs = config.l1Url.map((url) =>
    endedBy(signal, createL1Rpc({ url, timeoutMs: callTimeout(config) })),
  );
  const rpc = createFailoverRpc(rpcs, named("l1"));
  const { batchInboxAddress: inbox } = rollup;
  const l1 = createL1Reader(rpcs, { trust: config.l1TrustRpc, inbox, logger: named("l1") });
  const watcher = createL1Watcher({ reader: l1, logger: named("l1"), signal, pollMs: config.l1PollMs });
  const nodes = new NodeStore(store.state);
  const executor = createExecutor({
    kind: config.executor,
    rollup,
    openledger,
    stateDatabase: store.state,
    nodes,
    flatTable: store.flat,
    ancestorHash: ancestorsIn(store),
  });
  const engine = createEngine({
    store,
    executor: measureExecutor(executor, metrics.registry),
    rollup,
    logger: named("engine"),
    keepOrphans: config.sequencer,
  });
  const driver = createDerivationDriver({
    engine,
    store,
    l1,
    blobs: createBlobReader([...(config.l1BeaconUrl ?? []).map(createBeaconLookup), createAnvilLookup(rpc)]),
    watcher,
    rollup,
    createPipeline: (start) =>
      createDerivationPipeline({
        rollup,
        l1Chain,
        start,
        observe: ({ stage, reason, facts }) => named(stage).debug(facts, reason),
      }),
    logger: named("derivation"),
    signal,
  });
  const pool = openNodePool({ config, definition, store, engine, nodes, logger });
  const state = createStateReader(store.state);
  const shared = { ...options, ...pool, metrics, state };
  const context: ChainContext = { ...shared, signal, rpc, l1, watcher, engine, driver };
  measureHeads(metrics.registry, {
    heads: () => engine.heads(),
    l1Heads: () => watcher.heads(),
    currentL1: () => driver.currentL1(),
    isReady: () => driver.isReady(),
  });
  if (pool.mempool !== undefined) measureMempool(pool.mempool, metrics.registry);
  const supervisor = createSupervisor({
    logger: named("node"),
    signal,
    endsAll: (error) => endsNode(context, error),
  });
  return {
    engine,
    driver,
    watcher,
    l1,
    ...pool,
    parts: () => supervisor.status(),
    supervise: (part) => supervisor.run(part),
    run: () => runParts(context, supervisor, options.controller),
  };
}

/** Milliseconds: where another endpoint can be asked, one that hangs is not waited for as long. */
function callTimeout({ l1Url }: NodeConfig): number {
  return l1Url.length > 1 ? 5_000 : 20_000;
}

/** Ancestors of canonical blocks: all that is executed or asked builds on one. */
function ancestorsIn(store: ChainStore): AncestorHash {
  return (number, parent) =>
    number + 1n === parent.number ? parent.parentHash : store.canonicalHash(number);
}

async function runParts(
  context: ChainContext,
  supervisor: Supervisor,
  controller: AbortController,
): Promise<void> {
  await context.mempool?.restore();
  const running = chainParts(context).map((part) => supervisor.run(part));
  try {
    await Promise.all(running);
  } finally {
    controller.abort();
    await Promise.allSettled(running);
  }
}

/** Lets nobody wait for an answer of L1 once the node stops. */
function endedBy(signal: AbortSignal, rpc: L1Rpc): L1Rpc {
  return (method, params) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const abort = () => reject(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      rpc(method, params)
        .then(resolve, reject)
        .finally(() => signal.removeEventListener("abort", abort));
    });
}
