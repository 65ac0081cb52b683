import { type Account, encodeFunctionData, type Log, parseEventLogs } from "viem";
import { datanetRegistryAbi as abi, reviewersAbi } from "../../chain/generated/abi.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { EncodedDocument } from "../datanet/document.ts";
import { aiError } from "../errors.ts";
import type { AcceptedContribution, Snapshot } from "../train/snapshot.ts";
import {
  type ChainClient,
  type ProtocolAddresses,
  type SentTransaction,
  send,
  type TransactionOrder,
} from "./chain.ts";

/** States of a contribution in the registry's own numbering. */
export const CONTRIBUTION_STATUS = [
  "none",
  "committed",
  "revealed",
  "approved",
  "accepted",
  "rejected",
  "withdrawn",
] as const;

type At = Pick<ProtocolAddresses, "datanets">;

/** The log of one event in a transaction's receipt. @throws CodedError `EVENT_MISSING`. */
export function requireEvent<T>(events: readonly T[], name: string): T {
  const [event] = events;
  if (event) return event;
  throw aiError("EVENT_MISSING", {
    message: `the transaction did not emit ${name}`,
    fix: "check that the contract's address is right",
  });
}

/** Starts a datanet. `stake` in wei; `quorum` approvals accept a contribution. */
export async function createDatanet(
  client: ChainClient,
  { datanets }: At,
  account: Account,
  datanet: {
    name: string;
    licence: string;
    uri: string;
    stake: bigint;
    reviewers: readonly Address[];
    quorum: number;
  },
): Promise<SentTransaction & { datanetId: bigint }> {
  const { name, licence, uri, stake, reviewers, quorum } = datanet;
  const data = encodeFunctionData({
    abi,
    functionName: "create",
    args: [name, licence, uri, stake, [...reviewers], quorum],
  });
  const sent = await send(client, account, { to: datanets, data });
  const logs = parseEventLogs({ abi, logs: sent.receipt.logs as Log[], eventName: "DatanetCreated" });
  return { ...sent, datanetId: requireEvent(logs, "DatanetCreated").args.datanetId };
}

/** A datanet as the registry holds it. @throws CodedError `DATANET_UNKNOWN`. */
export async function getDatanet(client: ChainClient, { datanets }: At, datanetId: bigint) {
  try {
    return await client.public.readContract({
      address: datanets,
      abi,
      functionName: "getDatanet",
      args: [datanetId],
    });
  } catch (cause) {
    throw aiError("DATANET_UNKNOWN", {
      message: `there is no datanet ${datanetId}`,
      fix: "list the datanets",
      facts: { datanetId },
      cause,
    });
  }
}

/** Whether an account may review the contributions of others to a datanet. */
export function isReviewer(
  client: ChainClient,
  { reviewers: address }: Pick<ProtocolAddresses, "reviewers">,
  datanetId: bigint,
  account: Address,
): Promise<boolean> {
  const args = [datanetId, account] as const;
  return client.public.readContract({ address, abi: reviewersAbi, functionName: "isReviewer", args });
}

/** Number of datanets; ids count from 1. */
export function datanetCount(client: ChainClient, { datanets }: At): Promise<bigint> {
  return client.public.readContract({ address: datanets, abi, functionName: "datanetCount" });
}

/** Announces a document and binds the datanet's stake; reveal it with the same salt. */
export async function commitContribution(
  client: ChainClient,
  { datanets }: At,
  account: Account,
  {
    datanetId,
    document,
    salt,
    stake,
  }: { datanetId: bigint; document: EncodedDocument; salt: Hash; stake: bigint },
): Promise<SentTransaction & { contributionId: bigint }> {
  const { contentId, rowsRoot, rowCount } = document;
  const commitment = await client.public.readContract({
    address: datanets,
    abi,
    functionName: "commitmentOf",
    args: [datanetId, account.address, contentId, rowsRoot, rowCount, salt],
  });
  const data = encodeFunctionData({ abi, functionName: "commit", args: [datanetId, commitment] });
  const sent = await send(client, account, { to: datanets, data, value: stake });
  const logs = parseEventLogs({ abi, logs: sent.receipt.logs as Log[], eventName: "ContributionCommitted" });
  return { ...sent, contributionId: requireEvent(logs, "ContributionCommitted").args.contributionId };
}

/** Contribution that holds those rows in the datanet, or 0. */
export function contributionOfRows(
  client: ChainClient,
  { datanets }: At,
  datanetId: bigint,
  rowsRoot: Hash,
): Promise<bigint> {
  const args = [datanetId, rowsRoot] as const;
  return client.public.readContract({ address: datanets, abi, functionName: "contributionOfRows", args });
}

/** Takes back a commitment that was not revealed, with its stake. */
export function cancelContribution(
  client: ChainClient,
  { datanets }: At,
  account: Account,
  contributionId: bigint,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "cancel", args: [contributionId] });
  return send(client, account, { to: datanets, data });
}

/** Opens a commitment. The document must be in the content store by then, or reviewers can't read it. */
export function revealContribution(
  client: ChainClient,
  { datanets }: At,
  account: Account,
  { contributionId, document, salt }: { contributionId: bigint; document: EncodedDocument; salt: Hash },
): Promise<SentTransaction> {
  const { contentId, rowsRoot, rowCount } = document;
  const args = [contributionId, contentId, rowsRoot, rowCount, salt] as const;
  const data = encodeFunctionData({ abi, functionName: "reveal", args });
  return send(client, account, { to: datanets, data });
}

/** Accepts an approved contribution, once no older commitment can reveal its rows any more. */
export function acceptContribution(
  client: ChainClient,
  { datanets }: At,
  account: Account,
  contributionId: bigint,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "accept", args: [contributionId] });
  return send(client, account, { to: datanets, data });
}

/** Returns an accepted contribution's stake after its period. */
export function releaseStake(
  client: ChainClient,
  { datanets }: At,
  account: Account,
  contributionId: bigint,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "releaseStake", args: [contributionId] });
  return send(client, account, { to: datanets, data });
}

/** The call that takes the sender's accepted contribution out: later snapshots skip its rows. */
export function retireOrder({ datanets: to }: At, contributionId: bigint): TransactionOrder {
  return { to, data: encodeFunctionData({ abi, functionName: "retire", args: [contributionId] }) };
}

/** A contribution as the registry holds it. @throws CodedError `CONTRIBUTION_UNKNOWN`. */
export async function getContribution(client: ChainClient, { datanets }: At, contributionId: bigint) {
  const args = [contributionId] as const;
  const found = await client.public.readContract({
    address: datanets,
    abi,
    functionName: "getContribution",
    args,
  });
  if (found.status === 0) {
    throw aiError("CONTRIBUTION_UNKNOWN", {
      message: `there is no contribution ${contributionId}`,
      facts: { contributionId },
    });
  }
  return { ...found, statusName: CONTRIBUTION_STATUS[found.status]! };
}

/** Ids of the contributions that wait for a review. */
export async function openContributions(client: ChainClient, at: At, datanetId: bigint): Promise<bigint[]> {
  const count = await client.public.readContract({
    address: at.datanets,
    abi,
    functionName: "contributionCount",
  });
  const open: bigint[] = [];
  for (let id = 1n; id <= count; id++) {
    const contribution = await getContribution(client, at, id);
    if (contribution.datanetId === datanetId && contribution.statusName === "revealed") open.push(id);
  }
  return open;
}

/** Freezes what was accepted so far. */
export async function freezeDatanet(
  client: ChainClient,
  { datanets }: At,
  account: Account,
  datanetId: bigint,
): Promise<SentTransaction & { number: number; root: Hash }> {
  const data = encodeFunctionData({ abi, functionName: "freeze", args: [datanetId] });
  const sent = await send(client, account, { to: datanets, data });
  const logs = parseEventLogs({ abi, logs: sent.receipt.logs as Log[], eventName: "SnapshotFrozen" });
  const { number, root } = requireEvent(logs, "SnapshotFrozen").args;
  return { ...sent, number, root };
}

const PAGE = 200n;

/** A snapshot with its contributions, in order. @throws CodedError `SNAPSHOT_UNKNOWN`. */
export async function getSnapshot(
  client: ChainClient,
  at: At,
  datanetId: bigint,
  number: number,
): Promise<Snapshot> {
  const address = at.datanets;
  const snapshot = await client.public
    .readContract({ address, abi, functionName: "getSnapshot", args: [datanetId, number] })
    .catch((cause: unknown) => {
      throw aiError("SNAPSHOT_UNKNOWN", {
        message: `datanet ${datanetId} has no snapshot ${number}`,
        fix: "freeze the datanet first",
        facts: { datanetId, number },
        cause,
      });
    });
  const contributions: AcceptedContribution[] = [];
  while (contributions.length < snapshot.contributions) {
    const start = BigInt(contributions.length);
    const rest = BigInt(snapshot.contributions) - start;
    const args = [datanetId, start, rest < PAGE ? rest : PAGE] as const;
    const ids = await client.public.readContract({
      address,
      abi,
      functionName: "acceptedContributions",
      args,
    });
    for (const contributionId of ids) {
      const found = await getContribution(client, at, contributionId);
      const { contentId, rowsRoot, rowCount, skippedFrom } = found;
      const contributor = found.contributor.toLowerCase() as Address;
      const isSkipped = skippedFrom !== 0 && skippedFrom <= number;
      const skipped = isSkipped ? { skipped: true as const } : {};
      contributions.push({ contributionId, contributor, contentId, rowsRoot, rowCount, ...skipped });
    }
    if (ids.length === 0) break;
  }
  return { root: snapshot.root, contributions };
}

/** Numbers of a datanet's snapshots, of 1 to `snapshots`, that hold the contribution at that position. */
export async function snapshotsWith(
  client: ChainClient,
  { datanets }: At,
  datanetId: bigint,
  snapshots: number,
  position: number,
): Promise<number[]> {
  const numbers: number[] = [];
  for (let number = snapshots; number > 0; number--) {
    const args = [datanetId, number] as const;
    const snapshot = await client.public.readContract({
      address: datanets,
      abi,
      functionName: "getSnapshot",
      args,
    });
    // Snapshots only grow: what an older one lacks, all before it lack.
    if (position >= snapshot.contributions) break;
    numbers.unshift(number);
  }
  return numbers;
}
