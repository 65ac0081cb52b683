import { type Account, encodeFunctionData, type Log, parseEventLogs } from "viem";
import { snapshotPoolsAbi as abi } from "../../chain/generated/abi.ts";
import { type ChainClient, type ProtocolAddresses, type SentTransaction, send } from "./chain.ts";
import { requireEvent } from "./datanets.ts";

type At = Pick<ProtocolAddresses, "pools">;

/** Wei that a contribution can draw of a snapshot's pool now: its rows' share of what came in since it drew last. */
export async function poolShare(
  client: ChainClient,
  { pools }: At,
  { datanetId, number, contributionId, rows }: PoolPlace & { rows: number },
): Promise<bigint> {
  const address = pools;
  const [pool, paid] = await Promise.all([
    client.public.readContract({ address, abi, functionName: "poolOf", args: [datanetId, number] }),
    client.public.readContract({
      address,
      abi,
      functionName: "paidIndex",
      args: [datanetId, number, contributionId],
    }),
  ]);
  return (BigInt(rows) * (pool.indexPerRow - paid)) >> 128n;
}

/** A contribution in a snapshot. */
export interface PoolPlace {
  datanetId: bigint;
  /** Of the snapshot. */
  number: number;
  contributionId: bigint;
}

/** Moves a contribution's share of a snapshot's pool to its contributor's reward balance. */
export async function claimPoolShare(
  client: ChainClient,
  { pools }: At,
  account: Account,
  { datanetId, number, contributionId }: PoolPlace,
): Promise<SentTransaction & { amount: bigint }> {
  const args = [datanetId, number, contributionId] as const;
  const data = encodeFunctionData({ abi, functionName: "claim", args });
  const sent = await send(client, account, { to: pools, data });
  const logs = parseEventLogs({ abi, logs: sent.receipt.logs as Log[], eventName: "PoolClaimed" });
  return { ...sent, amount: requireEvent(logs, "PoolClaimed").args.amount };
}
