import { type Account, encodeFunctionData } from "viem";
import { epochDemandsAbi as abi } from "../../chain/generated/abi.ts";
import type { Address, Hex } from "../../chain/types/primitives.ts";
import type { EpochRange } from "../epoch/epoch.ts";
import type { ShownLeaf, ShownPayout } from "../epoch/shown.ts";
import { type ChainClient, type ProtocolAddresses, type SentTransaction, send } from "./chain.ts";
import { demandDeposit } from "./demands.ts";

type At = Pick<ProtocolAddresses, "epochDemands">;

/** A demand for a leaf; `by` is 0 where nobody made one. */
export interface LeafDemand {
  by: Address;
  deadline: bigint;
  isAnswered: boolean;
}

export async function leafDemandOf(
  client: ChainClient,
  { epochDemands }: At,
  epochId: bigint,
  isPayout: boolean,
  position: number,
): Promise<LeafDemand> {
  const args = [epochId, isPayout, position] as const;
  return client.public.readContract({
    address: epochDemands,
    abi,
    functionName: "demandOf",
    args,
  });
}

/** Demands a leaf of an epoch, with the deposit. */
export async function demandLeaf(
  client: ChainClient,
  at: At & Pick<ProtocolAddresses, "parameters">,
  account: Account,
  epochId: bigint,
  isPayout: boolean,
  position: number,
): Promise<SentTransaction> {
  const args = [epochId, isPayout, position] as const;
  const data = encodeFunctionData({ abi, functionName: "demandLeaf", args });
  return send(client, account, { to: at.epochDemands, data, value: await demandDeposit(client, at) });
}

/** Demands an inference that the account itself paid for: it takes no deposit. */
export function demandOwnLeaf(
  client: ChainClient,
  { epochDemands }: At,
  account: Account,
  { epochId, position, ranges }: { epochId: bigint; position: number; ranges: EpochRange[] },
): Promise<SentTransaction> {
  const args = [epochId, position, ranges] as const;
  const data = encodeFunctionData({ abi, functionName: "demandOwnLeaf", args });
  return send(client, account, { to: epochDemands, data });
}

/** Gives the deposit of a demand back whose epoch ended otherwise. */
export function returnLeafDeposit(
  client: ChainClient,
  { epochDemands }: At,
  account: Account,
  epochId: bigint,
  isPayout: boolean,
  position: number,
): Promise<SentTransaction> {
  const args = [epochId, isPayout, position] as const;
  const data = encodeFunctionData({ abi, functionName: "returnDeposit", args });
  return send(client, account, { to: epochDemands, data });
}

/** Refutes the epoch of a demand that nobody answered. */
export function endSilentLeaf(
  client: ChainClient,
  { epochDemands }: At,
  account: Account,
  epochId: bigint,
  isPayout: boolean,
  position: number,
): Promise<SentTransaction> {
  const args = [epochId, isPayout, position] as const;
  const data = encodeFunctionData({ abi, functionName: "endSilent", args });
  return send(client, account, { to: epochDemands, data });
}

/** A leaf that somebody demands of its host. */
export interface LeafDemandEvent {
  epochId: bigint;
  isPayout: boolean;
  position: number;
  deadline: bigint;
}

/** Demands made in blocks `from`…`to`. */
export async function leafDemandsIn(
  client: ChainClient,
  { epochDemands }: At,
  range: { from: bigint; to: bigint },
): Promise<LeafDemandEvent[]> {
  const logs = await client.public.getContractEvents({
    address: epochDemands,
    abi,
    eventName: "LeafDemanded",
    fromBlock: range.from,
    toBlock: range.to,
    strict: true,
  });
  return logs.map(({ args: { epochId, isPayout, position, deadline } }) => ({
    ...{ epochId, isPayout, position, deadline },
  }));
}

/** An inference that was shown on chain since somebody demanded it; undefined where it was not. */
export async function publishedLeaf(
  client: ChainClient,
  { epochDemands }: At,
  epochId: bigint,
  position: number,
): Promise<ShownLeaf | undefined> {
  const events = await client.public.getContractEvents({
    address: epochDemands,
    abi,
    eventName: "LeafPublished",
    args: { epochId },
    fromBlock: 0n,
    strict: true,
  });
  const shown = events.map(({ args }) => args.leaf).find((leaf) => leaf.position === position);
  return shown && { ...shown, payer: shown.payer.toLowerCase() as Address, path: [...shown.path] };
}

/** Shows a demanded inference, and what its query's hash commits. Anybody may. */
export function answerLeaf(
  client: ChainClient,
  { epochDemands }: At,
  account: Account,
  epochId: bigint,
  shown: ShownLeaf,
  query: Hex,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "answerLeaf", args: [epochId, shown, query] });
  return send(client, account, { to: epochDemands, data });
}

/** Shows a demanded payout. Anybody may. */
export function answerPayout(
  client: ChainClient,
  { epochDemands }: At,
  account: Account,
  epochId: bigint,
  shown: ShownPayout,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "answerPayout", args: [epochId, shown] });
  return send(client, account, { to: epochDemands, data });
}
