import { createRequire } from "node:module";
import { join } from "node:path";
import { Child } from "./child.ts";
import { devnetError } from "./errors.ts";
import { jsonRpc } from "./json-rpc.ts";
import { L1State } from "./l1-state.ts";

export const L1_CHAIN_ID = 900;
/** Seconds between L1 blocks. */
export const L1_BLOCK_TIME = 2;
/** The test mnemonic that anvil and its peers use: public keys of nobody's money. */
export const MNEMONIC = "test test test test test test test test test test test junk";

export interface AnvilOptions {
  port: number;
  /** Chain state is written here every few seconds, and read from here at the start. */
  stateFile: string;
  logFile: string;
  /** Its state was cut off by a crash and is taken from the last whole copy. */
  onRepair: () => void;
  onDeath: (status: string) => void;
  onRestart: () => void;
}

/**
 * The devnet's L1. Its blocks carry timestamps two seconds apart whatever the wall clock says, so a chain that was
 * stopped goes on where it stopped.
 */
export function createAnvil(options: AnvilOptions): Child {
  const url = `http://127.0.0.1:${options.port}`;
  const state = new L1State(options.stateFile);
  return new Child({
    name: "anvil (L1)",
    command: anvilBinary(),
    args: [
      ["--port", String(options.port), "--chain-id", String(L1_CHAIN_ID), "--mnemonic", MNEMONIC],
      ["--accounts", "20", "--balance", "10000", "--no-mining", "--slots-in-an-epoch", "4"],
      // Old states stay out of the file, which is written whole every two seconds, and out of the user's home.
      ["--state", options.stateFile, "--state-interval", "2", "--prune-history", "256", "--silent"],
    ].flat(),
    logFile: options.logFile,
    ready: (signal) => startMining(url, signal),
    prepare: () => {
      if (state.repair()) options.onRepair();
    },
    tend: () => state.copy(),
    readyTimeoutMs: 30_000,
    onDeath: options.onDeath,
    onRestart: options.onRestart,
    stopSignal: "SIGINT",
  });
}

/** Sets the clock to where the chain stopped before the first block is mined: a restarted anvil would jump to wall time. */
async function startMining(url: string, signal: AbortSignal): Promise<void> {
  const head = (await jsonRpc(url, "eth_getBlockByNumber", ["latest", false], signal)) as {
    timestamp: string;
  };
  await jsonRpc(url, "evm_setTime", [Number(head.timestamp)], signal);
  await jsonRpc(url, "anvil_setBlockTimestampInterval", [L1_BLOCK_TIME], signal);
  await jsonRpc(url, "evm_setIntervalMining", [L1_BLOCK_TIME], signal);
}

function anvilBinary(): string {
  const names: Record<string, string> = { "linux-x64": "linux-amd64", "linux-arm64": "linux-arm64" };
  Object.assign(names, { "darwin-x64": "darwin-amd64", "darwin-arm64": "darwin-arm64" });
  const platform = names[`${process.platform}-${process.arch}`];
  try {
    const require = createRequire(import.meta.url);
    return join(require.resolve(`@foundry-rs/anvil-${platform}/package.json`), "..", "bin", "anvil");
  } catch (cause) {
    throw devnetError("ANVIL_MISSING", {
      message: `there is no anvil package for ${process.platform} ${process.arch}`,
      fix: "run `npm ci` again without --omit=optional, or on a platform that anvil supports",
      cause,
    });
  }
}
