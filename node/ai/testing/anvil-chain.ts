import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type HDAccount, mnemonicToAccount } from "viem/accounts";
import { sleep } from "../../base/clock.ts";
import { packageRoot } from "../../base/paths.ts";
import type { Hex } from "../../chain/types/primitives.ts";
import { type ChainClient, connectChain } from "../client/chain.ts";

/** An anvil with the precompiles' Solidity twins at their addresses: the protocol's contracts run on it as on our chain. */
export interface AnvilChain {
  client: ChainClient;
  accounts: readonly HDAccount[];
  /** Lets `seconds` pass and makes a block. */
  pass(seconds: number): Promise<void>;
  stop(): void;
}

const MNEMONIC = "test test test test test test test test test test test junk";

/** Starts anvil on a free port. */
export async function startAnvilChain(): Promise<AnvilChain> {
  const port = await freePort();
  const binary = join(packageRoot(), "node_modules/.bin/anvil");
  const args = ["--port", String(port), "--mnemonic", MNEMONIC, "--silent"];
  const child: ChildProcess = spawn(binary, args, { stdio: "ignore" });
  const client = await untilReady(`http://127.0.0.1:${port}`);
  for (const [address, twin] of [
    ["0x0000000000000000000000000000000000000a01", "InfluenceVerifierTwin"],
    ["0x0000000000000000000000000000000000000a03", "RewardSplitterTwin"],
  ] as const) {
    await client.rpc("anvil_setCode", [address, artifact(twin).deployedBytecode.object]);
  }
  return {
    client,
    accounts: Array.from({ length: 10 }, (_, addressIndex) => mnemonicToAccount(MNEMONIC, { addressIndex })),
    async pass(seconds) {
      await client.rpc("evm_increaseTime", [seconds]);
      await client.rpc("evm_mine", []);
    },
    stop: () => void child.kill("SIGINT"),
  };
}

/** Creation code of one of our contracts, as forge built it. */
export function creationCode(contract: string): Hex {
  return artifact(contract).bytecode.object;
}

function artifact(name: string): { bytecode: { object: Hex }; deployedBytecode: { object: Hex } } {
  const path = join(packageRoot(), "contracts/out", `${name}.sol`, `${name}.json`);
  return JSON.parse(readFileSync(path, "utf8"));
}

async function untilReady(url: string): Promise<ChainClient> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await connectChain(url);
    } catch (error) {
      if (attempt > 100) throw error;
      await sleep(100);
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
