import { type Account, encodeFunctionData, type Log, parseEventLogs } from "viem";
import { SKIPPED } from "../../../precompiles/influence-verifier/rule.ts";
import { snapshotPoolsAbi as abi } from "../../chain/generated/abi.ts";
import { type AttributionIndex, openedRecord, recordOf } from "../attribution/sketch-index.ts";
import { type ChainClient, type ProtocolAddresses, type SentTransaction, send } from "./chain.ts";
import { getSnapshot, requireEvent } from "./datanets.ts";
import type { RegisteredModel } from "./models.ts";

type At = Pick<ProtocolAddresses, "pools">;

/** Wei that a contribution can draw of a snapshot's pool now: its rows' share of what came in since it drew last. */
export async function poolShare(
  client: ChainClient,
  { pools }: At,
  { datanetId, number, contributionId, rows }: PoolPlace & { rows: number },
): Promise<bigint> {
  const address = pools;
  const args = [datanetId, number, contributionId] as const;
  const [pool, paid, off] = await Promise.all([
    client.public.readContract({ address, abi, functionName: "poolOf", args: [datanetId, number] }),
    client.public.readContract({ address, abi, functionName: "paidIndex", args }),
    client.public.readContract({ address, abi, functionName: "rowsOff", args }),
  ]);
  return ((BigInt(rows) - BigInt(off)) * (pool.indexPerRow - paid)) >> 128n;
}

/** A contribution in a snapshot. */
export interface PoolPlace {
  datanetId: bigint;
  /** Of the snapshot. */
  number: number;
  contributionId: bigint;
}

/** A row that a model's index marks as the repeat or near copy of an earlier one, both in one of the model's snapshots. */
export interface MarkedRow {
  rowId: number;
  /** The row that it repeats. */
  first: number;
  contributionId: bigint;
  row: number;
  datanetId: bigint;
  number: number;
  /** Which of the model's snapshots, from 0. */
  at: number;
}

/** The marked rows of a settled model that still share in their snapshots' pools. */
export async function markedRows(
  client: ChainClient,
  at: Pick<ProtocolAddresses, "pools" | "datanets">,
  { snapshots }: Pick<RegisteredModel, "snapshots">,
  index: AttributionIndex,
): Promise<MarkedRow[]> {
  const marked: MarkedRow[] = [];
  for (const [place, { datanetId, number }] of snapshots.entries()) {
    const { contributions } = await getSnapshot(client, at, datanetId, number);
    const inside = new Set(
      contributions.filter(({ skipped }) => !skipped).map(({ contributionId }) => contributionId),
    );
    const off = await rowsTakenOff(client, at, datanetId, number);
    for (let rowId = 0; rowId < index.commitment.rows; rowId++) {
      const { first, contributionId, row } = recordOf(index, rowId);
      if (first === rowId || first === SKIPPED || !inside.has(contributionId)) continue;
      if (off.has(`${contributionId}:${row}`) || !inside.has(recordOf(index, first).contributionId)) continue;
      marked.push({ rowId, first, contributionId, row, datanetId, number, at: place });
    }
  }
  return marked;
}

/** Rows that share no more in a snapshot's pool, as `contribution:row`. */
async function rowsTakenOff(
  client: ChainClient,
  { pools }: At,
  datanetId: bigint,
  number: number,
): Promise<ReadonlySet<string>> {
  const events = await client.public.getContractEvents({
    ...{ address: pools, abi, fromBlock: 0n, strict: true },
    ...{ eventName: "RowTakenOff", args: { datanetId } },
  });
  const here = events.filter(({ args }) => args.number === number);
  return new Set(here.map(({ args }) => `${args.contributionId}:${args.row}`));
}

/** Takes a marked row's share off its snapshot's pool: what it earned and nobody drew goes to the other rows. */
export function takeOffMarked(
  client: ChainClient,
  { pools }: At,
  account: Account,
  modelId: bigint,
  index: AttributionIndex,
  { at, rowId, first }: MarkedRow,
): Promise<SentTransaction> {
  const args = [modelId, BigInt(at), openedRecord(index, rowId), openedRecord(index, first)] as const;
  const data = encodeFunctionData({ abi, functionName: "takeOffMarked", args });
  return send(client, account, { to: pools, data });
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
