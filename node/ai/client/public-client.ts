import { type Chain, createPublicClient, http, type PublicClient } from "viem";

/** How a node is asked: milliseconds. */
export interface ClientTimes {
  timeout: number;
  pollingInterval: number;
}

/** viem's client of a node, for everything that is read. */
export function publicClient(
  chain: Chain,
  rpcUrl: string,
  { timeout, pollingInterval }: ClientTimes,
): PublicClient {
  const transport = http(rpcUrl, { timeout, retryCount: 2 });
  return createPublicClient({ chain, transport, pollingInterval, cacheTime: 0 }) as PublicClient;
}
