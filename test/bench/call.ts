import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeDeployData, encodeFunctionData, type Address as ViemAddress } from "viem";
import { CodedError } from "../../node/base/errors.ts";
import type { Address, Hex } from "../../node/chain/types/primitives.ts";
import { ownArtifact } from "../../node/deploy/artifacts.ts";
import { CallConnection } from "./call-client.ts";
import type { Bench } from "./figure.ts";
import { median } from "./figure.ts";
import { benchAccounts, LoadClient, signCall } from "./transfer-client.ts";
import { CHAIN_ID, startOurs, startPeer, type Target } from "./transfers.ts";

const CONNECTIONS = 8;
const EACH = 2_500;
/** After one that is not counted. */
const ROUNDS = 3;
const SUPPLY = 10n ** 27n;
const POLL_MS = 100;
const PATIENCE_MS = 60_000;

/** `eth_call` of an ERC-20's `balanceOf` over kept connections: a node with its database beside anvil in memory. */
export const callBench: Bench = {
  name: "call",
  summary: ([figure]) => `call ratio ${(figure!.ours / figure!.peer!.value).toFixed(2)}`,
  async run() {
    const [holder] = benchAccounts(1);
    const funded = [holder!.address.toLowerCase() as Address];
    const folder = await mkdtemp(join(tmpdir(), "bench-"));
    const targets: Target[] = [];
    try {
      targets.push(await startOurs(folder, funded));
      targets.push(await startPeer(funded));
      const rates: [number[], number[]] = [[], []];
      const loads = [];
      for (const { url } of targets) loads.push(await prepareLoad(url));
      for (let round = 0; round <= ROUNDS; round++) {
        for (const [side, load] of loads.entries()) {
          const rate = await callRate(load);
          if (round > 0) rates[side]!.push(rate);
        }
      }
      for (const { connections } of loads) for (const connection of connections) connection.close();
      const [ours, peer] = rates.map(median) as [number, number];
      return [
        {
          what: `eth_call of balanceOf over ${CONNECTIONS} kept HTTP connections`,
          unit: "calls/s",
          ours,
          peer: { name: "anvil", value: peer },
        },
      ];
    } finally {
      for (const { stop } of targets.reverse()) await stop();
      await rm(folder, { recursive: true });
    }
  },
};

interface Load {
  connections: CallConnection[];
  expected: string;
}

/** Deploys the token and opens the connections. */
async function prepareLoad(url: string): Promise<Load> {
  const [holder] = benchAccounts(1);
  const { abi, bytecode } = ownArtifact("Open");
  const client = new LoadClient(url, 1);
  const { raw } = signCall(holder!, CHAIN_ID, 0, {
    data: encodeDeployData({ abi, bytecode, args: [holder!.address] }),
    gas: 3_000_000n,
  });
  const hash = (await client.call("eth_sendRawTransaction", [raw])) as Hex;
  const token = await deployedBy(client, hash);
  client.close();
  const data = encodeFunctionData({ abi, functionName: "balanceOf", args: [holder!.address] });
  const body = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "eth_call",
    params: [{ to: token, data }, "latest"],
  });
  const connections = [];
  for (let i = 0; i < CONNECTIONS; i++) connections.push(await CallConnection.open(url, body));
  return { connections, expected: `0x${SUPPLY.toString(16).padStart(64, "0")}` };
}

async function deployedBy(client: LoadClient, hash: Hex): Promise<ViemAddress> {
  for (let waited = 0; waited < PATIENCE_MS; waited += POLL_MS) {
    const receipt = (await client.call("eth_getTransactionReceipt", [hash])) as {
      contractAddress: ViemAddress;
    } | null;
    if (receipt !== null) return receipt.contractAddress;
    await sleep(POLL_MS);
  }
  throw new CodedError("BENCH_NOT_MINED", "fatal", { message: "the token's transaction is in no block" });
}

/** Calls a second. @throws CodedError `BENCH_CALL_FAILED` where an answer is not the balance. */
async function callRate({ connections, expected }: Load): Promise<number> {
  const start = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      for (let i = 0; i < EACH; i++) {
        const answer = await connection.send();
        if (!answer.includes(expected)) {
          throw new CodedError("BENCH_CALL_FAILED", "fatal", { message: answer.slice(0, 300) });
        }
      }
    }),
  );
  return (CONNECTIONS * EACH) / ((performance.now() - start) / 1000);
}
