import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { packageRoot } from "../../node/base/paths.ts";
import { createL1Rpc, type L1Rpc } from "../../node/rollup/l1/rpc.ts";

/** The first accounts of anvil's well-known mnemonic: no secret. */
export const ANVIL_KEYS = [
  "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
  "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
  "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
  "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
] as const;

export interface Anvil {
  url: string;
  port: number;
  rpc: L1Rpc;
  mine(blocks?: number): Promise<void>;
  /** Stops the process without ending it, and lets it go on: its connections stay open and say nothing. */
  pause(): void;
  resume(): void;
  /** SIGKILL, as a crash does. */
  kill(): Promise<void>;
}

export interface AnvilOptions {
  port?: number;
  /** Seconds between blocks; absent: blocks only by `mine` and by transactions. */
  blockTime?: number;
  chainId?: number;
  extra?: readonly string[];
  /** True: a block for each transaction at once. */
  automine?: boolean;
}

/** A port that nobody listens on right now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts an L1 in a process of its own. */
export async function startAnvil(options: AnvilOptions = {}): Promise<Anvil> {
  const port = options.port ?? (await freePort());
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const binary = join(
    packageRoot(),
    `node_modules/@foundry-rs/anvil-${process.platform}-${architecture}/bin/anvil`,
  );
  const args = ["--silent", "--port", String(port), "--chain-id", String(options.chainId ?? 900)];
  if (options.blockTime !== undefined) args.push("--block-time", String(options.blockTime));
  else if (options.automine !== true) args.push("--no-mining");
  const child = spawn(binary, [...args, ...(options.extra ?? [])], { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  const rpc = createL1Rpc({ url });
  await answering(rpc, child);
  return {
    url,
    port,
    rpc,
    mine: async (blocks = 1) => void (await rpc("anvil_mine", [`0x${blocks.toString(16)}`, "0x2"])),
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    kill: () => kill(child),
  };
}

async function answering(rpc: L1Rpc, child: ChildProcess): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    if (child.exitCode !== null) throw new Error(`anvil ended with status ${child.exitCode}`);
    try {
      return void (await rpc("eth_chainId", []));
    } catch (error) {
      if (attempt > 200) throw error;
      await sleep(50);
    }
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}
