import { systemClock } from "../base/clock.ts";
import type { CodedError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { Hex } from "../chain/types/primitives.ts";
import { createExecutor } from "../execution/evm/create-executor.ts";
import type { AncestorHash } from "../execution/evm/executor.ts";
import { createMempool, type Mempool } from "../execution/mempool/mempool.ts";
import { recoverSendersOffThread } from "../execution/senders.ts";
import { NodeStore } from "../execution/state/node-store.ts";
import { createBatcher } from "../rollup/batcher/batcher.ts";
import { createDerivationPipeline } from "../rollup/derivation/pipeline.ts";
import { createDerivationDriver, type DerivationDriver } from "../rollup/forkchoice/derivation-driver.ts";
import { createEngine, type Engine } from "../rollup/forkchoice/engine.ts";
import { createL1Reader, type L1Reader } from "../rollup/l1/reader.ts";
import { createL1Rpc, type L1Rpc } from "../rollup/l1/rpc.ts";
import { createL1Sender, type L1Sender } from "../rollup/l1/sender.ts";
import { createL1Watcher, type L1Watcher } from "../rollup/l1/watcher.ts";
import { runProposer } from "../rollup/proposer/proposer.ts";
import { createL1Clock } from "../rollup/sequencer/l1-clock.ts";
import { createSequencer } from "../rollup/sequencer/sequencer.ts";
import type { ChainStore } from "../store/chain-store.ts";
import type { NodeConfig } from "./config/node-config.ts";
import { appError } from "./errors.ts";
import type { ChainDefinition } from "./open-chain.ts";
import { createPoolChain } from "./pool-chain.ts";
import { outputAtBlock } from "./readers.ts";

export interface ChainNodeOptions {
  config: NodeConfig;
  definition: ChainDefinition;
  store: ChainStore;
  logger: Logger;
  /** Aborting it stops the node; the node aborts it when a loop can't go on. */
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
  /** Runs all loops; resolves when all have ended after an abort, rejects when one of them could not go on. */
  run(): Promise<void>;
}

/** Wires the chain's parts over an open store. */
export function createChainNode(options: ChainNodeOptions): ChainNode {
  const { config, definition, store, logger } = options;
  const { signal } = options.controller;
  const { rollup, l1Chain, openledger } = definition;
  const named = (module: string) => logger.child({ module });
  const rpc = createL1Rpc({ url: config.l1Url });
  const l1 = createL1Reader(rpc);
  const watcher = createL1Watcher({ reader: l1, logger: named("l1"), signal, pollMs: config.l1PollMs });
  const nodes = new NodeStore(store.state);
  const executor = createExecutor({
    kind: config.executor,
    rollup,
    openledger,
    stateDatabase: store.state,
    nodes,
    ancestorHash: ancestorsIn(store),
  });
  const engine = createEngine({ store, executor, rollup, logger: named("engine") });
  const driver = createDerivationDriver({
    engine,
    store,
    l1,
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
    l1LagMs: config.l1LagMs,
  });
  const mempool = config.sequencer ? followedMempool(options, engine, nodes) : undefined;
  const parts: Parts = { ...options, signal, rpc, l1, watcher, engine, driver, mempool };
  return { engine, driver, watcher, l1, mempool, run: () => runLoops(parts) };
}

interface Parts extends ChainNodeOptions {
  signal: AbortSignal;
  rpc: L1Rpc;
  l1: L1Reader;
  watcher: L1Watcher;
  engine: Engine;
  driver: DerivationDriver;
  mempool: Mempool | undefined;
}

/** Ancestors of canonical blocks: all that is executed or asked builds on one. */
function ancestorsIn(store: ChainStore): AncestorHash {
  return (number, parent) =>
    number + 1n === parent.number ? parent.parentHash : store.canonicalHash(number);
}

function followedMempool(
  { definition, store, logger }: ChainNodeOptions,
  engine: Engine,
  nodes: NodeStore,
): Mempool {
  const { rollup } = definition;
  const log = logger.child({ module: "mempool" });
  const chain = createPoolChain(store, engine, rollup, nodes);
  const mempool = createMempool({
    journal: store.mempool,
    chain,
    rules: rollup,
    recover: recoverSendersOffThread,
    logger: log,
  });
  engine.subscribe((event) => {
    void mempool.chainChanged(event).catch((error: unknown) => {
      log.error({ error }, "The mempool did not follow a change of the chain");
    });
  });
  return mempool;
}

async function runLoops(parts: Parts): Promise<void> {
  const { watcher, driver, mempool, controller } = parts;
  await mempool?.restore();
  const finality = followFinality(parts);
  const loops = [watcher.run(), driver.run()];
  if (mempool !== undefined) loops.push(sequence(parts, mempool));
  if (parts.config.batcherKey !== undefined) loops.push(batch(parts, parts.config.batcherKey));
  if (parts.config.proposerKey !== undefined) loops.push(proposeOutputs(parts, parts.config.proposerKey));
  try {
    await Promise.race([Promise.all(loops), finality.failed]);
  } finally {
    finality.stop();
    controller.abort();
    await Promise.allSettled(loops);
  }
}

function sequence(parts: Parts, mempool: Mempool): Promise<void> {
  const { config, definition, watcher, logger } = parts;
  const clock = config.clock === "l1" ? createL1Clock(watcher) : systemClock;
  const log = logger.child({ module: "sequencer" });
  return createSequencer({
    ...parts,
    mempool,
    rollup: definition.rollup,
    l1Chain: definition.l1Chain,
    clock,
    confirmations: BigInt(config.l1Confirmations),
    logger: log,
  }).run();
}

async function batch(parts: Parts, key: Hex): Promise<void> {
  const { config, definition, engine, driver, store, l1, signal, logger } = parts;
  const log = logger.child({ module: "batcher" });
  await createBatcher({
    rollup: definition.rollup,
    l2: {
      heads: () => engine.heads(),
      blockByNumber(number) {
        const hash = store.canonicalHash(number);
        return hash === undefined ? undefined : store.block(hash);
      },
      derivation: () => ({ isReady: driver.isReady(), currentL1: driver.currentL1()?.number }),
    },
    l1: {
      async blockNumber() {
        const head = await l1.label("latest");
        if (head === undefined) throw noL1Head();
        return head.number;
      },
      sendAll: senderFor(parts, key, "batcher").sendAll,
    },
    logger: log,
    signal,
    maxChannelDuration: BigInt(config.batcherChannelBlocks),
  }).run();
}

async function proposeOutputs(parts: Parts, key: Hex): Promise<void> {
  const { config, engine, driver, store, rpc, signal, logger } = parts;
  if (config.outputOracle === undefined) return;
  await runProposer({
    l2: {
      isReady: () => driver.isReady(),
      heads: () => engine.heads(),
      outputRoot: async (number) => outputAtBlock(store, number).outputRoot,
    },
    rpc,
    sender: senderFor(parts, key, "proposer"),
    oracle: config.outputOracle,
    allowNonFinalized: config.proposerAllowNonFinalized,
    logger: logger.child({ module: "proposer" }),
    signal,
  });
}

function senderFor({ rpc, definition, signal, logger }: Parts, privateKey: Hex, module: string): L1Sender {
  const chainId = definition.rollup.l1ChainId;
  return createL1Sender({ rpc, privateKey, chainId, logger: logger.child({ module }), signal });
}

/** L2 blocks that a finalized L1 block made safe are final. */
function followFinality({ watcher, engine }: Parts): { failed: Promise<void>; stop: () => void } {
  let stop: () => void = () => undefined;
  const failed = new Promise<void>((_, reject) => {
    stop = watcher.subscribe(({ finalized }) => {
      if (finalized !== undefined) engine.finalize(finalized.number).catch(reject);
    });
  });
  return { failed, stop: () => stop() };
}

function noL1Head(): CodedError {
  return appError("L1_UNAVAILABLE", {
    message: "The L1 node has no head block.",
    fix: "Check the L1 node; this node tries again by itself.",
  });
}
