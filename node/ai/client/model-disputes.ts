import { type Account, encodeAbiParameters, encodeFunctionData, keccak256, stringToHex } from "viem";
import { modelDisputesAbi as abi } from "../../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import { type AttributionIndex, openedRecord } from "../attribution/sketch-index.ts";
import { SPANS_ROW } from "../spans/commitment.ts";
import { type ChainClient, type ProtocolAddresses, type SentTransaction, send } from "./chain.ts";

type At = Pick<ProtocolAddresses, "modelDisputes">;

/** What a disputed record is: in the order of the contract. */
export const RECORD_KINDS = ["sketch", "repeat", "skip"] as const;
export const RECORD_CASES = ["none", "open", "ended"] as const;

/** A record of a pending model that a panel computes again. */
export interface RecordCase {
  opener: Address;
  status: (typeof RECORD_CASES)[number];
  contributionId: bigint;
  disputeId: bigint;
  /** Its datanet had taken the row out before. */
  wasGone: boolean;
}

/** Where a record's dispute was opened. */
export interface DisputedRecord {
  modelId: bigint;
  rowId: number;
  disputeId: bigint;
  kind: (typeof RECORD_KINDS)[number];
  opener: Address;
  /** As the index commits it. */
  record: Hex;
}

/** Wei that who disputes a record pays for its panel. */
export function recordPanelFee(client: ChainClient, { modelDisputes }: At): Promise<bigint> {
  return client.public.readContract({ address: modelDisputes, abi, functionName: "PANEL_FEE" });
}

/** Has a panel compute a record of a pending model again, for the panel's fee. */
export async function disputeRecord(
  client: ChainClient,
  at: At,
  account: Account,
  modelId: bigint,
  index: AttributionIndex,
  { rowId, kind }: Pick<DisputedRecord, "rowId" | "kind">,
): Promise<SentTransaction> {
  const args = [modelId, RECORD_KINDS.indexOf(kind), openedRecord(index, rowId)] as const;
  const data = encodeFunctionData({ abi, functionName: "dispute", args });
  return send(client, account, { to: at.modelDisputes, data, value: await recordPanelFee(client, at) });
}

/** Has a panel compute what a pending model's index commits of spans, for the panel's fee; its case is that of `SPANS_ROW`. */
export async function disputeSpans(
  client: ChainClient,
  at: At,
  account: Account,
  modelId: bigint,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "disputeSpans", args: [modelId] });
  return send(client, account, { to: at.modelDisputes, data, value: await recordPanelFee(client, at) });
}

/** Has a larger panel look at a record again within a window of the verdict, for the panel's fee. */
export async function appealRecord(
  client: ChainClient,
  at: At,
  account: Account,
  { modelId, rowId }: Pick<DisputedRecord, "modelId" | "rowId">,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "appeal", args: [modelId, rowId] });
  return send(client, account, { to: at.modelDisputes, data, value: await recordPanelFee(client, at) });
}

/** Acts on a final verdict over a record. */
export function concludeRecord(
  client: ChainClient,
  { modelDisputes }: At,
  account: Account,
  { modelId, rowId }: Pick<DisputedRecord, "modelId" | "rowId">,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "conclude", args: [modelId, rowId] });
  return send(client, account, { to: modelDisputes, data });
}

/** Ends the dispute over a record whose row its datanet took out meanwhile. */
export function endGoneRecord(
  client: ChainClient,
  { modelDisputes }: At,
  account: Account,
  { modelId, rowId }: Pick<DisputedRecord, "modelId" | "rowId">,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "endGone", args: [modelId, rowId] });
  return send(client, account, { to: modelDisputes, data });
}

/** The case of a record. */
export async function recordCaseOf(
  client: ChainClient,
  { modelDisputes }: At,
  { modelId, rowId }: Pick<DisputedRecord, "modelId" | "rowId">,
): Promise<RecordCase> {
  const args = [modelId, rowId] as const;
  const found = await client.public.readContract({
    ...{ address: modelDisputes, abi, args },
    functionName: "caseOf",
  });
  return {
    ...found,
    opener: found.opener.toLowerCase() as Address,
    status: RECORD_CASES[found.status]!,
  };
}

/** What panels' results over a record are compared with. */
export function valueOfRecord(modelId: bigint, rowId: number, record: Hex): Hash {
  const types = ["bytes32", "uint256", "uint32", "bytes32"].map((type) => ({ type }));
  const name = stringToHex("record", { size: 32 });
  return keccak256(encodeAbiParameters(types, [name, modelId, rowId, keccak256(record)]));
}

/** What panels' results over a model's spans are compared with. */
export function valueOfSpans(modelId: bigint, spans: Hash): Hash {
  const types = ["bytes32", "uint256", "bytes32"].map((type) => ({ type }));
  return keccak256(encodeAbiParameters(types, [stringToHex("spans", { size: 32 }), modelId, spans]));
}

/** What was disputed of pending models in blocks `from`…`to`: records, and spans as `SPANS_ROW`. */
export async function disputedIn(
  client: ChainClient,
  { modelDisputes }: At,
  { from, to }: { from: bigint; to: bigint },
): Promise<Pick<DisputedRecord, "modelId" | "rowId" | "disputeId">[]> {
  const range = { address: modelDisputes, abi, fromBlock: from, toBlock: to, strict: true } as const;
  const records = await client.public.getContractEvents({ ...range, eventName: "RecordDisputed" });
  const spans = await client.public.getContractEvents({ ...range, eventName: "SpansDisputed" });
  return [
    ...records.map(({ args: { modelId, rowId, disputeId } }) => ({ modelId, rowId, disputeId })),
    ...spans.map(({ args: { modelId, disputeId } }) => ({ modelId, rowId: SPANS_ROW, disputeId })),
  ];
}
