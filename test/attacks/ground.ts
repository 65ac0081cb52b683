import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { startThread } from "../../node/base/threads.ts";
import type { Address } from "../../node/chain/types/primitives.ts";
import { createL1Reader } from "../../node/rollup/l1/reader.ts";
import type { L1Rpc } from "../../node/rollup/l1/rpc.ts";
import { ANVIL_KEYS, type Anvil, startAnvil } from "../harness/anvil.ts";
import { type NodeProcess, startNodeProcess, writeChainFiles } from "../harness/node-process.ts";
import type { AttackSize } from "./attack.ts";
import type { Seen, WatcherData } from "./watcher.ts";

/** Seconds between L2 blocks of the test chain. */
const BLOCK_TIME = 2;
/** Longest that an honest client may wait for an answer, in ms. */
const MOST_MS = 1_000;

/** Shortest time over which a full attack is judged. */
const LEAST_MS = 3 * BLOCK_TIME * 1_000;

/** A chain to attack: an L1 and a sequencer in processes of their own, in a temporary folder. */
export interface Ground {
  readonly folder: string;
  readonly chainDir: string;
  readonly l1: Anvil;
  readonly sequencer: NodeProcess;
  readonly url: string;
  readonly rpc: L1Rpc;
  /** Has 1,000 coins on both layers, and no transaction. */
  readonly user: PrivateKeyAccount;
  /** Starts another node of the chain, or the sequencer again under its name `sequencer`. */
  start(name: string, settings: Record<string, string | number>): Promise<NodeProcess>;
  /** Plays another client for as long as `attack` takes and judges what it saw. */
  watched<T>(size: AttackSize, attack: () => Promise<T>): Promise<Watched<T>>;
  stop(): Promise<void>;
}

export interface Watched<T> {
  result: T;
  facts: string;
  failures: string[];
}

export interface GroundOptions {
  /** Seconds between L1 blocks; 2 unless given. */
  l1BlockTime?: number;
  /** Settings of the sequencer beside the usual ones. */
  settings?: Record<string, string | number>;
  funded?: readonly Address[];
}

/** Starts L1 and sequencer; the sequencer posts batches too. */
export async function openGround(options: GroundOptions = {}): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), "attack-"));
  const user = privateKeyToAccount(ANVIL_KEYS[2]);
  const l1 = await startAnvil({ blockTime: options.l1BlockTime ?? 2 });
  const started: NodeProcess[] = [];
  const stop = async () => {
    await Promise.all(started.map((node) => node.crash()));
    await l1.kill();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const chainDir = join(folder, "chain");
    const head = await createL1Reader(l1.rpc).label("latest");
    writeChainFiles(chainDir, head!, [user.address.toLowerCase() as Address, ...(options.funded ?? [])]);
    const start: Ground["start"] = async (name, settings) => {
      const dataDir = join(folder, name);
      const common = {
        dataDir,
        chainDir,
        l1Url: l1.url,
        l1PollMs: 100,
        l1Confirmations: 0,
        logLevel: "info",
      };
      const node = await startNodeProcess({ ...common, ...settings });
      started.push(node);
      return node;
    };
    const sequencer = await start("sequencer", {
      sequencer: "true",
      batcherKey: ANVIL_KEYS[1],
      ...options.settings,
    });
    const { url, rpc } = sequencer;
    const watched: Ground["watched"] = (size, attack) => watchWhile(url, size, attack);
    return { folder, chainDir, l1, sequencer, url, rpc, user, start, watched, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function watchWhile<T>(url: string, size: AttackSize, attack: () => Promise<T>): Promise<Watched<T>> {
  const data: WatcherData = { url };
  const watcher = startThread("./watcher", import.meta.url, { workerData: data });
  const next = () =>
    new Promise<unknown>((resolve, reject) => {
      watcher.once("message", resolve);
      watcher.once("error", reject);
    });
  try {
    await next();
    const started = performance.now();
    const result = await attack();
    // Long enough to tell whether blocks go on coming.
    if (size === "full") await sleep(Math.max(0, LEAST_MS - (performance.now() - started)));
    const seen = next();
    watcher.postMessage("stop");
    return { result, ...judge(size, (await seen) as Seen) };
  } finally {
    await watcher.terminate();
  }
}

function judge(size: AttackSize, seen: Seen): { facts: string; failures: string[] } {
  const { seconds, blocks, answers, slowestMs, failed, longestGapMs } = seen;
  const facts = `${blocks} blocks in ${seconds.toFixed(1)} s, longest gap ${(longestGapMs / 1000).toFixed(1)} s; another client: ${answers} answers, slowest ${Math.round(slowestMs)} ms`;
  const failures = failed.slice(0, 3).map((text) => `another client got no answer: ${text}`);
  if (answers === 0) failures.push("another client was never answered");
  if (size === "small") return { facts, failures };
  if (slowestMs > MOST_MS) failures.push(`another client waited longer than ${MOST_MS} ms`);
  const due = Math.floor(seconds / BLOCK_TIME) - 1;
  if (blocks < due) failures.push(`${blocks} blocks where ${due} were due`);
  if (longestGapMs > 2 * BLOCK_TIME * 1000) failures.push("the sequencer did not keep its block time");
  return { facts, failures };
}
