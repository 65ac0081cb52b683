import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import type { BlockHeader } from "../../chain/types/block.ts";
import { openSharedChain } from "../../store/shared-chain.ts";
import { createExecutor } from "../evm/create-executor.ts";
import { NodeStore } from "../state/node-store.ts";
import {
  type SimulationAnswer,
  type SimulationJob,
  type SimulationThreadData,
  sendError,
} from "./protocol.ts";

/** Decoded trie nodes that a thread keeps, twice: about 30 MB. */
const CACHED_NODES = 50_000;
/** Below the thread that makes blocks, where the two share a core. */
const NICENESS = 5;

if (parentPort === null) throw new Error("this file runs as a worker thread");
const port = parentPort;
const { folder, rollup, openledger, executor: kind } = workerData as SimulationThreadData;

const chain = await openSharedChain(folder);
const executor = createExecutor({
  kind,
  rollup,
  openledger,
  stateDatabase: chain.state,
  nodes: new NodeStore(chain.state, CACHED_NODES),
  flatTable: chain.flat,
  ancestorHash: (number, parent) =>
    number + 1n === parent.number ? parent.parentHash : chain.canonicalHash(number),
});
const answer = (message: SimulationAnswer) => port.postMessage(message);

let header: BlockHeader | undefined;
port.on("message", (job: SimulationJob) => {
  header = job.header ?? header;
  if (header === undefined) throw new Error("the first job has no header");
  const run = executor[job.kind] as (header: BlockHeader, request: unknown) => Promise<unknown>;
  run(header, job.request).then(
    (result: unknown) => answer({ result }),
    (error: unknown) => answer({ error: sendError(error) }),
  );
});
answer({ ready: true });
// Only on Linux is it this thread's priority and not the whole process's. Starting is not slowed by it.
if (process.platform === "linux") setPriority(NICENESS);
