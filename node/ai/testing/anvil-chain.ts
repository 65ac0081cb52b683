import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type HDAccount, mnemonicToAccount } from "viem/accounts";
import { sleep } from "../../base/clock.ts";
import { packageRoot } from "../../base/paths.ts";
import { encodeHeader } from "../../chain/codec/header.ts";
import { ZERO_HASH } from "../../chain/constants.ts";
import type { BlockHeader } from "../../chain/types/block.ts";
import type { Hash, Hex } from "../../chain/types/primitives.ts";
import { type ChainClient, connectChain } from "../client/chain.ts";
import { hexOfBytes, keccakOf } from "../codec/hash.ts";
import type { L1Headers } from "../verify/seed-recorder.ts";

/**
 * An anvil with the precompiles' Solidity twins at their addresses, and L1Block with headers of a made-up L1: the protocol's contracts
 * run on it as on our chain.
 */
export interface AnvilChain {
  client: ChainClient;
  accounts: readonly HDAccount[];
  /** Lets `seconds` pass and makes a block; its L1 makes one and another every 12 s meanwhile, the last of them the origin. */
  pass(seconds: number): Promise<void>;
  /** Of its L1. */
  l1Headers: L1Headers;
  /** An L1 block that its L1 does not have is the origin, until its L1 makes another. */
  pretendOrigin(number: bigint, hash: Hash): Promise<void>;
  stop(): void;
}

const L1_BLOCK = "0x4200000000000000000000000000000000000015";
const L1_BLOCK_S = 12;
const FIRST_ORIGIN = 1_000n;
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
    ["0x0000000000000000000000000000000000000a02", "SpanVerifierTwin"],
    ["0x0000000000000000000000000000000000000a03", "RewardSplitterTwin"],
    [L1_BLOCK, "L1Block"],
  ] as const) {
    await client.rpc("anvil_setCode", [address, artifact(twin).deployedBytecode.object]);
  }
  // Its clock is its own: what a slow machine takes longer for is not late.
  await client.rpc("anvil_setBlockTimestampInterval", [1]);
  const l1 = madeUpL1(client);
  await l1.next();
  return {
    client,
    l1Headers: l1.headers,
    pretendOrigin: (number, hash) => setOrigin(client, number, hash),
    accounts: Array.from({ length: 10 }, (_, addressIndex) => mnemonicToAccount(MNEMONIC, { addressIndex })),
    async pass(seconds) {
      const { timestamp } = await client.public.getBlock();
      await client.rpc("evm_setNextBlockTimestamp", [Number(timestamp) + seconds]);
      for (let made = 0; made <= seconds; made += L1_BLOCK_S) await l1.next();
      await client.rpc("evm_mine", []);
    },
    stop: () => void child.kill("SIGINT"),
  };
}

/** Headers that follow one another, the last of them L2's origin. */
function madeUpL1(client: ChainClient) {
  const encoded: Uint8Array[] = [];
  return {
    async next(): Promise<void> {
      const last = encoded.at(-1);
      const number = FIRST_ORIGIN + BigInt(encoded.length);
      encoded.push(encodeHeader(emptyHeader(number, last ? keccakOf(last) : ZERO_HASH)));
      await setOrigin(client, number, keccakOf(encoded.at(-1)!));
    },
    headers: async (from: bigint, count: number) =>
      Array.from({ length: count }, (_, i) => hexOfBytes(encoded[Number(from - FIRST_ORIGIN) - i]!)),
  };
}

async function setOrigin(client: ChainClient, number: bigint, hash: Hash): Promise<void> {
  const word = (value: bigint) => `0x${value.toString(16).padStart(64, "0")}`;
  await client.rpc("anvil_setStorageAt", [L1_BLOCK, word(0n), word(number)]);
  await client.rpc("anvil_setStorageAt", [L1_BLOCK, word(2n), hash]);
}

function emptyHeader(number: bigint, parentHash: Hash): BlockHeader {
  return {
    ...{ parentHash, number, miner: `0x${"00".repeat(20)}`, mixHash: ZERO_HASH },
    ...{ sha3Uncles: ZERO_HASH, stateRoot: ZERO_HASH, transactionsRoot: ZERO_HASH, receiptsRoot: ZERO_HASH },
    ...{ difficulty: 0n, gasLimit: 30_000_000n, gasUsed: 0n, timestamp: 12n * number },
    ...{ logsBloom: new Uint8Array(256), extraData: new Uint8Array(), nonce: new Uint8Array(8) },
    ...{ baseFeePerGas: undefined, withdrawalsRoot: undefined, blobGasUsed: undefined },
    ...{ excessBlobGas: undefined, parentBeaconBlockRoot: undefined, requestsHash: undefined },
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
