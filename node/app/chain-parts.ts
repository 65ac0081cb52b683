import { type Clock, systemClock } from "../base/clock.ts";
import { isCodedError, isTemporary } from "../base/errors.ts";
import type { Part } from "../base/supervisor.ts";
import type { L1BlockRef } from "../chain/types/l1.ts";
import type { Address, Hex } from "../chain/types/primitives.ts";
import type { Mempool } from "../execution/mempool/types.ts";
import { createBatcher } from "../rollup/batcher/batcher.ts";
import { createFinality } from "../rollup/forkchoice/finality.ts";
import { GWEI, readPrices } from "../rollup/l1/fees.ts";
import type { L1Reader } from "../rollup/l1/reader.ts";
import { createL1Sender, type L1Sender } from "../rollup/l1/sender.ts";
import type { L1Heads } from "../rollup/l1/watcher.ts";
import { runOutputCheck } from "../rollup/proposer/output-check.ts";
import { type ProposerL2, runProposer } from "../rollup/proposer/proposer.ts";
import { createL1Clock } from "../rollup/sequencer/l1-clock.ts";
import { createSequencer } from "../rollup/sequencer/sequencer.ts";
import { indexAddresses } from "./address-indexing.ts";
import { balancesPart, watchedKeys } from "./balances.ts";
import { bridgePart } from "./bridge-books.ts";
import type { ChainContext } from "./chain-context.ts";
import { appError } from "./errors.ts";
import { rebuildFlat } from "./flat-rebuilding.ts";
import { indexLogs } from "./log-indexing.ts";
import { measureBalances, measureBridge, measureOutputs } from "./metrics.ts";
import { pruneStates } from "./pruning.ts";
import { outputAtBlock } from "./readers.ts";
import { watchAddresses, watchBatcher, watchDerivation, watchL1, watchSequencer } from "./watches.ts";

/** The parts of a chain node that run on their own, by its settings. */
export function chainParts(context: ChainContext): Part[] {
  const { config, watcher, mempool, relay } = context;
  const parts: Part[] = [
    { name: "l1", run: () => watcher.run(), watch: watchL1(context) },
    { name: "finality", run: (signal) => followFinality(context, signal) },
    derivation(context),
    { name: "log index", run: (signal) => indexLogs(context.store, context.engine, signal) },
    {
      name: "flat table",
      run: (signal) =>
        rebuildFlat(context.store, context.engine, context.logger.child({ module: "state" }), signal),
    },
  ];
  if (config.addressIndex) {
    const run = (signal: AbortSignal) => indexAddresses(context.store, context.engine, signal);
    parts.push({ name: "address index", run, watch: watchAddresses(context) });
  }
  if (config.stateHistory > 0n) {
    const logger = context.logger.child({ module: "pruning" });
    const options = { ...context, history: config.stateHistory, logger };
    parts.push({ name: "pruning", run: (signal) => pruneStates({ ...options, signal }) });
  }
  if (relay !== undefined) parts.push({ name: "relay", run: (signal) => relay.run(signal) });
  if (mempool !== undefined) {
    const clock = config.clock === "l1" ? createL1Clock(watcher) : systemClock;
    const watch = watchSequencer(context, clock);
    parts.push({ name: "sequencer", run: () => sequence(context, mempool, clock), watch });
  }
  const { batcherKey, proposerKey } = config;
  if (batcherKey !== undefined)
    parts.push({
      name: "batcher",
      run: (signal) => batch(context, batcherKey, signal),
      watch: watchBatcher(context),
    });
  if (proposerKey !== undefined)
    parts.push({ name: "proposer", run: (signal) => proposeOutputs(context, proposerKey, signal) });
  const { outputOracle, openBridge } = config;
  if (outputOracle !== undefined)
    parts.push({ name: "output check", run: outputCheck(context, outputOracle) });
  if (openBridge !== undefined) {
    const log = context.logger.child({ module: "bridge" });
    parts.push(bridgePart(context, openBridge, measureBridge(context.metrics.registry), log));
  }
  const keys = watchedKeys(config, context);
  const onBalance = measureBalances(context.metrics.registry);
  if (keys.length > 0) parts.push(balancesPart(keys, onBalance, context.logger.child({ module: "node" })));
  return parts;
}

/** Failures of what all parts share: the database, and the executor's agreement with itself. No part goes on after them. */
const SHARED_FAILURES = new Set([
  "EXECUTORS_DIFFER",
  "STATE_CODE_MISSING",
  "STATE_NODE_CORRUPT",
  "STATE_NODE_MISSING",
  "STORE_CORRUPT",
  "STORE_UNAVAILABLE",
]);

/** True for what the whole node has to stop for; every other failure is one part's own. */
export function endsNode({ driver }: ChainContext, error: unknown): boolean {
  if (!isCodedError(error)) return false;
  // An L1 that was the right one before lies or is being replaced; one that never was is a wrong setting.
  if (error.code === "L1_OTHER_CHAIN") return driver.currentL1() === undefined;
  return SHARED_FAILURES.has(error.code);
}

function derivation(context: ChainContext): Part {
  const { driver } = context;
  let isFirst = true;
  return {
    name: "derivation",
    watch: watchDerivation(context),
    run() {
      // What a failed step left in the pipeline is unknown.
      if (!isFirst) driver.requestReset("derivation failed and starts again");
      isFirst = false;
      return driver.run();
    },
  };
}

/** L2 blocks that a finalized L1 block made safe are final. */
async function followFinality(context: ChainContext, signal: AbortSignal): Promise<void> {
  const { watcher, logger } = context;
  const finality = createFinality(context);
  const first = watcher.heads();
  await new Promise<void>((resolve, reject) => {
    const follow = ({ finalized }: L1Heads) => {
      if (finalized === undefined) return;
      finality.follow(finalized).catch((error) => {
        if (!isTemporary(error)) return reject(error);
        logger.debug(
          { module: "finality", error },
          "L1 did not confirm what is final, the next block tries again",
        );
      });
    };
    const stop = watcher.subscribe(follow);
    if (first !== undefined) follow(first);
    signal.addEventListener("abort", () => resolve(stop()), { once: true });
  });
}

function sequence(context: ChainContext, mempool: Mempool, clock: Clock): Promise<void> {
  const { config, definition, logger } = context;
  return createSequencer({
    ...context,
    mempool,
    rollup: definition.rollup,
    l1Chain: definition.l1Chain,
    clock,
    confirmations: BigInt(config.l1Confirmations),
    logger: logger.child({ module: "sequencer" }),
  }).run();
}

async function batch(context: ChainContext, key: Hex, signal: AbortSignal): Promise<void> {
  const { config, definition, engine, driver, store, l1, logger, metrics } = context;
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
      blockNumber: async () => (await l1Head(l1)).number,
      proofForm: async () =>
        (await l1Head(l1)).timestamp >= (definition.l1Chain.osakaTime ?? NEVER) ? "cells" : "blob",
      sendAll: senderFor(context, key, "batcher", signal).sendAll,
      prices: () => readPrices(context.rpc, true),
    },
    logger: logger.child({ module: "batcher" }),
    signal,
    maxChannelDuration: BigInt(config.batcherChannelBlocks),
    data: config.batcherData,
    onSent: (sent) => metrics.l1.channelSent(sent),
  }).run();
}

function outputsOf({ definition, engine, driver, store, state }: ChainContext): ProposerL2 {
  const { rollup } = definition;
  return {
    isReady: () => driver.isReady(),
    heads: () => engine.heads(),
    outputRoot: async (number) => (await outputAtBlock({ store, state, rollup }, number)).outputRoot,
  };
}

/** Made once: a part that starts again keeps its gauges. */
function outputCheck(context: ChainContext, oracle: Address): Part["run"] {
  const { config, rpc, logger, metrics } = context;
  const onReport = measureOutputs(metrics.registry);
  const key = config.challengerKey;
  return (signal) =>
    runOutputCheck({
      l2: outputsOf(context),
      rpc,
      oracle,
      challenger: key && senderFor(context, key, "challenger", signal),
      allowNonFinalized: config.proposerAllowNonFinalized,
      onReport,
      logger: logger.child({ module: "output check" }),
      signal,
    });
}

async function proposeOutputs(context: ChainContext, key: Hex, signal: AbortSignal): Promise<void> {
  const { config, rpc, logger } = context;
  // The settings have it wherever they have a proposer's key.
  const oracle = config.outputOracle!;
  await runProposer({
    l2: outputsOf(context),
    rpc,
    sender: senderFor(context, key, "proposer", signal),
    oracle,
    allowNonFinalized: config.proposerAllowNonFinalized,
    logger: logger.child({ module: "proposer" }),
    signal,
  });
}

function senderFor(context: ChainContext, privateKey: Hex, module: string, signal: AbortSignal): L1Sender {
  const { config, rpc, definition, logger, metrics } = context;
  return createL1Sender({
    rpc,
    privateKey,
    chainId: definition.rollup.l1ChainId,
    logger: logger.child({ module }),
    signal,
    observer: metrics.l1.observer(module),
    limits: {
      multiple: BigInt(config.l1FeeMultiple),
      maxBaseFee: BigInt(config.l1MaxBaseFeeGwei) * GWEI,
      maxTip: BigInt(config.l1MaxTipGwei) * GWEI,
      maxBlobBaseFee: BigInt(config.l1MaxBlobBaseFeeGwei) * GWEI,
    },
  });
}

/** Later than every block's time. */
const NEVER = 2n ** 64n;

async function l1Head(l1: L1Reader): Promise<L1BlockRef> {
  const head = await l1.label("latest");
  if (head !== undefined) return head;
  throw appError("L1_UNAVAILABLE", {
    message: "The L1 node has no head block.",
    fix: "Check the L1 node; this node tries again by itself.",
  });
}
