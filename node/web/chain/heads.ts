import { queryOptions } from "@tanstack/react-query";
import type { Connection } from "./connection.tsx";
import type { Head } from "./live.ts";

/** How far the chain has got, by L1. */
export interface SyncHeads {
  unsafe: bigint;
  safe: bigint;
  finalized: bigint;
  /** L1's block that derivation has read last. */
  l1: bigint;
}

interface SyncStatus {
  unsafe_l2: { number: number };
  safe_l2: { number: number };
  finalized_l2: { number: number };
  current_l1: { number: number };
}

/** The three heads. */
export async function syncHeads({ client }: Connection): Promise<SyncHeads> {
  const status = await client.rpc<SyncStatus>("optimism_syncStatus", []);
  return {
    unsafe: BigInt(status.unsafe_l2.number),
    safe: BigInt(status.safe_l2.number),
    finalized: BigInt(status.finalized_l2.number),
    l1: BigInt(status.current_l1.number),
  };
}

/** The heads are asked for again with every so many blocks. */
const HEADS_EVERY = 4n;

/** The heads, as the subscription's newest block makes them old. */
export const headsQuery = (connection: Connection, head: Head | undefined) =>
  queryOptions({
    queryKey: ["heads", head === undefined ? "" : (head.number / HEADS_EVERY).toString()],
    queryFn: () => syncHeads(connection),
    placeholderData: (before) => before,
  });
