import { availableParallelism } from "node:os";
import type { CodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { BlockHeader } from "../../chain/types/block.ts";
import { executionError } from "../errors.ts";
import type {
  AccessListResult,
  BlockSimulation,
  CallRequest,
  CallResult,
  SimulatedBlock,
  TraceRequest,
} from "../evm/executor.ts";
import {
  receiveError,
  type SimulationKind,
  type SimulationRequests,
  type SimulationThreadData,
} from "./protocol.ts";
import { SimulationThread } from "./simulation-thread.ts";
import type { BoundedSimulator, SimulationBound } from "./simulator.ts";

/** How long one simulation may run, in ms: geth's RPCEVMTimeout. */
export const SIMULATION_DEADLINE_MS = 5_000;
/** How long one may wait for a thread, in ms. */
const MAX_WAIT_MS = 15_000;
const HEAP_MIB = 512;
/** Simulations that wait; more are refused. */
const MAX_WAITING = 1_024;
const MAX_THREADS = 4;
/** Jobs that a pool's only thread gets ahead, so that it need not wait for each next one. Of several, another may be free sooner. */
const AHEAD = 8;

export interface SimulationPoolOptions extends SimulationThreadData {
  /** One fewer than the cores, at least 1 and at most 4, unless given. */
  threads?: number;
  /** Of one simulation, in ms; {@link SIMULATION_DEADLINE_MS} unless given. */
  deadlineMs?: number;
  maxWaiting?: number;
  maxWaitMs?: number;
  /** Of one thread's JavaScript heap, in MiB. */
  heapMiB?: number;
  logger: Logger;
}

/** Runs calls in threads of their own. */
export interface SimulationPool extends BoundedSimulator {
  /** Ends the threads; what waits or runs fails. The database may be closed then. */
  close(): Promise<void>;
}

interface Waiting {
  kind: SimulationKind;
  header: BlockHeader;
  request: SimulationRequests[SimulationKind];
  timeoutMs: number;
  resolve(result: unknown): void;
  reject(error: unknown): void;
  /** Ends the wait. */
  timer: NodeJS.Timeout | undefined;
}

/**
 * Runs calls, estimates and access lists in threads that read the chain's database while this one writes it, first come first
 * served. One that is past its deadline ends with its thread, which a fresh one replaces.
 *
 * Its methods throw what an executor's do, and CodedError `SIMULATION_TIMEOUT` (past the deadline), `SIMULATION_BUSY` (too many
 * wait, or no thread was free in time), `SIMULATION_FAILED` (the thread ended).
 */
export function createSimulationPool(options: SimulationPoolOptions): SimulationPool {
  return new ThreadPool(options);
}

class ThreadPool implements SimulationPool {
  private readonly options: SimulationPoolOptions;
  private readonly threadCount: number;
  private readonly threads = new Set<SimulationThread>();
  /** In order of arrival. */
  private waiting = new Set<Waiting>();
  /** Of a thread that ended before it came to them. */
  private readonly returned: Waiting[] = [];
  private readonly ending = new Set<Promise<unknown>>();
  private isClosed = false;

  constructor(options: SimulationPoolOptions) {
    this.options = options;
    this.threadCount = options.threads ?? Math.min(Math.max(1, availableParallelism() - 1), MAX_THREADS);
    this.start();
  }

  call(header: BlockHeader, request: CallRequest, bound?: SimulationBound): Promise<CallResult> {
    return this.run("call", header, request, bound) as Promise<CallResult>;
  }

  estimateGas(header: BlockHeader, request: CallRequest, bound?: SimulationBound) {
    return this.run("estimateGas", header, request, bound) as Promise<bigint | CallResult>;
  }

  createAccessList(header: BlockHeader, request: CallRequest, bound?: SimulationBound) {
    return this.run("createAccessList", header, request, bound) as Promise<AccessListResult>;
  }

  simulateBlocks(header: BlockHeader, request: BlockSimulation, bound?: SimulationBound) {
    return this.run("simulateBlocks", header, request, bound) as Promise<readonly SimulatedBlock[]>;
  }

  trace(header: BlockHeader, request: TraceRequest, bound?: SimulationBound): Promise<string> {
    return this.run("trace", header, request, bound) as Promise<string>;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.failWaiting(closed());
    for (const thread of this.threads) this.end(thread, closed());
    await Promise.all(this.ending);
  }

  private run(
    kind: SimulationKind,
    header: BlockHeader,
    request: SimulationRequests[SimulationKind],
    bound: SimulationBound | undefined,
  ): Promise<unknown> {
    const {
      deadlineMs = SIMULATION_DEADLINE_MS,
      maxWaiting = MAX_WAITING,
      maxWaitMs = MAX_WAIT_MS,
    } = this.options;
    if (this.isClosed) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      const timeoutMs = Math.min(deadlineMs, bound?.timeoutMs ?? deadlineMs);
      const job: Waiting = { kind, header, request, timeoutMs, resolve, reject, timer: undefined };
      const thread = this.freeThread();
      if (thread?.load === 0) return this.give(thread, job);
      if (thread === undefined && this.waiting.size >= maxWaiting)
        return reject(busy(`${maxWaiting} others wait`, { maxWaiting }));
      job.timer = setTimeout(() => {
        this.waiting.delete(job);
        job.timer = undefined;
        reject(busy(`no thread was free within ${maxWaitMs} ms`, { maxWaitMs }));
      }, maxWaitMs);
      if (thread !== undefined) return this.give(thread, job);
      this.waiting.add(job);
      if (this.threads.size < this.threadCount) this.start();
    });
  }

  private start(): void {
    const { folder, rollup, openledger, executor, heapMiB = HEAP_MIB } = this.options;
    const thread = new SimulationThread(
      { folder, rollup, openledger, executor },
      {
        onReady: () => this.next(),
        onExit: (reason) => this.lost(thread, reason),
        heapMiB,
      },
    );
    this.threads.add(thread);
  }

  /** A thread that can take a job, the one with the fewest. */
  private freeThread(): SimulationThread | undefined {
    const most = this.threadCount === 1 ? AHEAD : 1;
    let best: SimulationThread | undefined;
    for (const thread of this.threads) {
      if (thread.isReady && thread.load < (best?.load ?? most)) best = thread;
    }
    return best;
  }

  /** Gives free threads the jobs that have waited longest. */
  private next(): void {
    for (const job of this.waiting) {
      const thread = this.freeThread();
      if (thread === undefined) return;
      this.waiting.delete(job);
      this.give(thread, job);
    }
  }

  private give(thread: SimulationThread, job: Waiting): void {
    const { kind, header, request, timeoutMs, resolve, reject } = job;
    thread.run(kind, header, request, timeoutMs, {
      onStart: () => clearTimeout(job.timer),
      onAnswer: (answer) => {
        if (this.waiting.size > 0) this.next();
        if ("error" in answer) reject(receiveError(answer.error));
        else resolve(answer.result);
      },
      onTimeout: () => {
        this.end(thread, timedOut(timeoutMs));
        if (!this.isClosed) this.start();
      },
      onLost: reject,
      onReturned: () => {
        if (job.timer !== undefined) this.returned.push(job);
      },
    });
  }

  /** A thread ended by itself. */
  private lost(thread: SimulationThread, reason: string): void {
    const error = failed(reason);
    const { isReady } = thread;
    this.options.logger.warn({ reason }, "A thread for calls ended by itself");
    this.end(thread, error);
    if (isReady) this.start();
    // One that can't even start fails those who wait for it; the next request tries again.
    else if (this.threads.size === 0) this.failWaiting(error);
  }

  private end(thread: SimulationThread, error: CodedError): void {
    this.threads.delete(thread);
    const ended = thread.end(error).finally(() => this.ending.delete(ended));
    this.ending.add(ended);
    if (this.returned.length === 0) return;
    this.waiting = new Set([...this.returned.splice(0), ...this.waiting]);
    if (this.isClosed) this.failWaiting(error);
  }

  private failWaiting(error: CodedError): void {
    for (const { timer, reject } of this.waiting) {
      clearTimeout(timer);
      reject(error);
    }
    this.waiting.clear();
  }
}

/** geth's words, in whole seconds where they are. */
function timedOut(timeoutMs: number): CodedError {
  const text = timeoutMs % 1000 === 0 ? `${timeoutMs / 1000}s` : `${Math.ceil(timeoutMs)}ms`;
  return executionError("SIMULATION_TIMEOUT", {
    message: `execution aborted (timeout = ${text})`,
    fix: "Ask for less work in one call, or ask a node with a longer --rpc-evm-timeout.",
    facts: { timeoutMs },
  });
}

function busy(reason: string, facts: Readonly<Record<string, number>>): CodedError {
  return executionError("SIMULATION_BUSY", {
    message: `Too many calls at once: ${reason}.`,
    fix: "Send it again later, and fewer at once.",
    facts,
  });
}

function failed(reason: string): CodedError {
  return executionError("SIMULATION_FAILED", {
    message: `The thread that ran the call ended: ${reason}.`,
    fix: "Send it again; if it fails again, ask for less work in one call.",
    facts: { reason },
  });
}

function closed(): CodedError {
  return failed("the node stops");
}
