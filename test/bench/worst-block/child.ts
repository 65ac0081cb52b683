import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "../../../node/base/paths.ts";
import { CASES } from "./cases.ts";
import { type CaseOptions, type CaseRow, runCase } from "./run-case.ts";

export interface ChildTask extends CaseOptions {
  names: readonly string[];
}

/** Marks a row among whatever else a child prints. */
const ROW = "row ";

/** A row without a figure. */
export function noFigure(name: string, fault: string): CaseRow {
  return { name, seconds: 0, wallSeconds: 0, mgasPerSecond: 0, mgasRun: 0, isFull: false, fault };
}

/** What a child process does: runs the cases of its task, one row a line. */
export async function runTask(json: string): Promise<void> {
  const { names, ...options } = JSON.parse(json) as ChildTask;
  for (const name of names) {
    const found = CASES.find((one) => one.name === name)!;
    const row = await runCase(found, options).catch((error: unknown) =>
      noFigure(name, error instanceof Error ? error.message : String(error)),
    );
    process.stdout.write(`${ROW}${JSON.stringify(row)}\n`);
  }
}

/**
 * Runs cases in one process and gives their rows as they come. A case that is not done after `limit` seconds of wall time is
 * stopped; it and one that ends the process get a row without figure.
 * @returns the cases that did not have their turn
 */
export function runChild(task: ChildTask, limit: number, seen: (row: CaseRow) => void): Promise<string[]> {
  const main = join(packageRoot(), "dist", "test", "bench", "main.js");
  const flags = ["--expose-gc", "--max-old-space-size=4096"];
  const child = spawn(process.execPath, [...flags, main, "worst-block", "--task", JSON.stringify(task)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const watch = new Watch(child, limit);
  const stop = () => child.kill("SIGKILL");
  process.once("exit", stop);
  let count = 0;
  let buffered = "";
  child.stdout.on("data", (chunk: Buffer) => {
    const lines = (buffered + chunk.toString()).split("\n");
    buffered = lines.pop()!;
    for (const line of lines.filter((text) => text.startsWith(ROW))) {
      count++;
      watch.again();
      seen(JSON.parse(line.slice(ROW.length)) as CaseRow);
    }
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => {
      watch.end();
      process.off("exit", stop);
      if (count < task.names.length) {
        seen(noFigure(task.names[count]!, watch.reason()));
        count++;
      }
      resolve(task.names.slice(count));
    });
  });
}

/** Stops a child that is silent for too long, and keeps the end of what it complained about. */
class Watch {
  private readonly child: ChildProcess;
  private readonly limit: number;
  private timer: NodeJS.Timeout | undefined;
  private complaint = "";
  private wasStopped = false;

  constructor(child: ChildProcess, limit: number) {
    this.child = child;
    this.limit = limit;
    child.stderr?.on("data", (chunk: Buffer) => {
      this.complaint = (this.complaint + chunk.toString()).slice(-400);
    });
    this.again();
  }

  again(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.wasStopped = true;
      this.child.kill("SIGKILL");
    }, this.limit * 1000);
  }

  end(): void {
    clearTimeout(this.timer);
  }

  reason(): string {
    if (this.wasStopped) return `stopped after ${this.limit} s of wall time`;
    return `its process ended: ${this.complaint.trim().split("\n").slice(-3).join(" | ")}`;
  }
}
