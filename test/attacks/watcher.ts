import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { describeError } from "../../node/base/errors.ts";
import { createL1Rpc } from "../../node/rollup/l1/rpc.ts";

// The honest client beside an attack, in a thread of its own: the attacker's work does not count as the node's.

export interface WatcherData {
  url: string;
}

/** What the honest client saw. */
export interface Seen {
  seconds: number;
  blocks: number;
  answers: number;
  slowestMs: number;
  longestGapMs: number;
  failed: string[];
}

const EVERY_MS = 100;

if (parentPort === null) throw new Error("this file runs as a worker thread");
const port = parentPort;
const rpc = createL1Rpc({ url: (workerData as WatcherData).url });
const number = async () => Number(await rpc("eth_blockNumber", []));

let isStopped = false;
port.once("message", () => {
  isStopped = true;
});

const first = await number();
const start = performance.now();
let last = first;
let lastAt = start;
const seen: Seen = { seconds: 0, blocks: 0, answers: 0, slowestMs: 0, longestGapMs: 0, failed: [] };
port.postMessage("ready");
while (!isStopped) {
  const asked = performance.now();
  try {
    const head = await number();
    seen.answers++;
    if (head > last) lastAt = performance.now();
    last = head;
  } catch (error) {
    seen.failed.push(describeError(error).split("\n")[0]!);
  }
  const now = performance.now();
  seen.slowestMs = Math.max(seen.slowestMs, now - asked);
  seen.longestGapMs = Math.max(seen.longestGapMs, now - lastAt);
  await sleep(EVERY_MS);
}
seen.blocks = last - first;
seen.seconds = (performance.now() - start) / 1000;
port.postMessage(seen);
