import type { Worker } from "node:worker_threads";
import type { CodedError } from "../../base/errors.ts";
import { startThread } from "../../base/threads.ts";
import type { BlockHeader } from "../../chain/types/block.ts";
import type {
  SimulationAnswer,
  SimulationJob,
  SimulationKind,
  SimulationRequests,
  SimulationThreadData,
} from "./protocol.ts";

/** What becomes of a job: it is started or returned, and once started ends in one of the other ways. */
export interface JobListener {
  onStart(): void;
  onAnswer(answer: Exclude<SimulationAnswer, { ready: true }>): void;
  /** It ran for too long; the thread is still at it. */
  onTimeout(): void;
  /** The thread was ended while it ran the job. */
  onLost(error: CodedError): void;
  /** The thread was ended before it came to the job. */
  onReturned(): void;
}

interface Given {
  listener: JobListener;
  timeoutMs: number;
}

/** One thread that runs one simulation at a time, in the order in which they are given. */
export class SimulationThread {
  /** True once it can take jobs. */
  isReady = false;
  private readonly worker: Worker;
  /** The first is running. */
  private readonly given: Given[] = [];
  private timer: NodeJS.Timeout | undefined;
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
    request: SimulationRequests[SimulationKind],
    timeoutMs: number,
    listener: JobListener,
  ): void {
    const job: SimulationJob = { kind, header: header === this.header ? undefined : header, request };
    this.header = header;
    this.worker.postMessage(job);
    this.given.push({ listener, timeoutMs });
    if (this.given.length === 1) this.startTimer();
  }

  /** Jobs that it has. */
  get load(): number {
    return this.given.length;
  }

  /** Ends the thread and the job that it runs; resolves when it has gone. */
  async end(error: CodedError): Promise<void> {
    this.isEnded = true;
    clearTimeout(this.timer);
    const [running, ...others] = this.given.splice(0);
    const gone = this.worker.terminate();
    for (const { listener } of others) listener.onReturned();
    running?.listener.onLost(error);
    await gone;
  }

  private answered(answer: Parameters<JobListener["onAnswer"]>[0]): void {
    clearTimeout(this.timer);
    const done = this.given.shift();
    this.startTimer();
    done?.listener.onAnswer(answer);
  }

  private startTimer(): void {
    const [running] = this.given;
    if (running === undefined) return;
    running.listener.onStart();
    // Where this thread was late itself, an answer may have come before the deadline: it is read first.
    this.timer = setTimeout(() => setImmediate(() => this.timedOut(running)), running.timeoutMs);
  }

  private timedOut(running: Given): void {
    if (this.given[0] === running) running.listener.onTimeout();
  }
}
