import { setMaxListeners } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "../../node/base/logger.ts";
import type { L1Block, L1BlockRef } from "../../node/chain/types/l1.ts";
import type { RollupConfig } from "../../node/chain/types/rollup.ts";
import { createExecutor } from "../../node/execution/evm/create-executor.ts";
import type { Mempool } from "../../node/execution/mempool/types.ts";
import { makeGenesis } from "../../node/execution/state/genesis-state.ts";
import { createDerivationPipeline } from "../../node/rollup/derivation/pipeline.ts";
import { rollupError } from "../../node/rollup/errors.ts";
import {
  createDerivationDriver,
  type DerivationDriver,
} from "../../node/rollup/forkchoice/derivation-driver.ts";
import { createEngine, type Engine } from "../../node/rollup/forkchoice/engine.ts";
import { createFinality, type Finality } from "../../node/rollup/forkchoice/finality.ts";
import type { L1Reader } from "../../node/rollup/l1/reader.ts";
import type { L1Heads, L1Watcher } from "../../node/rollup/l1/watcher.ts";
import { createSequencer } from "../../node/rollup/sequencer/sequencer.ts";
import { type ChainStore, openChainStore } from "../../node/store/chain-store.ts";
import { EXECUTOR } from "../support/executor-kind.ts";
import { l1Chain, testGenesis } from "./chain-fixture.ts";
import type { Miner } from "./miner.ts";

/** L1 as one node sees it. */
export interface L1Sight {
  /** Number of the highest block that it shows; all unless given. */
  height: bigint | undefined;
  /** `hangs`: no call is ever answered. */
  mood: "well" | "down" | "hangs";
  /** Ends the calls that hang, as the end of a connection does. */
  drop: Set<() => void>;
}

/** A node's chain on disk with the real engine, driver, finality and sequencer, over an L1 that a test mines. */
export interface WholeNode {
  sight: L1Sight;
  engine: Engine;
  driver: DerivationDriver;
  finality: Finality;
  store: ChainStore;
  /** Tells it of L1's head, as its watcher would. */
  look(): void;
  /** Resolves once it holds; rejects when it takes too long. */
  until(holds: () => boolean): Promise<void>;
  /** Ends its loops and begins them again over the same data, as a restart does. */
  restart(): Promise<void>;
  /** Sets the sequencer's clock to the time of that block, and waits for it. */
  sequenceUntil(number: bigint): Promise<void>;
  stop(): Promise<void>;
}

const NO_POOL = { source: () => ({ take: () => [], settle: () => undefined }) } as unknown as Mempool;
const PATIENCE_MS = 60_000;

export async function createWholeNode(miner: Miner, rollup: RollupConfig): Promise<WholeNode> {
  const folder = await mkdtemp(join(tmpdir(), "whole-node-"));
  const store = await openChainStore(folder, rollup);
  const { block, stateWrites } = makeGenesis(testGenesis());
  const { hash } = block;
  await store.commit({
    blocks: [{ block, receipts: [], state: { writes: stateWrites } }],
    heads: { unsafe: hash, safe: hash, finalized: hash },
  });
  const sight: L1Sight = { height: undefined, mood: "well", drop: new Set() };
  const l1 = readerOf(miner, sight);
  const watcher = watcherOf(miner, sight);
  let now = 0;
  let running = start();

  function start() {
    const controller = new AbortController();
    const { signal } = controller;
    setMaxListeners(0, signal);
    const openledger = { attributionTime: undefined };
    const executor = createExecutor({
      kind: EXECUTOR,
      rollup,
      openledger,
      stateDatabase: store.state,
      ancestorHash: (number) => store.canonicalHash(number),
    });
    const common = { store, rollup, l1, watcher, logger: silentLogger, signal };
    const engine = createEngine({ ...common, executor });
    const driver = createDerivationDriver({
      ...common,
      engine,
      blobs: { blobs: async (_, hashes) => hashes.map((each) => miner.blobs.get(each)!) },
      createPipeline: (from) => createDerivationPipeline({ rollup, l1Chain, start: from }),
    });
    const finality = createFinality({ ...common, engine, driver });
    const loops: Promise<void>[] = [driver.run()];
    let isSequencing = false;
    const sequence = () => {
      if (isSequencing) return;
      isSequencing = true;
      const clock = { now: () => now };
      const options = { ...common, engine, driver, l1Chain, clock, mempool: NO_POOL, confirmations: 0n };
      loops.push(createSequencer(options).run());
    };
    const end = async () => {
      controller.abort();
      const { mood } = sight;
      sight.mood = "down";
      for (const drop of sight.drop) drop();
      await Promise.all(loops).finally(() => Object.assign(sight, { mood }));
    };
    // A driver that gives up ends by rejecting; whoever waits for something sees that it never comes.
    for (const loop of loops) loop.catch(() => undefined);
    return { engine, driver, finality, sequence, end };
  }

  const until = async (holds: () => boolean) => {
    const deadline = performance.now() + PATIENCE_MS;
    while (!holds()) {
      if (performance.now() > deadline) throw new Error(`not in time: ${String(holds)}`);
      watcher.look();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };

  return {
    sight,
    store,
    get engine() {
      return running.engine;
    },
    get driver() {
      return running.driver;
    },
    get finality() {
      return running.finality;
    },
    look: () => watcher.look(),
    until,
    async restart() {
      await running.end();
      running = start();
    },
    async sequenceUntil(number) {
      now = Number(rollup.genesis.l2Time + rollup.blockTime * number);
      running.sequence();
      await until(() => running.engine.heads().unsafe.number >= number);
    },
    async stop() {
      await running.end().catch(() => undefined);
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

function unavailable(): Error {
  return rollupError("L1_UNAVAILABLE", { message: "L1 is away" });
}

function headOf(miner: Miner, { height }: L1Sight): L1Block {
  return (height === undefined ? undefined : miner.at(height)) ?? miner.head;
}

function refOf({ hash, number, parentHash, timestamp }: L1Block): L1BlockRef {
  return { hash, number, parentHash, timestamp };
}

function readerOf(miner: Miner, sight: L1Sight): L1Reader {
  const answer = async <T>(give: () => T): Promise<T> => {
    if (sight.mood === "down") throw unavailable();
    if (sight.mood === "hangs") {
      await new Promise((_, reject) => sight.drop.add(() => reject(unavailable())));
    }
    return give();
  };
  const at = (number: bigint) => (number <= headOf(miner, sight).number ? miner.at(number) : undefined);
  const byHash = (hash: string) => {
    for (let number = 0n; ; number++) {
      const block = at(number);
      if (block === undefined || block.hash === hash) return block;
    }
  };
  return {
    chainId: () => answer(() => 900n),
    label: () => answer(() => refOf(headOf(miner, sight))),
    refByNumber: (number) =>
      answer(() => {
        const block = at(number);
        return block && refOf(block);
      }),
    blockByNumber: (number) => answer(() => at(number)),
    blockByHash: (hash) => answer(() => byHash(hash)),
  };
}

function watcherOf(miner: Miner, sight: L1Sight): L1Watcher & { look(): void } {
  const listeners = new Set<(heads: L1Heads) => void>();
  let heads: L1Heads | undefined;
  return {
    heads: () => heads,
    answers: () => 1,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    run: async () => undefined,
    look() {
      if (sight.mood !== "well") return;
      heads = { latest: refOf(headOf(miner, sight)), safe: undefined, finalized: undefined };
      for (const listener of listeners) listener(heads);
    },
  };
}
