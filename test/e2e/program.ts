import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { packageRoot } from "../../node/base/paths.ts";

/** The command as a user starts it; `npm test`'s set-up compiles what it hands over to. */
export const OPENLEDGER = join(packageRoot(), "node", "openledger.mjs");

export interface Finished {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env?: Record<string, string>;
  cwd?: string;
}

/** A program in a process of its own, with all that it prints. Its environment holds nothing of this one but the paths. */
export class Program {
  private readonly child: ChildProcess;
  private readonly end: Promise<Finished>;
  private stdout = "";
  private stderr = "";

  constructor(command: string, args: readonly string[], { env, cwd }: RunOptions = {}) {
    const { PATH = "", HOME = "" } = process.env;
    this.child = spawn(command, args, {
      cwd: cwd ?? tmpdir(),
      env: { PATH, HOME, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child.stdout?.on("data", (piece) => {
      this.stdout += String(piece);
    });
    this.child.stderr?.on("data", (piece) => {
      this.stderr += String(piece);
    });
    this.end = new Promise((resolve, reject) => {
      this.child.once("error", reject);
      this.child.once("close", (status) => resolve({ status, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get output(): string {
    return `${this.stdout}${this.stderr}`;
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  ended(): Promise<Finished> {
    return this.end;
  }

  signal(name: NodeJS.Signals): Promise<Finished> {
    if (this.running) this.child.kill(name);
    return this.end;
  }

  /** Waits until its output holds `text`. Throws with all of the output when it ends before. */
  async says(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      if (!this.running) throw new Error(`it ended without saying ${JSON.stringify(text)}:\n${this.output}`);
      await sleep(100);
    }
  }
}

/** Runs `openledger` to its end. */
export function openledger(args: readonly string[], options?: RunOptions): Promise<Finished> {
  return new Program(process.execPath, [OPENLEDGER, ...args], options).ended();
}

/** What a user reads when something went wrong: its code, and a line that says what to do. */
export function refusal({ status, stderr }: Finished): { status: number | null; code: string; fix: string } {
  const code = /^([A-Z0-9_]+): /m.exec(stderr)?.[1] ?? `(no code) ${stderr}`;
  const fix = /^ {2}fix: +(.+)$/m.exec(stderr)?.[1] ?? "";
  return { status, code, fix };
}

/** devnet.json, as far as the tests read it. */
export interface Description {
  pid: number;
  dataDir: string;
  l1: { rpc: string; pid: number };
  nodes: { name: string; rpc: string; ws: string; pid: number }[];
}

export function describedIn(dataDir: string): Description {
  return JSON.parse(readFileSync(join(dataDir, "devnet.json"), "utf8")) as Description;
}

export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0) && !isZombie(pid);
  } catch {
    return false;
  }
}

function isZombie(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) && /\) Z /.test(readFileSync(file, "utf8"));
}

/** Asks `look` until it gives something. */
export async function until<T>(what: string, look: () => Promise<T | undefined>, ms = 120_000): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const found = await look().catch(() => undefined);
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`not in ${ms / 1000} s: ${what}`);
    await sleep(200);
  }
}
