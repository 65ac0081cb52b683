import { queryOptions } from "@tanstack/react-query";
import { getContribution } from "../../ai/client/datanets.ts";
import { hostOf } from "../../ai/client/hosts.ts";
import { CONTRIBUTOR_PAYMENTS } from "../../ai/client/market.ts";
import { hostStakesAbi, snapshotPoolsAbi } from "../../chain/generated/abi.ts";
import type { Address, Hex } from "../../chain/types/primitives.ts";
import type { Connection, Protocol } from "./connection.tsx";
import type { Head } from "./live.ts";
import { LIVE } from "./live-provider.tsx";

/** Blocks over which the pace is told. */
const WINDOW = 60n;
/** The pace is worked out again with every so many blocks. */
const EVERY = 4n;

/** How fast the chain goes. */
export interface Pace {
  /** Blocks that it was taken from. */
  blocks: number;
  blocksPerSecond: number;
  /** Of the newest blocks, as a part of their limits, from 0 to 1. */
  fullness: number;
  /** Wei for one gas in the next block. */
  baseFee: bigint;
}

interface FeeHistory {
  gasUsedRatio: readonly number[];
  baseFeePerGas: readonly Hex[];
}

/** The pace over the newest blocks. */
export const paceQuery = (connection: Connection, head: Head | undefined) =>
  queryOptions({
    queryKey: ["pace", head === undefined ? "" : (head.number / EVERY).toString()],
    queryFn: async (): Promise<Pace> => {
      const { client } = connection;
      const last = await client.public.getBlock();
      const count = last.number < WINDOW ? last.number : WINDOW;
      const first = await client.public.getBlock({ blockNumber: last.number - count });
      const hexCount = `0x${(count === 0n ? 1n : count).toString(16)}`;
      const fees = await client.rpc<FeeHistory>("eth_feeHistory", [hexCount, "latest", []]);
      return paceOf(Number(count), Number(last.timestamp - first.timestamp), fees);
    },
    placeholderData: (before) => before,
  });

/** @param seconds that the blocks took. */
export function paceOf(blocks: number, seconds: number, { gasUsedRatio, baseFeePerGas }: FeeHistory): Pace {
  const sum = gasUsedRatio.reduce((all, ratio) => all + ratio, 0);
  return {
    blocks,
    blocksPerSecond: seconds === 0 ? 0 : blocks / seconds,
    fullness: gasUsedRatio.length === 0 ? 0 : sum / gasUsedRatio.length,
    baseFee: BigInt(baseFeePerGas.at(-1) ?? "0x0"),
  };
}

/** A payment to contributors, by its block. */
export interface Payment {
  block: bigint;
  /** Wei. */
  amount: bigint;
}

/** All that contributors were paid up to a block. */
export interface PaidPoint {
  block: bigint;
  /** Seconds since 1970. */
  seconds: number;
  /** Wei, with everything before. */
  total: bigint;
}

/** What contributors were paid so far, over the whole life of the chain. */
export const paidQuery = (protocol: Protocol) =>
  queryOptions({
    queryKey: [LIVE, "paid"],
    queryFn: async (): Promise<PaidPoint[]> => {
      const { client, at } = protocol;
      const whole = { fromBlock: 0n, strict: true } as const;
      const [answers, pools, first, head] = await Promise.all([
        client.public.getContractEvents({
          ...whole,
          address: at.market,
          abi: CONTRIBUTOR_PAYMENTS,
        }),
        client.public.getContractEvents({
          ...whole,
          address: at.pools,
          abi: snapshotPoolsAbi,
          eventName: "PoolClaimed",
        }),
        client.public.getBlock({ blockNumber: 0n }),
        client.public.getBlock(),
      ]);
      const payments = [
        ...answers.map(({ args, blockNumber }) => ({ block: blockNumber, amount: sumOf(args.amounts) })),
        ...pools.map(({ args, blockNumber }) => ({ block: blockNumber, amount: args.amount })),
      ];
      return paidSoFar(payments, clockOf(first, head));
    },
  });

interface Moment {
  number: bigint;
  timestamp: bigint;
}

/** Seconds of a block: they are evenly spaced between two others, as a rollup's are. */
export function clockOf(first: Moment, last: Moment): (block: bigint) => number {
  const blocks = last.number - first.number;
  if (blocks <= 0n) return () => Number(first.timestamp);
  const span = last.timestamp - first.timestamp;
  return (block) => Number(first.timestamp + ((block - first.number) * span) / blocks);
}

/** The sums after each block with a payment, oldest first. */
export function paidSoFar(payments: readonly Payment[], secondsOf: (block: bigint) => number): PaidPoint[] {
  const points: PaidPoint[] = [];
  let total = 0n;
  for (const { block, amount } of [...payments].sort((a, b) => (a.block < b.block ? -1 : 1))) {
    total += amount;
    const last = points.at(-1);
    if (last?.block === block) last.total = total;
    else points.push({ block, seconds: secondsOf(block), total });
  }
  return points;
}

const sumOf = (amounts: readonly bigint[]) => amounts.reduce((sum, amount) => sum + amount, 0n);

/** A host as the chain knows it. */
export interface ListedHost {
  host: Address;
  /** Ids of the models that it takes, ascending. */
  models: readonly bigint[];
  /** Wei. */
  stake: bigint;
  openClaims: number;
}

/** Hosts that take models now, with the largest stake first. */
export const hostsQuery = (protocol: Protocol) =>
  queryOptions({
    queryKey: [LIVE, "all-hosts"],
    queryFn: async (): Promise<ListedHost[]> => {
      const { client, at } = protocol;
      const place = { address: at.hosts, abi: hostStakesAbi, fromBlock: 0n, strict: true } as const;
      const [taken, dropped] = await Promise.all([
        client.public.getContractEvents({ ...place, eventName: "ModelTaken" }),
        client.public.getContractEvents({ ...place, eventName: "ModelDropped" }),
      ]);
      const steps = [
        ...taken.map((event) => ({ ...placeOf(event), takes: true })),
        ...dropped.map((event) => ({ ...placeOf(event), takes: false })),
      ].sort((a, b) => Number(a.block - b.block) || a.index - b.index);
      const models = new Map<Address, Set<bigint>>();
      for (const { host, modelId, takes } of steps) {
        const his = models.get(host) ?? new Set();
        if (takes) his.add(modelId);
        else his.delete(modelId);
        models.set(host, his);
      }
      const hosts = await Promise.all(
        [...models]
          .filter(([, his]) => his.size > 0)
          .map(async ([host, his]): Promise<ListedHost> => {
            const { amount, openClaims } = await hostOf(client, at, host);
            return { host, models: [...his].sort((a, b) => (a < b ? -1 : 1)), stake: amount, openClaims };
          }),
      );
      return hosts.sort((a, b) => (a.stake > b.stake ? -1 : 1));
    },
  });

interface HostEvent {
  args: { host: Address; modelId: bigint };
  blockNumber: bigint;
  logIndex: number;
}

function placeOf({ args: { host, modelId }, blockNumber, logIndex }: HostEvent) {
  return { host: host.toLowerCase() as Address, modelId, block: blockNumber, index: logIndex };
}

/** Who made a contribution; that never changes. */
export const contributorQuery = (protocol: Protocol, contributionId: bigint) =>
  queryOptions({
    queryKey: ["contributor", contributionId.toString()],
    queryFn: async () => {
      const found = await getContribution(protocol.client, protocol.at, contributionId);
      return { contributor: found.contributor.toLowerCase() as Address, datanetId: found.datanetId };
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
