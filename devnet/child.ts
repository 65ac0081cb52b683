import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, type WriteStream } from "node:fs";
import { sleep } from "../node/base/clock.ts";
import { devnetError } from "./errors.ts";

export interface ChildOptions {
  /** Shown in messages. */
  name: string;
  command: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Output of all its lives is appended here. */
  logFile: string;
  /** Called before each start. */
  prepare?: () => void;
  /** Called every few seconds while it runs. */
  tend?: () => void;
  /** Resolves once the program answers; rejected attempts are repeated until `readyTimeoutMs`. */
  ready: (signal: AbortSignal) => Promise<void>;
  readyTimeoutMs: number;
  /** Called after an unexpected end, before the restart. */
  onDeath?: (status: string) => void;
  /** Called when a restarted child is ready again. */
  onRestart?: () => void;
  /** Polite signal of `stop`; SIGKILL follows after `stopTimeoutMs`. */
  stopSignal?: NodeJS.Signals;
  stopTimeoutMs?: number;
}

/** Restarts in a row, without ever getting ready in between, before it is given up. */
const MAX_FAILED_STARTS = 5;
/** Characters of a child's last words that are told when it does not get ready. */
const LAST_WORDS = 2_000;
const TEND_MS = 3_000;

/** A child process that is kept alive: its death is reported and it is started again, until `stop`. */
export class Child {
  readonly options: ChildOptions;
  private process: ChildProcess | undefined;
  private log: WriteStream;
  private stopping = false;
  private failedStarts = 0;
  private exited: Promise<void> = Promise.resolve();
  private closed: Promise<void> = Promise.resolve();
  private lastWords = "";

  constructor(options: ChildOptions) {
    this.options = options;
    this.log = createWriteStream(options.logFile, { flags: "a" });
  }

  get pid(): number | undefined {
    return this.process?.pid;
  }

  /** Starts it and waits until it is ready. @throws CodedError CHILD_NOT_READY with the log's place. */
  async start(signal: AbortSignal): Promise<void> {
    this.launch();
    await this.waitReady(signal);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const child = this.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(this.options.stopSignal ?? "SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), this.options.stopTimeoutMs ?? 15_000);
    await this.exited;
    clearTimeout(timer);
    this.log.end();
  }

  private launch(): void {
    const { command, args, env, prepare, tend } = this.options;
    prepare?.();
    const child = spawn(command, args, {
      // Its own group: a Ctrl-C at the terminal reaches the supervisor alone, which stops the children in order.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    const tending = tend && setInterval(tend, TEND_MS);
    child.stdout?.pipe(this.log, { end: false });
    child.stderr?.pipe(this.log, { end: false });
    this.lastWords = "";
    child.stderr?.on("data", (piece) => {
      this.lastWords = `${this.lastWords}${piece}`.slice(-LAST_WORDS);
    });
    this.closed = new Promise((resolve) => {
      child.once("close", () => {
        clearInterval(tending);
        resolve();
      });
    });
    this.process = child;
    this.exited = new Promise((resolve) => {
      child.once("error", () => resolve());
      child.once("exit", (code, signal) => {
        resolve();
        if (!this.stopping && this.process === child) void this.revive(signal ?? `status ${code}`);
      });
    });
  }

  private async revive(status: string): Promise<void> {
    this.failedStarts++;
    if (this.failedStarts > MAX_FAILED_STARTS) {
      const { name, logFile } = this.options;
      process.stderr.write(
        `CHILD_GIVEN_UP: ${name} ended ${MAX_FAILED_STARTS} times in a row before it was ready\n  fix:   read ${logFile}\n`,
      );
      return;
    }
    this.options.onDeath?.(status);
    await sleep(500 * this.failedStarts);
    if (this.stopping) return;
    this.launch();
    try {
      await this.waitReady(new AbortController().signal);
      this.failedStarts = 0;
      this.options.onRestart?.();
    } catch {
      // It died again: its exit handler has taken over.
    }
  }

  private async waitReady(signal: AbortSignal): Promise<void> {
    const { name, ready, readyTimeoutMs, logFile } = this.options;
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(readyTimeoutMs)]);
    const child = this.process;
    for (;;) {
      signal.throwIfAborted();
      const dead = child?.exitCode !== null || child?.signalCode !== null;
      if (dead || timeout.aborted) {
        if (dead) await Promise.race([this.closed, sleep(1_000)]);
        const words = this.lastWords.trim().split("\n").slice(-3).join("\n  ");
        throw devnetError("CHILD_NOT_READY", {
          message: `${name} ${dead ? "ended before it was ready" : `did not get ready in ${readyTimeoutMs / 1000} s`}`,
          fix: `read ${logFile}; --reset begins anew with an empty data folder`,
          facts: { name, logFile },
          cause: dead && words !== "" ? new Error(words) : undefined,
        });
      }
      try {
        return await ready(timeout);
      } catch {
        await sleep(100);
      }
    }
  }
}
