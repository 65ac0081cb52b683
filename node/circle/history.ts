import { type Hex as HexText, numberToHex, parseEventLogs, type RpcLog } from "viem";
import type { ChainClient } from "../ai/client/chain.ts";
import { circlePanelsAbi, openCircleAbi } from "../chain/generated/abi.ts";
import type { Address, Hash } from "../chain/types/primitives.ts";
import type { CircleAddresses } from "./addresses.ts";

type At = Pick<CircleAddresses, "circle" | "panels">;

/** Something that happened to a grant. */
export interface GrantEvent {
  /** The contract's name of it. */
  name: string;
  args: Readonly<Record<string, unknown>>;
  /** Seconds since 1970; undefined where the node does not tell it with its logs. */
  time: number | undefined;
  transaction: Hash;
}

/** A reviewer's revealed score. */
export interface SaidScore {
  panel: bigint;
  reviewer: Address;
  score: number;
  /** As the reviewer wrote it: a stranger's text. */
  reason: string;
}

const word = (id: bigint): HexText => numberToHex(id, { size: 32 });

/** Everything that OpenCircle says of a grant, oldest first. */
export async function historyOf(client: ChainClient, { circle }: At, grantId: bigint): Promise<GrantEvent[]> {
  // The grant is the first topic of all of its events.
  const filter = { address: circle, topics: [null, word(grantId)], fromBlock: "0x0", toBlock: "latest" };
  const logs = await client.rpc<RpcLog[]>("eth_getLogs", [filter]);
  return parseEventLogs({ abi: openCircleAbi, logs: logs as never }).map((log) => {
    const { blockTimestamp } = log as unknown as { blockTimestamp?: HexText };
    return {
      name: log.eventName,
      args: log.args as Readonly<Record<string, unknown>>,
      time: blockTimestamp === undefined ? undefined : Number(blockTimestamp),
      transaction: log.transactionHash as Hash,
    };
  });
}

/** The scores that panels revealed, with their reasons, in the order in which they were. */
export async function scoresOf(
  client: ChainClient,
  { panels: address }: At,
  panels: readonly bigint[],
): Promise<SaidScore[]> {
  if (panels.length === 0) return [];
  const filter = { address, abi: circlePanelsAbi, eventName: "CircleVoteRevealed" } as const;
  const logs = await client.public.getContractEvents({
    ...filter,
    args: { panelId: [...panels] },
    ...({ fromBlock: 0n, toBlock: "latest", strict: true } as const),
  });
  return logs.map(({ args: { panelId: panel, reviewer, score, reason } }) => ({
    ...{ panel, score, reason },
    reviewer: reviewer.toLowerCase() as Address,
  }));
}
