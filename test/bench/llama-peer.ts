import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { packageRoot } from "../../node/base/paths.ts";

const VERSION = "3.21.1";
const START_MS = 60_000;

/** What the peer did: how long, and for how many tokens. */
export interface PeerRun {
  seconds: number;
  tokens: number;
}

/** llama.cpp with the same file in a process of its own. */
export class LlamaPeer {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;

  private constructor(child: ChildProcess) {
    this.child = child;
    this.lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  /** Installs it where it is not yet, in a folder of its own, and loads the model. Gives the reason where that fails. */
  static async start(modelPath: string, threads: number): Promise<LlamaPeer | { reason: string }> {
    const packages = join(packageRoot(), "build", "peers", `node-llama-cpp-${VERSION}`);
    const failed = install(packages);
    if (failed !== undefined) return { reason: failed };
    const script = join(packageRoot(), "test", "bench", "peers", "llama.mjs");
    const child = spawn(process.execPath, [script, packages, modelPath, String(threads)], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    const peer = new LlamaPeer(child);
    const timer = setTimeout(() => child.kill(), START_MS);
    const first = await peer.lines.next();
    clearTimeout(timer);
    return first.done === true ? { reason: "node-llama-cpp does not start here" } : peer;
  }

  /** Answers of so many tokens to the prompts at once; of 0 tokens: reads the first prompt only. */
  async run(prompts: readonly (readonly number[])[], tokens: number): Promise<PeerRun> {
    this.child.stdin!.write(`${JSON.stringify({ prompts, tokens })}\n`);
    const { value, done } = await this.lines.next();
    if (done === true) throw new Error("node-llama-cpp ended");
    const told = JSON.parse(value) as PeerRun | { error: string };
    if ("error" in told) throw new Error(told.error);
    return told;
  }

  stop(): void {
    this.child.stdin?.end();
  }
}

function install(packages: string): string | undefined {
  if (existsSync(join(packages, "installed"))) return undefined;
  mkdirSync(packages, { recursive: true });
  writeFileSync(join(packages, "package.json"), '{ "private": true }\n');
  const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", `node-llama-cpp@${VERSION}`];
  const { status, stderr, error } = spawnSync("npm", args, {
    ...{ cwd: packages, encoding: "utf8", timeout: 300_000 },
  });
  if (status !== 0)
    return `node-llama-cpp can't be installed: ${error?.message ?? stderr.trim().split("\n").at(-1)}`;
  writeFileSync(join(packages, "installed"), "");
  return undefined;
}
