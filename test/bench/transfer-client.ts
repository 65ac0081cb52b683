import { setTimeout as sleep } from "node:timers/promises";
import secp256k1 from "secp256k1";
import { bytesToHex, hexToBytes, serializeTransaction, type TransactionSerializableEIP1559 } from "viem";
import { CodedError } from "../../node/base/errors.ts";
import { keccak256, keccakHash, publicKeyToAddress } from "../../node/chain/crypto.ts";
import type { Address, Hex } from "../../node/chain/types/primitives.ts";
import { LoadConnection } from "./load-connection.ts";

const POLL_MS = 20;
const PATIENCE_S = 60;

/** What one chain did with one load of transactions. */
export interface LoadResult {
  /** Seconds from the first request to the last `eth_sendRawTransaction` answer. */
  acceptSeconds: number;
  /** Seconds from the first request until the block with the last transaction could be read. */
  minedSeconds: number;
  /** Share of these that this process was busy itself: near 1 it would be what is measured. */
  clientShare: number;
}

export interface SignedTransfer {
  raw: Hex;
  hash: Hex;
}

export interface BenchAccount {
  address: Address;
  privateKey: Uint8Array;
}

/** `count` accounts whose keys are known to everybody. */
export function benchAccounts(count: number): BenchAccount[] {
  return Array.from({ length: count }, (_, i) => {
    const privateKey = hexToBytes(`0x${(0xbe0001 + i).toString(16).padStart(64, "0")}`);
    const address = publicKeyToAddress(secp256k1.publicKeyCreate(privateKey, false).slice(1));
    return { address, privateKey };
  });
}

/** Fees: a tip of 1 wei up to 100 gwei, unless given. */
export type Call = Pick<
  TransactionSerializableEIP1559,
  "to" | "value" | "gas" | "data" | "maxFeePerGas" | "maxPriorityFeePerGas"
>;

/** A signed type 2 transaction; by the native library, since a load has tens of thousands. */
export function signCall(account: BenchAccount, chainId: number, nonce: number, call: Call): SignedTransfer {
  const fees = { maxPriorityFeePerGas: 1n, maxFeePerGas: 10n ** 11n };
  const transaction = { type: "eip1559", chainId, nonce, ...fees, ...call } as const;
  const digest = keccak256(hexToBytes(serializeTransaction(transaction)));
  const { signature, recid } = secp256k1.ecdsaSign(digest, account.privateKey);
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)].map((part) => bytesToHex(part));
  const raw = serializeTransaction(transaction, { r: r!, s: s!, yParity: recid });
  return { raw, hash: keccakHash(hexToBytes(raw)) };
}

/** JSON-RPC over kept connections. */
export class LoadClient {
  private readonly url: string;
  private readonly connections: LoadConnection[];
  private readonly reads: LoadConnection;

  constructor(url: string, connections: number) {
    this.url = url;
    this.connections = Array.from({ length: connections }, () => new LoadConnection(url));
    this.reads = new LoadConnection(url);
  }

  /** One call at a time. @throws CodedError `BENCH_CALL_FAILED` with the answer's error. */
  call(method: string, params: readonly unknown[]): Promise<unknown> {
    return this.over(this.reads, method, params);
  }

  /** Sends the transactions in order over one of the connections. */
  async sendAll(connection: number, list: readonly SignedTransfer[]): Promise<void> {
    for (const { raw } of list) {
      await this.over(this.connections[connection]!, "eth_sendRawTransaction", [raw]);
    }
  }

  close(): void {
    for (const connection of [...this.connections, this.reads]) connection.close();
  }

  private async over(connection: LoadConnection, method: string, params: readonly unknown[]) {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const answer = JSON.parse(await connection.post(body)) as {
      result?: unknown;
      error?: { message: string };
    };
    if (answer.error === undefined) return answer.result;
    throw new CodedError("BENCH_CALL_FAILED", "fatal", {
      message: `${this.url}: ${method}: ${answer.error.message}`,
    });
  }
}

interface RpcBlock {
  number: Hex;
  transactions: readonly Hex[];
}

/**
 * Sends each list in order over a connection of its own, all lists at once, beginning just after a block, and reads blocks
 * until every transaction is in one. @throws CodedError `BENCH_CALL_FAILED`, `BENCH_NOT_MINED`, `BENCH_REVERTED`.
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
  const usage = process.cpuUsage();
  const seconds = () => (performance.now() - start) / 1000;
  let failure: unknown;
  const accepted = Promise.all(lists.map((list, index) => client.sendAll(index, list))).then(() => {
    const { user, system } = process.cpuUsage(usage);
    return { acceptSeconds: seconds(), clientShare: (user + system) / 1e6 / seconds() };
  });
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
  for (const list of lists) await checkSuccess(client, list.at(-1)!.hash);
  return { ...(await accepted), minedSeconds };
}

async function checkSuccess(client: LoadClient, hash: Hex): Promise<void> {
  const receipt = (await client.call("eth_getTransactionReceipt", [hash])) as { status?: Hex } | null;
  if (receipt?.status === "0x1") return;
  throw new CodedError("BENCH_REVERTED", "fatal", { message: `${hash} did not succeed` });
}

function notMined(left: number): CodedError {
  return new CodedError("BENCH_NOT_MINED", "fatal", {
    message: `${left} transactions are in no block after ${PATIENCE_S} s`,
  });
}
