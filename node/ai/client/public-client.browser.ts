import { type Chain, createClient, http, type PublicClient } from "viem";
import {
  call,
  estimateGas,
  getBalance,
  getBlock,
  getBlockNumber,
  getCode,
  getContractEvents,
  getLogs,
  getTransaction,
  getTransactionCount,
  getTransactionReceipt,
  readContract,
  waitForTransactionReceipt,
} from "viem/actions";
import type { ClientTimes } from "./public-client.ts";

/** What pages read with; viem's whole client is three times as large. */
const ACTIONS = {
  call,
  estimateGas,
  getBalance,
  getBlock,
  getBlockNumber,
  getCode,
  getContractEvents,
  getLogs,
  getTransaction,
  getTransactionCount,
  getTransactionReceipt,
  readContract,
  waitForTransactionReceipt,
} as const;

/** viem's client of a node with the actions of {@link ACTIONS} alone. */
export function publicClient(
  chain: Chain,
  rpcUrl: string,
  { timeout, pollingInterval }: ClientTimes,
): PublicClient {
  const transport = http(rpcUrl, { timeout, retryCount: 2 });
  const client = createClient({ chain, transport, pollingInterval, cacheTime: 0 });
  const bound = Object.entries(ACTIONS).map(([name, action]) => [
    name,
    (order: never) => (action as (on: typeof client, order: never) => unknown)(client, order),
  ]);
  return Object.assign(client, Object.fromEntries(bound)) as unknown as PublicClient;
}
