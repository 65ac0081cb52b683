import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { hexToBytes } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { CodedError } from "../../node/base/errors.ts";
import { keccakHash } from "../../node/chain/crypto.ts";
import type { Hex } from "../../node/chain/types/primitives.ts";

const POLL_MS = 20;
const PATIENCE_S = 60;

/** What one chain did with one load of transactions. */
export interface LoadResult {
  /** Seconds from the first request to the last `eth_sendRawTransaction` answer. */
  acceptSeconds: number;
  /** Seconds from the first request until the block with the last transaction could be read. */
  minedSeconds: number;
}

export interface SignedTransfer {
  raw: Hex;
  hash: Hex;
}

/** `count` accounts whose keys are known to everybody. */
export function benchAccounts(count: number): PrivateKeyAccount[] {
  return Array.from({ length: count }, (_, i) =>
    privateKeyToAccount(`0x${(0xbe0001 + i).toString(16).padStart(64, "0")}`),
  );
}

const TRANSFER = {
  type: "eip1559",
  to: "0x00000000000000000000000000000000000be001",
  value: 1n,
  gas: 21_000n,
  maxPriorityFeePerGas: 1n,
  maxFeePerGas: 10n ** 11n,
} as const;

/** Signed transfers of 1 wei, `each` for every account, nonces from `firstNonce`. */
export async function signTransfers(
  accounts: readonly PrivateKeyAccount[],
  chainId: number,
  firstNonce: number,
  each: number,
): Promise<SignedTransfer[][]> {
  const lists: SignedTransfer[][] = [];
  for (const account of accounts) {
    const list: SignedTransfer[] = [];
    for (let i = 0; i < each; i++) {
      const raw = await account.signTransaction({ ...TRANSFER, chainId, nonce: firstNonce + i });
      list.push({ raw, hash: keccakHash(hexToBytes(raw)) });
    }
    lists.push(list);
  }
  return lists;
}

/** JSON-RPC over kept connections, one request at a time on each. */
export class LoadClient {
  private readonly agent = new Agent({ keepAlive: true });
  private readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** @throws CodedError `BENCH_CALL_FAILED` with the answer's error. */
  async call(method: string, params: readonly unknown[]): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const answer = JSON.parse(await this.post(body)) as { result?: unknown; error?: { message: string } };
    if (answer.error === undefined) return answer.result;
    throw new CodedError("BENCH_CALL_FAILED", "fatal", {
      message: `${this.url}: ${method}: ${answer.error.message}`,
    });
  }

  close(): void {
    this.agent.destroy();
  }

  private post(body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      const sent = request(this.url, { method: "POST", agent: this.agent, headers }, (response) => {
        const parts: Uint8Array[] = [];
        response.on("data", (part: Uint8Array) => parts.push(part));
        response.on("end", () => resolve(Buffer.concat(parts).toString("utf8")));
        response.on("error", reject);
      });
      sent.on("error", reject);
      sent.end(body);
    });
  }
}

interface RpcBlock {
  number: Hex;
  transactions: readonly Hex[];
}

/**
 * Sends each list in order over a connection of its own, all lists at once, beginning just after a block, and reads blocks
 * until every transaction is in one. @throws CodedError `BENCH_CALL_FAILED`, `BENCH_NOT_MINED`.
 */
export async function runLoad(
  client: LoadClient,
  lists: readonly (readonly SignedTransfer[])[],
): Promise<LoadResult> {
  const block = (tag: string) =>
    client.call("eth_getBlockByNumber", [tag, false]) as Promise<RpcBlock | null>;
  let next = Number((await block("latest"))!.number) + 1;
  while ((await block(`0x${next.toString(16)}`)) === null) await sleep(POLL_MS);
  next++;
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  let failure: unknown;
  const accepted = Promise.all(lists.map((list) => sendAll(client, list))).then(seconds);
  accepted.catch((error: unknown) => {
    failure = error;
  });
  const waiting = new Set(lists.flat().map(({ hash }) => hash));
  while (waiting.size > 0) {
    if (failure !== undefined) throw failure;
    const found = await block(`0x${next.toString(16)}`);
    if (found === null) {
      if (seconds() > PATIENCE_S) throw notMined(waiting.size);
      await sleep(POLL_MS);
      continue;
    }
    for (const hash of found.transactions) waiting.delete(hash);
    next++;
  }
  const minedSeconds = seconds();
  return { acceptSeconds: await accepted, minedSeconds };
}

async function sendAll(client: LoadClient, list: readonly SignedTransfer[]): Promise<void> {
  for (const { raw } of list) await client.call("eth_sendRawTransaction", [raw]);
}

function notMined(left: number): CodedError {
  return new CodedError("BENCH_NOT_MINED", "fatal", {
    message: `${left} transactions are in no block after ${PATIENCE_S} s`,
  });
}
