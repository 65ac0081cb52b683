import { join } from "node:path";
import { packageRoot } from "../node/base/paths.ts";
import type { Hex } from "../node/chain/types/primitives.ts";
import { Child } from "./child.ts";

export interface VerifierDaemonOptions {
  name: string;
  key: Hex;
  /** Its votes lie there. */
  dataDir: string;
  rpcUrl: string;
  l1RpcUrl: string;
  logFile: string;
  onDeath: (status: string) => void;
  onRestart: () => void;
}

/** `openledger verifier run` as a child process; it is not started yet. It judges once its account has joined. */
export function verifierDaemon(options: VerifierDaemonOptions): Child {
  const { name, key, dataDir, rpcUrl, l1RpcUrl, logFile, onDeath, onRestart } = options;
  return new Child({
    name,
    command: process.execPath,
    args: [
      ...[join(packageRoot(), "dist", "node", "main.js"), "verifier", "run", "--threads", "1"],
      ...["--data-dir", dataDir, "--rpc", rpcUrl, "--l1-rpc", l1RpcUrl],
    ],
    // As a flag the key would show in the list of processes.
    env: { OPENLEDGER_KEY: key },
    logFile,
    ready: async () => undefined,
    readyTimeoutMs: 60_000,
    onDeath,
    onRestart,
  });
}
