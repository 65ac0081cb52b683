import type { Worker } from "node:worker_threads";
import type { CodedError } from "../../base/errors.ts";
import { startThread } from "../../base/threads.ts";
import type { BlockHeader } from "../../chain/types/block.ts";
import type { CallRequest } from "../evm/executor.ts";
import type { SimulationAnswer, SimulationJob, SimulationKind, SimulationThreadData } from "./protocol.ts";

/** What becomes of a job; exactly one of them is called, once. */
export interface JobListener {
  onAnswer(answer: Exclude<SimulationAnswer, { ready: true }>): void;
  /** It ran for too long; the thread is still at it. */
  onTimeout(): void;
  /** The thread was ended meanwhile. */
  onLost(error: CodedError): void;
}

interface Running {
  listener: JobListener;
  timer: NodeJS.Timeout;
}

/** One thread that runs one simulation at a time. */
export class SimulationThread {
  /** True once it can take jobs. */
  isReady = false;
  private readonly worker: Worker;
  private running: Running | undefined;
  /** The header that the thread has. */
  private header: BlockHeader | undefined;
  private isEnded = false;

  /** `onExit`: it ended without {@link end}. `heapMiB`: more than that ends it. */
  constructor(
    data: SimulationThreadData,
    { onReady, onExit, heapMiB }: { onReady: () => void; onExit: (reason: string) => void; heapMiB: number },
  ) {
    this.worker = startThread("./thread-main", import.meta.url, {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: heapMiB, maxYoungGenerationSizeMb: heapMiB / 8 },
      name: "calls",
    });
    let reason: string | undefined;
    this.worker.on("message", (answer: SimulationAnswer) => {
      if (this.isEnded) return;
      if (!("ready" in answer)) return this.answered(answer);
      this.isReady = true;
      onReady();
    });
    this.worker.on("error", (error) => {
      reason = error.message;
    });
    this.worker.on("exit", (status) => {
      if (!this.isEnded) onExit(reason ?? `exit status ${status}`);
    });
  }

  run(
    kind: SimulationKind,
    header: BlockHeader,
    request: CallRequest,
    timeoutMs: number,
    listener: JobListener,
  ): void {
    const job: SimulationJob = { kind, header: header === this.header ? undefined : header, request };
    this.header = header;
    this.worker.postMessage(job);
    // Where this thread was late itself, an answer may have come before the deadline: it is read first.
    const timer = setTimeout(() => setImmediate(() => this.timedOut(listener)), timeoutMs);
    this.running = { listener, timer };
  }

  /** Ends the thread and the job that it runs; resolves when it has gone. */
  async end(error: CodedError): Promise<void> {
    this.isEnded = true;
    const lost = this.take();
    const gone = this.worker.terminate();
    lost?.onLost(error);
    await gone;
  }

  private answered(answer: Parameters<JobListener["onAnswer"]>[0]): void {
    this.take()?.onAnswer(answer);
  }

  private timedOut(listener: JobListener): void {
    if (this.running?.listener === listener) listener.onTimeout();
  }

  private take(): JobListener | undefined {
    const { running } = this;
    this.running = undefined;
    if (running !== undefined) clearTimeout(running.timer);
    return running?.listener;
  }
}
