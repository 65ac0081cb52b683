import { type Account, encodeFunctionData } from "viem";
import { modelChallengesAbi as abi, modelLedgerAbi } from "../../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import { type AttributionIndex, openedRecord } from "../attribution/sketch-index.ts";
import type { SpanIndex } from "../spans/commitment.ts";
import { type ChainClient, type ProtocolAddresses, type SentTransaction, send } from "./chain.ts";
import { announceAndOpen } from "./challenges.ts";
import { demandDeposit } from "./demands.ts";

type At = Pick<ProtocolAddresses, "modelChallenges" | "parameters">;

/** A demand for one record of a pending model; deadline 0 if there is none. */
export interface RecordDemand {
  by: Address;
  /** Seconds. */
  deadline: bigint;
  /** Wei. */
  deposit: bigint;
}

/** An example at its place in an accepted contribution, as the contracts take it. */
export interface ShownExample {
  contributionId: bigint;
  row: number;
  exampleHash: Hash;
  /** From the example up to the contribution's rows root. */
  path: readonly Hash[];
}

/** What shows that a record of a pending model is wrong; see the contract's interface. */
export type RecordCounter =
  | { by: "record"; rowId: number }
  | { by: "first"; rowId: number; named: number }
  | {
      by: "example";
      rowId: number;
      earlier: number;
      examples: readonly [later: ShownExample, earlier: ShownExample];
    };

/** Announces and shows a record of a pending model that is not what it should be. */
export function challengeRecord(
  client: ChainClient,
  at: At,
  account: Account,
  modelId: bigint,
  index: AttributionIndex,
  counter: RecordCounter,
  salt: Hash,
): Promise<SentTransaction> {
  const data = recordCall(modelId, index, counter, salt);
  return announceAndOpen(client, at, account, at.modelChallenges, data);
}

function recordCall(modelId: bigint, index: AttributionIndex, counter: RecordCounter, salt: Hash): Hex {
  const opened = openedRecord(index, counter.rowId);
  if (counter.by === "record") {
    return encodeFunctionData({ abi, functionName: "challengeRecord", args: [modelId, opened, salt] });
  }
  if (counter.by === "first") {
    const args = [modelId, opened, openedRecord(index, counter.named), salt] as const;
    return encodeFunctionData({ abi, functionName: "challengeFirst", args });
  }
  const [later, earlier] = counter.examples;
  const args = [
    ...[modelId, { opened, example: later }],
    ...[{ opened: openedRecord(index, counter.earlier), example: earlier }, salt],
  ] as const;
  return encodeFunctionData({ abi, functionName: "challengeProvenance", args } as never);
}

/** Asks a pending model's owner to show a record, with the deposit. */
export async function demandRecord(
  client: ChainClient,
  at: At,
  account: Account,
  modelId: bigint,
  rowId: number,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "demandRecord", args: [modelId, rowId] });
  return send(client, account, { to: at.modelChallenges, data, value: await demandDeposit(client, at) });
}

/** Asks a pending model's owner to show what its index commits of spans, with the deposit. */
export async function demandSpans(
  client: ChainClient,
  at: At,
  account: Account,
  modelId: bigint,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "demandSpans", args: [modelId] });
  return send(client, account, { to: at.modelChallenges, data, value: await demandDeposit(client, at) });
}

/** Shows what is demanded so; the sender gets the deposit. */
export function answerSpans(
  client: ChainClient,
  { modelChallenges }: At,
  account: Account,
  modelId: bigint,
  index: SpanIndex,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "answerSpans", args: [modelId, index] });
  return send(client, account, { to: modelChallenges, data });
}

/** The demand for a record of a model; by `SPANS_ROW` that for its spans. */
export function recordDemandOf(
  client: ChainClient,
  { modelChallenges }: Pick<At, "modelChallenges">,
  modelId: bigint,
  rowId: number,
): Promise<RecordDemand> {
  const args = [modelId, rowId] as const;
  return client.public.readContract({ address: modelChallenges, abi, functionName: "demandOf", args });
}

/** Shows a demanded record; the sender gets the deposit. */
export function answerRecord(
  client: ChainClient,
  { modelChallenges }: At,
  account: Account,
  modelId: bigint,
  index: AttributionIndex,
  rowId: number,
): Promise<SentTransaction> {
  const args = [modelId, rowId, openedRecord(index, rowId)] as const;
  const data = encodeFunctionData({ abi, functionName: "answerRecord", args });
  return send(client, account, { to: modelChallenges, data });
}

/** Fails a registration whose owner let a demand pass. */
export function failSilent(
  client: ChainClient,
  { modelChallenges }: At,
  account: Account,
  modelId: bigint,
  rowId: number,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "failSilent", args: [modelId, rowId] });
  return send(client, account, { to: modelChallenges, data });
}

/** Records demanded of a model so far. */
export async function demandedRows(
  client: ChainClient,
  { modelChallenges }: Pick<At, "modelChallenges">,
  modelId: bigint,
): Promise<number[]> {
  const query = { address: modelChallenges, abi, args: { modelId }, fromBlock: 0n, strict: true } as const;
  const events = await client.public.getContractEvents({ ...query, eventName: "RecordDemanded" });
  return events.map(({ args }) => args.rowId);
}

/** A demand for a record as it was made. */
export interface RecordDemandEvent {
  modelId: bigint;
  rowId: number;
  by: Address;
  /** Seconds. */
  deadline: bigint;
}

/** Demands for records made in blocks `from`…`to`. */
export async function recordDemandsIn(
  client: ChainClient,
  { modelChallenges }: Pick<At, "modelChallenges">,
  range: { from: bigint; to: bigint },
): Promise<RecordDemandEvent[]> {
  const events = await client.public.getContractEvents({
    address: modelChallenges,
    abi,
    eventName: "RecordDemanded",
    fromBlock: range.from,
    toBlock: range.to,
    strict: true,
  });
  return events.map(({ args: { modelId, rowId, by, deadline } }) => ({
    ...{ modelId, rowId, deadline },
    by: by.toLowerCase() as Address,
  }));
}

/** A registration as it was announced. */
export interface Registration {
  modelId: bigint;
  owner: Address;
  pendingUntil: bigint;
}

/** Models registered in blocks `from`…`to`. */
export async function registeredIn(
  client: ChainClient,
  { models }: Pick<ProtocolAddresses, "models">,
  range: { from: bigint; to: bigint },
): Promise<Registration[]> {
  const events = await client.public.getContractEvents({
    address: models,
    abi: modelLedgerAbi,
    eventName: "ModelRegistered",
    fromBlock: range.from,
    toBlock: range.to,
    strict: true,
  });
  return events.map(({ args: { modelId, owner, pendingUntil } }) => ({
    modelId,
    owner: owner.toLowerCase() as Address,
    pendingUntil,
  }));
}
