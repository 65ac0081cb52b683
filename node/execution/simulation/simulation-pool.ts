import { availableParallelism } from "node:os";
import type { CodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { BlockHeader } from "../../chain/types/block.ts";
import { executionError } from "../errors.ts";
import type { AccessListResult, CallRequest, CallResult } from "../evm/executor.ts";
import { receiveError, type SimulationKind, type SimulationThreadData } from "./protocol.ts";
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
  request: CallRequest;
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
  private readonly idle: SimulationThread[] = [];
  /** In order of arrival. */
  private readonly waiting = new Set<Waiting>();
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

  async close(): Promise<void> {
    this.isClosed = true;
    this.failWaiting(closed());
    for (const thread of this.threads) this.end(thread, closed());
    await Promise.all(this.ending);
  }

  private run(
    kind: SimulationKind,
    header: BlockHeader,
    request: CallRequest,
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
      const thread = this.idle.pop();
      if (thread !== undefined) return this.give(thread, job);
      if (this.waiting.size >= maxWaiting) return reject(busy(`${maxWaiting} others wait`, { maxWaiting }));
      job.timer = setTimeout(() => {
        this.waiting.delete(job);
        reject(busy(`no thread was free within ${maxWaitMs} ms`, { maxWaitMs }));
      }, maxWaitMs);
      this.waiting.add(job);
      if (this.threads.size < this.threadCount) this.start();
    });
  }

  private start(): void {
    const { folder, rollup, openledger, executor, heapMiB = HEAP_MIB } = this.options;
    const thread = new SimulationThread(
      { folder, rollup, openledger, executor },
      {
        onReady: () => this.next(thread),
        onExit: (reason) => this.lost(thread, reason),
        heapMiB,
      },
    );
    this.threads.add(thread);
  }

  /** Gives a free thread the job that has waited longest. */
  private next(thread: SimulationThread): void {
    const [job] = this.waiting;
    if (job === undefined) {
      this.idle.push(thread);
      return;
    }
    this.waiting.delete(job);
    clearTimeout(job.timer);
    this.give(thread, job);
  }

  private give(
    thread: SimulationThread,
    { kind, header, request, timeoutMs, resolve, reject }: Waiting,
  ): void {
    thread.run(kind, header, request, timeoutMs, {
      onAnswer: (answer) => {
        this.next(thread);
        if ("error" in answer) reject(receiveError(answer.error));
        else resolve(answer.result);
      },
      onTimeout: () => {
        this.end(thread, timedOut(timeoutMs));
        if (!this.isClosed) this.start();
      },
      onLost: reject,
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
    const at = this.idle.indexOf(thread);
    if (at >= 0) this.idle.splice(at, 1);
    const ended = thread.end(error).finally(() => this.ending.delete(ended));
    this.ending.add(ended);
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
