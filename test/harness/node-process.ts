import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { NODE_FLAGS } from "../../node/base/node-flags.ts";
import { packageRoot } from "../../node/base/paths.ts";
import { rollupConfigToJson } from "../../node/chain/config/rollup-config.ts";
import { genesisToJson } from "../../node/deploy/l2.ts";
import { createL1Rpc, type L1Rpc } from "../../node/rollup/l1/rpc.ts";
import { freePort } from "./anvil.ts";
import { smallChain, smallGenesis } from "./small-chain.ts";

/** A node in a process of its own, as a user runs it. */
export interface NodeProcess {
  url: string;
  pid: number;
  rpc: L1Rpc;
  /** SIGKILL at once. */
  crash(): Promise<void>;
  /** SIGTERM; gives the exit status. */
  stop(): Promise<number | null>;
  /** Everything that it printed. */
  output(): string;
}

/** Compiled by `npm test`'s set-up; another folder for a quick try. */
export const MAIN = join(packageRoot(), process.env.OPENLEDGER_DIST ?? "dist", "node", "main.js");

/** Writes the chain's files into `folder`, as `openledger devnet` does. */
export function writeChainFiles(folder: string, ...chain: Parameters<typeof smallChain>): void {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, value: unknown) => writeFileSync(join(folder, name), JSON.stringify(value));
  const { rollup } = smallChain(...chain);
  write("genesis.json", genesisToJson(smallGenesis(...chain)));
  write("rollup.json", rollupConfigToJson(rollup));
  write("l1-chain-config.json", {
    chainId: 900,
    cancunTime: 0,
    pragueTime: 0,
    blobSchedule: { prague: { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716 } },
  });
  write("openledger.json", {});
}

/** Starts `openledger node`; settings by their names. Resolves when its JSON-RPC answers. */
export async function startNodeProcess(settings: Record<string, string | number>): Promise<NodeProcess> {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run npm run build`);
  const port = await freePort();
  const env = Object.fromEntries(
    Object.entries({ logLevel: "debug", web: "off", ...settings, rpcPort: port }).map(([name, value]) => [
      `OPENLEDGER_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`,
      String(value),
    ]),
  );
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN, "node"], {
    env: { PATH: process.env.PATH ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const collect = (piece: Uint8Array) => {
    output += String(piece);
    if (process.env.OPENLEDGER_TEST_LOG) appendFileSync(process.env.OPENLEDGER_TEST_LOG, piece);
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const url = `http://127.0.0.1:${port}`;
  const rpc = createL1Rpc({ url });
  await answering(rpc, child, () => output);
  return {
    url,
    pid: child.pid!,
    rpc,
    crash: async () => void (await end(child, "SIGKILL")),
    stop: () => end(child, "SIGTERM"),
    output: () => output,
  };
}

async function answering(rpc: L1Rpc, child: ChildProcess, output: () => string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    if (child.exitCode !== null)
      throw new Error(`the node ended with status ${child.exitCode}:\n${output()}`);
    try {
      return void (await rpc("eth_chainId", []));
    } catch (error) {
      if (attempt > 1_200) throw error;
      await sleep(50);
    }
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  child.kill(signal);
  return ended;
}
