import { type Account, encodeFunctionData } from "viem";
import { modelChallengesAbi as abi, modelRegistryAbi } from "../../chain/generated/abi.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { type AttributionIndex, openedRecord } from "../attribution/sketch-index.ts";
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

/** Announces and shows a record of a pending model that is not what stands at its row of the snapshots. */
export function challengeRecord(
  client: ChainClient,
  at: At,
  account: Account,
  modelId: bigint,
  index: AttributionIndex,
  rowId: number,
  salt: Hash,
): Promise<SentTransaction> {
  const args = [modelId, openedRecord(index, rowId), salt] as const;
  const data = encodeFunctionData({ abi, functionName: "challengeRecord", args });
  return announceAndOpen(client, at, account, at.modelChallenges, data);
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

/** The demand for a record of a model. */
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
    abi: modelRegistryAbi,
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
