import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createChainReader } from "../../node/app/readers.ts";
import { hashHeader } from "../../node/chain/codec/header.ts";
import { logsBloom } from "../../node/chain/codec/receipt.ts";
import type { Block, Log, Receipt } from "../../node/chain/types/block.ts";
import type { Address, Hash, Hex } from "../../node/chain/types/primitives.ts";
import { createExecutor } from "../../node/execution/evm/create-executor.ts";
import { createStateReader } from "../../node/execution/evm/state-reader.ts";
import { nodeRpcMethods } from "../../node/rpc/node-methods.ts";
import { createRpcServer } from "../../node/rpc/server.ts";
import { type ChainStore, openChainStore } from "../../node/store/chain-store.ts";
import { startAnvil } from "../harness/anvil.ts";
import { TEST_GENESIS, testRollup } from "../harness/blocks.ts";
import { type Bench, cpuClock, type Figure, median } from "./figure.ts";

const BLOCKS = 100_000;
/** One block in so many has a log. */
const EVERY = 50;
/** Blocks of one write. */
const BATCH = 5_000;
const ROUNDS = 9;
/** What a block with logs may be about: contracts that emit, topics that they name. */
const CONTRACTS = 10;
const TOPICS = 100;

const contract = (n: number): Address => `0x${(0xc0de00 + n).toString(16).padStart(40, "0")}`;
const topic = (n: number): Hash => `0x${n.toString(16).padStart(64, "0")}`;

interface Target {
  url: string;
  stop(): Promise<void>;
}

/** `eth_getLogs` over 100,000 blocks by address and topic: a node with its database and its index beside anvil in memory. */
export const logsBench: Bench = {
  name: "logs",
  async run() {
    const folder = await mkdtemp(join(tmpdir(), "bench-logs-"));
    const targets: Target[] = [];
    try {
      const { target, seconds } = await startOurs(folder);
      targets.push(target, await startPeer());
      const queries: [string, object][] = [
        ["by address", { address: contract(3) }],
        ["by address and topic", { address: contract(3), topics: [topic(3)] }],
        ["by two topics of any contract", { topics: [[topic(41), topic(77)]] }],
        ["by an address without logs", { address: contract(CONTRACTS) }],
      ];
      const figures: Figure[] = [
        {
          what: `index of ${BLOCKS} blocks`,
          unit: "blocks/s of processor",
          ours: BLOCKS / seconds,
          peer: undefined,
        },
      ];
      for (const [what, filter] of queries) figures.push(await compare(what, filter, targets));
      return figures;
    } finally {
      for (const { stop } of targets.reverse()) await stop();
      await rm(folder, { recursive: true });
    }
  },
};

async function compare(what: string, filter: object, targets: readonly Target[]): Promise<Figure> {
  const times: number[][] = targets.map(() => []);
  const counts = new Set<number>();
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [side, { url }] of targets.entries()) {
      const start = performance.now();
      counts.add(
        (await ask(url, "eth_getLogs", [{ fromBlock: "0x0", toBlock: "latest", ...filter }])).length,
      );
      if (round > 0) times[side]!.push(performance.now() - start);
    }
  }
  if (counts.size !== 1) throw new Error(`the two found different logs ${what}: ${[...counts].join(", ")}`);
  const [ours, peer] = times.map((list) => 1000 / median(list)) as [number, number];
  return {
    what: `eth_getLogs over ${BLOCKS} blocks ${what}, ${[...counts][0]} logs`,
    unit: "queries/s",
    ours,
    peer: { name: "anvil", value: peer },
  };
}

async function ask(url: string, method: string, params: unknown[]): Promise<unknown[]> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  const { result, error } = (await response.json()) as { result?: unknown[]; error?: { message: string } };
  if (result === undefined) throw new Error(`${method}: ${error?.message}`);
  return result;
}

/** The log of a block, where it has one. */
function logOf(number: number): Log | undefined {
  if (number % EVERY !== 0) return undefined;
  const n = number / EVERY;
  return { address: contract(n % CONTRACTS), topics: [topic(n % TOPICS)], data: new Uint8Array(0) };
}

function childOf({ hash, header }: Block, log: Log | undefined): { block: Block; receipts: Receipt[] } {
  const logs = log === undefined ? [] : [log];
  const bloom = logsBloom(logs);
  const next = {
    ...header,
    parentHash: hash,
    number: header.number + 1n,
    timestamp: header.timestamp + 2n,
    logsBloom: bloom,
  };
  const receipt: Receipt = {
    type: 2,
    status: 1,
    cumulativeGasUsed: 21_000n,
    logsBloom: bloom,
    logs,
    gasUsed: 21_000n,
    effectiveGasPrice: 1n,
    contractAddress: undefined,
    depositNonce: undefined,
    depositReceiptVersion: undefined,
    l1: undefined,
  };
  return { block: { hash: hashHeader(next), header: next, transactions: [] }, receipts: [receipt] };
}

async function fill(store: ChainStore): Promise<Block> {
  let last = TEST_GENESIS;
  let made: { block: Block; receipts: Receipt[]; state: { writes: [] } }[] = [
    { block: last, receipts: [], state: { writes: [] } },
  ];
  for (let number = 1; number <= BLOCKS; number++) {
    const child = childOf(last, logOf(number));
    last = child.block;
    made.push({ ...child, state: { writes: [] } });
    if (made.length < BATCH && number < BLOCKS) continue;
    const heads = { unsafe: last.hash, safe: TEST_GENESIS.hash, finalized: TEST_GENESIS.hash };
    await store.commit({ blocks: made, heads });
    made = [];
  }
  return last;
}

/** The node's methods over a database of made-up blocks; and what indexing them took. */
async function startOurs(folder: string): Promise<{ target: Target; seconds: number }> {
  const rollup = testRollup();
  const store = await openChainStore(folder, rollup);
  const { hash, header } = await fill(store);
  const start = cpuClock();
  await store.logIndex.extend(header.number);
  const seconds = cpuClock() - start;
  const head = { hash, number: header.number };
  const engine = {
    heads: () => ({ unsafe: head, safe: head, finalized: head }),
    subscribe: () => () => undefined,
  };
  const server = await createRpcServer({
    host: "127.0.0.1",
    port: 0,
    methods: nodeRpcMethods({
      chain: createChainReader(store, engine),
      state: createStateReader(store.state),
      simulator: createExecutor({
        rollup,
        openledger: { attributionTime: undefined },
        stateDatabase: store.state,
        ancestorHash: (number) => store.canonicalHash(number),
      }),
      rollup,
      version: "openledger/bench",
    }),
  });
  const stop = async () => {
    await server.close();
    await store.close();
  };
  return { target: { url: server.httpUrl, stop }, seconds };
}

/** Emits LOG1 with the topic that its input names. */
const EMITS: Hex = "0x5f355f5fa100";

/** anvil with as many blocks and the same logs at the same numbers. */
async function startPeer(): Promise<Target> {
  const anvil = await startAnvil({ chainId: 901, extra: ["--order", "fifo"] });
  for (let n = 0; n < CONTRACTS; n++) await anvil.rpc("anvil_setCode", [contract(n), EMITS]);
  const [from] = (await anvil.rpc("eth_accounts", [])) as Address[];
  for (let number = EVERY; number <= BLOCKS; number += EVERY) {
    const { address, topics } = logOf(number)!;
    await anvil.mine(EVERY - 1);
    await anvil.rpc("eth_sendTransaction", [{ from, to: address, data: topics[0], gas: "0xc350" }]);
    await anvil.mine(1);
  }
  return { url: anvil.url, stop: () => anvil.kill() };
}
