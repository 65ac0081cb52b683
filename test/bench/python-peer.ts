import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { packageRoot } from "../../node/base/paths.ts";

/** A peer script of test/bench/peers that answers a line by a line, so that both sides can take turns. */
export class PythonPeer {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;
  private failure = "";
  private isGone = false;

  /** Starts the script with the Python of OPENLEDGER_PYTHON (default python3). */
  constructor(script: string, args: readonly string[]) {
    const python = process.env.OPENLEDGER_PYTHON ?? "python3";
    const file = join(packageRoot(), "test", "bench", "peers", script);
    this.child = spawn(python, [file, ...args], { stdio: ["pipe", "pipe", "pipe"] });
    this.child.on("error", (error) => {
      this.failure = `${python}: ${error.message}`;
    });
    this.child.stdin!.on("error", () => undefined);
    this.child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.failure = `${this.failure}${text}`.slice(-2000);
    });
    this.lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
  }

  /**
   * The answer to a question, or the reason why there is none: the script's own error, packages that are missing, or more than so
   * many seconds, which ends the script.
   */
  async ask<T extends object>(question: object, timeoutSeconds = 180): Promise<T | string> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.child.kill();
    }, timeoutSeconds * 1000);
    this.child.stdin!.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await this.lines.next();
    clearTimeout(timer);
    this.isGone ||= late || done === true;
    if (late) return `peer not measured: it took more than ${timeoutSeconds} s`;
    if (done === true) return `peer not measured: ${this.failure.trim().split("\n").at(-1) || "it ended"}`;
    const told = JSON.parse(value) as T | { error: string };
    return "error" in told ? told.error : told;
  }

  /** True once it has ended or was ended: it answers no more. */
  get hasEnded(): boolean {
    return this.isGone;
  }

  stop(): void {
    this.child.stdin!.end();
  }
}
