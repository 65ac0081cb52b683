import { queryOptions } from "@tanstack/react-query";
import type { Log } from "viem";
import { extractTransactionDepositedLogs, getL2TransactionHash } from "viem/op-stack";
import { L1_BLOCK } from "../../chain/constants.ts";
import { l1BlockAbi, l2OutputOracleAbi, optimismPortalAbi } from "../../chain/generated/abi.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { type L1Side, withdrawalOf } from "./bridge.ts";
import type { Connection } from "./connection.tsx";
import { syncHeads } from "./heads.ts";

/** Where a block of L2 lies on L1. */
export interface Batch {
  /** The first L1 block from which nodes derive it: the last of its batch's data is there. */
  l1Block: bigint;
  /** The batcher's transactions in that block. */
  transactions: readonly Hash[];
}

interface SafeHead {
  safeHead: { number: number | string };
}

interface RollupConfig {
  batch_inbox_address: string;
}

/** L1's block that a block of L2 takes its L1 attributes from. */
async function originOf({ client }: Connection, blockNumber: bigint): Promise<bigint> {
  return client.public.readContract({
    address: L1_BLOCK,
    abi: l1BlockAbi,
    functionName: "number",
    blockNumber,
  });
}

/** The batch that brought a block to L1; undefined while none did, or where the node keeps no history of it. */
async function batchOf(
  connection: Connection,
  { client: l1 }: L1Side,
  block: bigint,
): Promise<Batch | undefined> {
  const { client } = connection;
  const { safe, l1: read } = await syncHeads(connection);
  if (block > safe) return undefined;
  const safeAt = async (l1Block: bigint) => {
    const found = await client.rpc<SafeHead>("optimism_safeHeadAtL1Block", [`0x${l1Block.toString(16)}`]);
    return BigInt(found.safeHead.number);
  };
  // A batch is never older than the origin of what it holds.
  let [low, high] = [await originOf(connection, block), read];
  while (low < high) {
    const middle = (low + high) / 2n;
    // Before the first batch there is no safe head to tell.
    const safeThere = await safeAt(middle).catch(() => -1n);
    if (safeThere >= block) high = middle;
    else low = middle + 1n;
  }
  const { batch_inbox_address: inbox } = await client.rpc<RollupConfig>("optimism_rollupConfig", []);
  const found = await l1.public.getBlock({ blockNumber: low, includeTransactions: true });
  const sent = found.transactions.filter(({ to }) => to?.toLowerCase() === inbox.toLowerCase());
  return { l1Block: low, transactions: sent.map(({ hash }) => hash) };
}

export const batchQuery = (connection: Connection, l1: L1Side, block: bigint, safe: bigint) =>
  queryOptions({
    // A safe block's batch stands as long as L1 does.
    queryKey: ["batch", block.toString(), safe >= block],
    queryFn: async () => (await batchOf(connection, l1, block)) ?? "none",
  });

/** An output root on L1 that covers a block. */
export interface Output {
  index: bigint;
  root: Hash;
  /** The last block that it covers. */
  block: bigint;
  /** Seconds of L1's clock. */
  proposedAt: number;
}

/** The first output that covers a block; "none" while there is none. */
export const outputQuery = ({ client, contracts }: L1Side, block: bigint, head: bigint) =>
  queryOptions({
    queryKey: ["output", block.toString(), (head / 8n).toString()],
    queryFn: async (): Promise<Output | "none"> => (await outputOver({ client, contracts }, block)) ?? "none",
    placeholderData: (before) => before,
  });

/** The first output that covers a block, if L1 has one. */
export async function outputOver(
  { client, contracts }: Pick<L1Side, "client" | "contracts">,
  block: bigint,
): Promise<Output | undefined> {
  const oracle = { address: contracts.l2OutputOracle, abi: l2OutputOracleAbi } as const;
  const latest = await client.public.readContract({ ...oracle, functionName: "latestBlockNumber" });
  if (latest < block) return undefined;
  const args = [block] as const;
  const index = await client.public.readContract({ ...oracle, functionName: "getL2OutputIndexAfter", args });
  const found = await client.public.readContract({ ...oracle, functionName: "getL2Output", args: [index] });
  return {
    ...{ index, root: found.outputRoot, block: found.l2BlockNumber },
    proposedAt: Number(found.timestamp),
  };
}

/** The transaction on L1 that a deposit came from; "none" for the attributes that open a block. */
export const depositOriginQuery = (
  connection: Connection,
  { client, contracts }: L1Side,
  hash: Hash,
  block: bigint,
) =>
  queryOptions({
    queryKey: ["deposit-origin", hash],
    queryFn: async (): Promise<{ l1Block: bigint; transaction: Hash } | "none"> => {
      const l1Block = await originOf(connection, block);
      const logs = await client.public.getContractEvents({
        address: contracts.optimismPortal,
        abi: optimismPortalAbi,
        eventName: "TransactionDeposited",
        fromBlock: l1Block,
        toBlock: l1Block,
      });
      const found = extractTransactionDepositedLogs({ logs: logs as Log[] }).find(
        (log) => getL2TransactionHash({ log }) === hash,
      );
      return found === undefined ? "none" : { l1Block, transaction: found.transactionHash };
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

/** The withdrawal that a transaction made, with how far it is; "none" where it made none. */
export const withdrawalQuery = (connection: Connection, l1: L1Side, transaction: Hash, head: bigint) =>
  queryOptions({
    queryKey: ["withdrawal", transaction, (head / 2n).toString()],
    queryFn: async () => (await withdrawalOf(connection, l1, transaction)) ?? "none",
    placeholderData: (before) => before,
  });
