import type { Worker } from "node:worker_threads";
import { startThread } from "../../base/threads.ts";
import type {
  Admission,
  Admitted,
  ChainBatch,
  DoorBatch,
  DoorThreadData,
  FromDoor,
  ToDoor,
} from "./protocol.ts";

/** Of the door's JavaScript heap, in MiB: well above what its limits let it hold. */
const HEAP_MIB = 1_024;
/** Of that for young objects, in MiB. */
const YOUNG_MIB = 96;

export interface DoorThreadListener {
  onBatch(batch: DoorBatch): void;
  onAdmission(admission: Admission): void;
  /** It lives. */
  onBeat(): void;
  /** It ended without {@link DoorThread.close}. */
  onExit(reason: string): void;
}

/** The thread in which the door stands. */
export class DoorThread {
  private readonly worker: Worker;
  private isClosing = false;
  private port: number | undefined;

  private constructor(worker: Worker, listener: DoorThreadListener) {
    this.worker = worker;
    let reason: string | undefined;
    worker.on("message", (message: FromDoor) => {
      if (Array.isArray(message)) {
        if (!this.isClosing) listener.onAdmission(message);
      } else if (message.kind === "batch" && !this.isClosing) listener.onBatch(message.batch);
      else if (message.kind === "beat") listener.onBeat();
    });
    worker.on("error", (error) => {
      reason = error.message;
    });
    worker.on("exit", (status) => {
      if (!this.isClosing) listener.onExit(reason ?? `exit status ${status}`);
    });
  }

  /** Resolves when it listens. Rejects with the system's error, its `code` on it. */
  static async start(data: DoorThreadData, listener: DoorThreadListener): Promise<DoorThread> {
    const worker = startThread("./thread-main", import.meta.url, {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB, maxYoungGenerationSizeMb: YOUNG_MIB },
      name: "door",
    });
    const thread = new DoorThread(worker, listener);
    try {
      thread.port = await listening(worker);
      return thread;
    } catch (error) {
      thread.isClosing = true;
      await worker.terminate();
      throw error;
    }
  }

  get listensOn(): number {
    return this.port ?? 0;
  }

  send(batch: ChainBatch): void {
    this.post({ kind: "batch", batch });
  }

  admitted(numbers: Admitted): void {
    this.post(numbers);
  }

  /** Closes every connection and the port. */
  async close(): Promise<void> {
    this.isClosing = true;
    const gone = new Promise((resolve) => this.worker.once("exit", resolve));
    this.post({ kind: "close" });
    const timer = setTimeout(() => void this.worker.terminate(), CLOSE_MS);
    await gone;
    clearTimeout(timer);
  }

  private post(message: ToDoor): void {
    this.worker.postMessage(message);
  }
}

/** How long the door may take to close by itself, in ms. */
const CLOSE_MS = 2_000;

function listening(worker: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("exit", (status) => reject(new Error(`the door's thread ended with status ${status}`)));
    worker.on("message", (message: FromDoor) => {
      if (Array.isArray(message)) return;
      if (message.kind === "listening") resolve(message.port);
      if (message.kind === "failed")
        reject(Object.assign(new Error(message.message), { code: message.code }));
    });
  });
}
