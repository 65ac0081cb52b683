import { type Clock, monotonicMs, sleep } from "../../base/clock.ts";
import { isCodedError, isTemporary } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { retry } from "../../base/retry.ts";
import { systemConfigFromBlock } from "../../chain/system-config.ts";
import type { Block } from "../../chain/types/block.ts";
import type { L1Block } from "../../chain/types/l1.ts";
import type { L1ChainConfig, L2BlockRef, RollupConfig } from "../../chain/types/rollup.ts";
import { isUpgradeBlock } from "../../chain/upgrades/upgrade-transactions.ts";
import type { BuildBudget } from "../../execution/evm/executor.ts";
import type { Mempool } from "../../execution/mempool/types.ts";
import type { ChainStore } from "../../store/chain-store.ts";
import { buildAttributes } from "../derivation/attributes.ts";
import type { DerivationDriver } from "../forkchoice/derivation-driver.ts";
import type { Engine } from "../forkchoice/engine.ts";
import type { L1Reader } from "../l1/reader.ts";
import type { L1Watcher } from "../l1/watcher.ts";
import { depositsOf, logDepositsIncluded, logDepositsSeen } from "./deposit-log.ts";
import { selectOrigin } from "./origin-selector.ts";
import { createOrigins, type Origins } from "./origins.ts";

export interface SequencerOptions {
  engine: Engine;
  driver: DerivationDriver;
  store: ChainStore;
  l1: L1Reader;
  watcher: L1Watcher;
  mempool: Mempool;
  rollup: RollupConfig;
  l1Chain: L1ChainConfig;
  clock: Clock;
  /** L1 blocks that must lie above a new L1 origin. */
  confirmations: bigint;
  logger: Logger;
  signal: AbortSignal;
}

export interface Sequencer {
  /** Builds a block each block time, and back to back while behind its clock. Resolves when the signal aborts. */
  run(): Promise<void>;
}

/** Milliseconds to the next try when a block can't be built yet. */
const PAUSE_MS = 200;
/** The clock may be set meanwhile, so a sleep is never longer. */
const LONGEST_SLEEP_MS = 500;

export function createSequencer(options: SequencerOptions): Sequencer {
  const { logger, signal } = options;
  const origins = createOrigins(options);
  const task = "Sequencing";
  return {
    async run() {
      try {
        while (!signal.aborted) {
          await retry({ task, logger, signal, isTemporary, maxDelayMs: 2_000 }, () => step(options, origins));
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
  };
}

/** Builds the next block if it is time and L1 allows it, else waits a little. */
async function step(options: SequencerOptions, origins: Origins): Promise<void> {
  const { engine, driver, clock, rollup, signal } = options;
  const parent = engine.heads().unsafe;
  const early = Number(parent.timestamp + rollup.blockTime) - clock.now();
  if (!driver.isReady()) return sleep(PAUSE_MS, signal);
  if (early > 0) {
    origins.prepare(parent.l1Origin);
    return sleep(Math.min(LONGEST_SLEEP_MS, Math.ceil(early * 1000)), signal);
  }
  const choice = selectOrigin({ parent, known: await origins.around(parent.l1Origin), rollup });
  if (choice.kind === "origin") return build(options, parent, choice.origin, choice.mayIncludePool);
  if (choice.kind === "reorganised") driver.requestReset(choice.reason);
  options.logger.debug({ reason: choice.reason }, "No block yet");
  return sleep(PAUSE_MS, signal);
}

async function build(
  options: SequencerOptions,
  parent: L2BlockRef,
  origin: L1Block,
  mayIncludePool: boolean,
): Promise<void> {
  const { engine, store, rollup, l1Chain, mempool, logger, signal } = options;
  const parentBlock = store.block(parent.hash);
  if (parentBlock === undefined) return;
  const head = { ref: parent, systemConfig: systemConfigFromBlock(parentBlock, rollup) };
  const required = buildAttributes({ rollup, l1Chain, parent: head, origin });
  const attributes = {
    ...required,
    noTxPool: !mayIncludePool || isUpgradeBlock(rollup, required.timestamp),
  };
  const deposits = origin.number === parent.l1Origin.number ? [] : depositsOf(origin, rollup);
  logDepositsSeen(deposits, origin, logger);
  const started = performance.now();
  try {
    const block = await engine.sequence(parent, attributes, mempool.source(), budgetOf(options));
    if (block === undefined) return;
    logBlock(block, origin, performance.now() - started, logger);
    logDepositsIncluded(deposits, block, logger);
  } catch (error) {
    if (signal.aborted || !isCodedError(error, "PAYLOAD_INVALID")) throw error;
    logger.error({ error, number: parent.number + 1n }, "The block's deposits can't be executed");
    await sleep(PAUSE_MS, signal);
  }
}

/** Ends the taking from the pool, so that a full pool can't delay the block beyond three quarters of its time. */
function budgetOf({ rollup, signal }: SequencerOptions): BuildBudget {
  return { deadline: monotonicMs() + Number(rollup.blockTime) * 750, signal };
}

function logBlock(block: Block, origin: L1Block, milliseconds: number, logger: Logger): void {
  const { header, hash, transactions } = block;
  const facts = {
    number: header.number,
    hash,
    transactions: transactions.length,
    gas: header.gasUsed,
    l1: origin.number,
    ms: Math.round(milliseconds),
  };
  const isEmpty = transactions.every((transaction) => transaction.kind === "deposit");
  const log = isEmpty ? logger.debug : logger.info;
  log.call(logger, facts, "Block built");
}
