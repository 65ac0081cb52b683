import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CodedError } from "../../node/base/errors.ts";
import { silentLogger } from "../../node/base/logger.ts";
import { isActive } from "../../node/chain/rules/forks.ts";
import type { Block } from "../../node/chain/types/block.ts";
import type { Hash } from "../../node/chain/types/primitives.ts";
import { createExecutor, type ExecutorKind } from "../../node/execution/evm/create-executor.ts";
import { makeGenesis } from "../../node/execution/state/genesis-state.ts";
import { MemoryDatabase } from "../../node/execution/state/memory-database.ts";
import { createDerivationPipeline } from "../../node/rollup/derivation/pipeline.ts";
import { createDerivationDriver } from "../../node/rollup/forkchoice/derivation-driver.ts";
import { createEngine } from "../../node/rollup/forkchoice/engine.ts";
import { openChainStore } from "../../node/store/chain-store.ts";
import { Verifier } from "../actions/verifier.ts";
import { vectorsFolder } from "../conformance/group.ts";
import { isRecording, readRecordedL1 } from "../conformance/recording.ts";
import { Ancestors } from "../support/ancestors.ts";
import { readRecording } from "../support/recordings.ts";
import { type Bench, cpuClock, type Figure, median, wallClock } from "./figure.ts";
import { makeChain, type RecordedChain } from "./made-chain.ts";

const ROUNDS = 3;
/** Loaded ones. A recording with fewer is derived several times, each time from its genesis. */
const BLOCKS_A_ROUND = 300;
/** The chain that is made for it. */
const MADE = { seed: 0x0de71e, blocks: BLOCKS_A_ROUND, transactionsPerBlock: 60 };
const KINDS = ["wasm", "ts"] as const satisfies readonly ExecutorKind[];
type Kind = (typeof KINDS)[number];

/** What one derivation took. */
interface Pass {
  cpu: number;
  wall: number;
  gas: bigint;
  /** Blocks with more than the L1 attributes in them. */
  loaded: number;
}

type DerivePass = (chain: RecordedChain, kind: Kind) => Promise<Block[]>;

/**
 * A chain from its L1 data, one made from a seed and the longest that others recorded: the pipeline and each executor, then with
 * the node's store as well.
 */
export const deriveBench: Bench = {
  name: "derive",
  async run() {
    const made = await measure(await makeChain(MADE), ROUNDS);
    const recorded = largestChain();
    return recorded === undefined ? made : [...made, ...(await measure(recorded, 1))];
  },
  summary: ([first]) => `derive ratio ${(first!.ours / first!.peer!.value).toFixed(2)}`,
};

/** Rounds in turns, each of at least {@link BLOCKS_A_ROUND} blocks. */
async function measure(chain: RecordedChain, rounds: number): Promise<Figure[]> {
  const { loaded } = await timed(deriveInMemory, chain, "wasm");
  await timed(deriveInMemory, chain, "ts");
  const passes = Math.ceil(BLOCKS_A_ROUND / loaded);
  const times: Record<Kind, Pass[]> = { wasm: [], ts: [] };
  for (let round = 0; round < rounds; round++) {
    for (const kind of KINDS) {
      const measured: Pass[] = [];
      for (let i = 0; i < passes; i++) measured.push(await timed(deriveInMemory, chain, kind));
      times[kind].push(sum(measured));
    }
  }
  const stored: Record<Kind, Pass[]> = {
    wasm: [await timed(throughStore, chain, "wasm")],
    ts: [await timed(throughStore, chain, "ts")],
  };
  const count = (chain.hashes.length - 1) * passes;
  return [...figures(chain, "", count, times), ...figures(chain, " into the store", count / passes, stored)];
}

function figures(
  { name }: RecordedChain,
  how: string,
  blocks: number,
  times: Record<Kind, readonly Pass[]>,
): Figure[] {
  const [{ gas, loaded }] = times.wasm as [Pass];
  const note = `${blocks} blocks a round, ${loaded} of them loaded, ${(Number(gas) / 1e6 / blocks).toFixed(2)} Mgas a block`;
  const amounts = [
    { unit: "blocks", amount: blocks },
    { unit: "Mgas", amount: Number(gas) / 1e6 },
  ];
  const clocks = [
    { clock: "cpu", per: "processor second" },
    { clock: "wall", per: "second of the clock" },
  ] as const;
  return clocks.flatMap(({ clock, per }) =>
    amounts.map(({ unit, amount }) => {
      const rate = (kind: Kind) => amount / median(times[kind].map((pass) => pass[clock]));
      const peer = { name: "with @ethereumjs/evm", value: rate("ts") };
      return {
        what: `derivation of ${name}${how}`,
        unit: `${unit} per ${per}`,
        ours: rate("wasm"),
        peer,
        note,
      };
    }),
  );
}

function sum(passes: readonly Pass[]): Pass {
  return passes.reduce((a, b) => ({
    cpu: a.cpu + b.cpu,
    wall: a.wall + b.wall,
    gas: a.gas + b.gas,
    loaded: a.loaded + b.loaded,
  }));
}

/** @throws CodedError `BENCH_MISMATCH` for a block that is not the recorded one. */
async function timed(derive: DerivePass, chain: RecordedChain, kind: Kind): Promise<Pass> {
  const [cpu, wall] = [cpuClock(), wallClock()];
  const blocks = await derive(chain, kind);
  const pass = { cpu: cpuClock() - cpu, wall: wallClock() - wall };
  for (const [index, recorded] of chain.hashes.slice(1).entries()) {
    if (blocks[index]?.hash === recorded) continue;
    throw new CodedError("BENCH_MISMATCH", "fatal", {
      message: `${chain.name}, ${kind}: block ${index + 1} is not the recorded one`,
      facts: { recorded, derived: blocks[index]?.hash },
    });
  }
  return {
    ...pass,
    gas: blocks.reduce((gas, { header }) => gas + header.gasUsed, 0n),
    loaded: blocks.filter(({ transactions }) => transactions.length > 1).length,
  };
}

/** Pipeline and executor, with blocks and state in memory. */
export async function deriveInMemory(
  { rollup, l1Chain, genesis, l1, blobs, hashes }: RecordedChain,
  kind: Kind,
): Promise<Block[]> {
  const database = new MemoryDatabase();
  database.write(genesis.stateWrites);
  const openledger = { attributionTime: undefined };
  const ancestors = new Ancestors(genesis.block);
  const executor = createExecutor({
    kind,
    rollup,
    openledger,
    stateDatabase: database,
    ancestorHash: ancestors.hash,
  });
  const verifier = new Verifier({
    rollup,
    l1Chain,
    genesis: genesis.block,
    async build(parent, attributes) {
      const executed = await executor.build(parent.header, attributes);
      database.write(executed.state.writes);
      ancestors.add(executed.block);
      return executed;
    },
    l1: (number) => l1[Number(number - l1[0]!.number)],
    blobs,
  });
  await verifier.derive();
  return hashes.slice(1).flatMap((_, index) => verifier.at(index + 1)?.block ?? []);
}

/** The node's driver and engine over a store in a folder of its own, with a commit a block. */
async function throughStore(chain: RecordedChain, kind: Kind): Promise<Block[]> {
  const { rollup, genesis } = chain;
  const folder = mkdtempSync(join(tmpdir(), "openledger-derive-"));
  try {
    const store = await openChainStore(folder, rollup);
    const { hash } = genesis.block;
    await store.commit({
      blocks: [{ block: genesis.block, receipts: [], state: { writes: genesis.stateWrites } }],
      heads: { unsafe: hash, safe: hash, finalized: hash },
    });
    const openledger = { attributionTime: undefined };
    const executor = createExecutor({
      kind,
      rollup,
      openledger,
      stateDatabase: store.state,
      ancestorHash: (number) => store.canonicalHash(number),
    });
    const engine = createEngine({ store, executor, rollup, logger: silentLogger });
    const blocks: Block[] = [];
    const controller = new AbortController();
    engine.subscribe(({ added }) => {
      blocks.push(...added);
      if (blocks.length === chain.hashes.length - 1) controller.abort();
    });
    const { signal } = controller;
    await createDerivationDriver({ ...fixedL1(chain), engine, store, rollup, signal }).run();
    await store.close();
    return blocks;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the driver reads an L1 with that is all there. */
function fixedL1({ rollup, l1Chain, l1, blobs }: RecordedChain) {
  const at = (number: bigint) => l1[Number(number - l1[0]!.number)];
  const latest = l1.at(-1)!;
  return {
    l1: {
      chainId: async () => l1Chain.chainId,
      label: async () => latest,
      refByNumber: async (number: bigint) => at(number),
      blockByNumber: async (number: bigint) => at(number),
    },
    blobs: {
      blobs: async (_: unknown, hashes: readonly Hash[]) => hashes.map((hash) => blobs.get(hash)!),
    },
    watcher: {
      heads: () => ({ latest, safe: undefined, finalized: undefined }),
      answers: () => 1,
      subscribe: () => () => undefined,
      run: async () => undefined,
    },
    createPipeline: (start: Parameters<typeof createDerivationPipeline>[0]["start"]) =>
      createDerivationPipeline({ rollup, l1Chain, start }),
    logger: silentLogger,
  };
}

/** The longest recording whose L1 is not reorganised, and whose rules are today's from its first block on. */
function largestChain(): RecordedChain | undefined {
  const vectors = vectorsFolder();
  const folder = vectors && join(vectors, "op-recordings");
  if (folder === undefined || !existsSync(folder)) return undefined;
  const names = readdirSync(folder).filter((name) => isRecording(join(folder, name)));
  const chains = names.flatMap((name) => readChain(name, join(folder, name)) ?? []);
  return chains.toSorted((a, b) => b.hashes.length - a.hashes.length)[0];
}

/** Undefined for an L1 that is reorganised, and a chain with older rules: figures of it would be of those. */
function readChain(name: string, folder: string): RecordedChain | undefined {
  const { l1Chain, blocks: l1, blobs } = readRecordedL1(folder);
  const { rollup, genesis: config, blocks } = readRecording(folder);
  const inOrder = l1.every(({ parentHash }, index) => index === 0 || parentHash === l1[index - 1]!.hash);
  if (!inOrder || !isActive(rollup, "jovian", rollup.genesis.l2Time)) return undefined;
  const genesis = makeGenesis(config);
  return { name, rollup, l1Chain, genesis, l1, blobs, hashes: blocks.map(({ hash }) => hash) };
}
