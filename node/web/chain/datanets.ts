import { queryOptions } from "@tanstack/react-query";
import {
  CONTRIBUTION_STATUS,
  datanetCount,
  getContribution,
  getDatanet,
  getSnapshot,
} from "../../ai/client/datanets.ts";
import type { AcceptedContribution } from "../../ai/train/snapshot.ts";
import { datanetRegistryAbi, reviewersAbi } from "../../chain/generated/abi.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { Protocol } from "./connection.tsx";
import { LIVE } from "./live-provider.tsx";

/** Datanets and contributions that one list shows. */
const MOST = 200n;

/** A datanet as lists show it. */
export type Datanet = Awaited<ReturnType<typeof getDatanet>> & { datanetId: bigint };

/** A contribution as the registry holds it. */
export type Contribution = Awaited<ReturnType<typeof getContribution>> & { contributionId: bigint };

/** A frozen version, with what it added. */
export interface FrozenSnapshot {
  number: number;
  root: Hash;
  contributions: number;
  rows: bigint;
  frozenAt: number;
}

function newest(count: bigint): bigint[] {
  const ids: bigint[] = [];
  for (let id = count; id > 0n && count - id < MOST; id--) ids.push(id);
  return ids;
}

/** The newest datanets, newest first. */
export const datanetsQuery = (protocol: Protocol) =>
  queryOptions({
    queryKey: [LIVE, "datanets"],
    queryFn: async (): Promise<Datanet[]> => {
      const { client, at } = protocol;
      const ids = newest(await datanetCount(client, at));
      return Promise.all(
        ids.map(async (datanetId) => ({ datanetId, ...(await getDatanet(client, at, datanetId)) })),
      );
    },
  });

export const datanetQuery = (protocol: Protocol, datanetId: bigint) =>
  queryOptions({
    queryKey: [LIVE, "datanet", datanetId.toString()],
    queryFn: async (): Promise<Datanet> => ({
      datanetId,
      ...(await getDatanet(protocol.client, protocol.at, datanetId)),
    }),
  });

/** The newest contributions to a datanet, newest first. */
export const contributionsQuery = (protocol: Protocol, datanetId: bigint) =>
  queryOptions({
    queryKey: [LIVE, "contributions", datanetId.toString()],
    queryFn: async (): Promise<Contribution[]> => {
      const { client, at } = protocol;
      const events = await client.public.getContractEvents({
        address: at.datanets,
        abi: datanetRegistryAbi,
        eventName: "ContributionCommitted",
        args: { datanetId },
        fromBlock: 0n,
        strict: true,
      });
      const ids = events.map(({ args }) => args.contributionId).reverse();
      return Promise.all(
        ids.slice(0, Number(MOST)).map(async (contributionId) => ({
          contributionId,
          ...(await getContribution(client, at, contributionId)),
        })),
      );
    },
  });

/** All snapshots of a datanet, newest first. */
export const snapshotsQuery = (protocol: Protocol, { datanetId, snapshots }: Datanet) =>
  queryOptions({
    queryKey: [LIVE, "snapshots", datanetId.toString(), snapshots],
    queryFn: async (): Promise<FrozenSnapshot[]> => {
      const numbers = Array.from({ length: snapshots }, (_, i) => snapshots - i);
      return Promise.all(
        numbers.map(async (number) => {
          const args = [datanetId, number] as const;
          const { root, contributions, rows, frozenAt } = await protocol.client.public.readContract({
            address: protocol.at.datanets,
            abi: datanetRegistryAbi,
            functionName: "getSnapshot",
            args,
          });
          return { number, root, contributions, rows, frozenAt: Number(frozenAt) };
        }),
      );
    },
  });

/** The contributions in a snapshot, in its order, with those that it skips. */
export const membersQuery = (protocol: Protocol, datanetId: bigint, number: number) =>
  queryOptions({
    queryKey: ["members", datanetId.toString(), number],
    queryFn: async () => (await getSnapshot(protocol.client, protocol.at, datanetId, number)).contributions,
    staleTime: Number.POSITIVE_INFINITY,
  });

/** What one snapshot has and another has not, in their order; what a snapshot skips it has not. */
export function changesBetween(
  before: readonly AcceptedContribution[],
  after: readonly AcceptedContribution[],
): { added: AcceptedContribution[]; out: AcceptedContribution[] } {
  const less = (some: readonly AcceptedContribution[], others: readonly AcceptedContribution[]) => {
    const has = new Set(others.filter(({ skipped }) => !skipped).map(({ contributionId }) => contributionId));
    return some.filter(({ contributionId, skipped }) => !skipped && !has.has(contributionId));
  };
  return { added: less(after, before), out: less(before, after) };
}

/** Who reviews a datanet: whom its owner named, less those who were replaced. */
export const reviewersQuery = (protocol: Protocol, datanetId: bigint) =>
  queryOptions({
    queryKey: [LIVE, "reviewers", datanetId.toString()],
    queryFn: async (): Promise<Address[]> => {
      const { client, at } = protocol;
      const filter = { args: { datanetId }, fromBlock: 0n, strict: true } as const;
      const board = { ...filter, address: at.reviewers, abi: reviewersAbi } as const;
      const [created, replaced, bonded] = await Promise.all([
        client.public.getContractEvents({
          ...({ ...filter, address: at.datanets, abi: datanetRegistryAbi } as const),
          eventName: "DatanetCreated",
        }),
        client.public.getContractEvents({ ...board, eventName: "ReviewerReplaced" }),
        client.public.getContractEvents({ ...board, eventName: "ReviewerBonded" }),
      ]);
      const named = (created[0]?.args as { reviewers?: readonly Address[] } | undefined)?.reviewers ?? [];
      const all = new Set([...named, ...bonded.map(({ args }) => args.reviewer)].map(lower));
      for (const { args } of replaced) {
        all.delete(lower(args.leaving));
        all.add(lower(args.coming));
      }
      return [...all];
    },
  });

const lower = (address: Address) => address.toLowerCase() as Address;

/** A contribution's state in words. */
export function statusName(status: number): (typeof CONTRIBUTION_STATUS)[number] {
  return CONTRIBUTION_STATUS[status] ?? "none";
}
