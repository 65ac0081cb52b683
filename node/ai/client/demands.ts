import { type Account, encodeFunctionData } from "viem";
import { claimDemandsAbi as abi } from "../../chain/generated/abi.ts";
import type { Address, Hex } from "../../chain/types/primitives.ts";
import { type ChainClient, type ProtocolAddresses, type SentTransaction, send } from "./chain.ts";
import { type Claim, type ClaimWithQuery, claimTuple } from "./claims.ts";
import { readParameters } from "./parameters.ts";

export const DEMAND_KINDS = ["none", "query", "delivery"] as const;

/** An open demand; kind "none" if there is none. */
export interface Demand {
  kind: (typeof DEMAND_KINDS)[number];
  by: Address;
  /** Seconds: silence until then decides. */
  deadline: bigint;
  /** Wei. */
  deposit: bigint;
}

type At = Pick<ProtocolAddresses, "demands" | "parameters">;

/** Wei that a demand binds until it is answered. */
export async function demandDeposit(
  client: ChainClient,
  at: Pick<ProtocolAddresses, "parameters">,
): Promise<bigint> {
  return (await readParameters(client, at)).demandDeposit;
}

/** The open demand to a claim. */
export async function demandOf(
  client: ChainClient,
  { demands }: Pick<At, "demands">,
  requestId: bigint,
): Promise<Demand> {
  const args = [requestId] as const;
  const found = await client.public.readContract({ address: demands, abi, functionName: "demandOf", args });
  return { ...found, kind: DEMAND_KINDS[found.kind]! };
}

/** Asks the host of a claim for the query sketch that it did not publish, with the deposit. */
export async function demandQuery(
  client: ChainClient,
  at: At,
  account: Account,
  claim: Claim,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "demandQuery", args: [claimTuple(claim)] });
  return send(client, account, { to: at.demands, data, value: await demandDeposit(client, at) });
}

/** Asks the host to publish the answer encrypted to `publicKey`, with the deposit. For the payer. */
export async function demandDelivery(
  client: ChainClient,
  at: At,
  account: Account,
  claim: Claim,
  publicKey: Hex,
): Promise<SentTransaction> {
  const args = [claimTuple(claim), publicKey] as const;
  const data = encodeFunctionData({ abi, functionName: "demandDelivery", args });
  return send(client, account, { to: at.demands, data, value: await demandDeposit(client, at) });
}

/** Answers a demand for the query sketch. */
export function publishQuery(
  client: ChainClient,
  { demands }: At,
  account: Account,
  { claim, query }: ClaimWithQuery,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "publishQuery", args: [claimTuple(claim), query] });
  return send(client, account, { to: demands, data });
}

/** Answers a demand for delivery. For the host. */
export function deliverAnswer(
  client: ChainClient,
  { demands }: At,
  account: Account,
  claim: Claim,
  ciphertext: Hex,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "deliver", args: [claimTuple(claim), ciphertext] });
  return send(client, account, { to: demands, data });
}

/** Ends a claim whose host let a demand pass. */
export function endSilent(
  client: ChainClient,
  { demands }: At,
  account: Account,
  claim: Claim,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "endSilent", args: [claimTuple(claim)] });
  return send(client, account, { to: demands, data });
}

/** The query sketch that was published on demand, if it was. */
export async function publishedQuery(
  client: ChainClient,
  { demands }: Pick<At, "demands">,
  requestId: bigint,
): Promise<Hex | undefined> {
  const query = { address: demands, abi, args: { requestId }, fromBlock: 0n, strict: true } as const;
  const events = await client.public.getContractEvents({ ...query, eventName: "QueryPublished" });
  return events.at(-1)?.args.query;
}

/** What the host published on the payer's demand, if it did. */
export async function deliveredAnswer(
  client: ChainClient,
  { demands }: Pick<At, "demands">,
  requestId: bigint,
): Promise<Hex | undefined> {
  const query = { address: demands, abi, args: { requestId }, fromBlock: 0n, strict: true } as const;
  const events = await client.public.getContractEvents({ ...query, eventName: "Delivered" });
  return events.at(-1)?.args.ciphertext;
}

/** A demand as it was made. */
export interface DemandEvent {
  requestId: bigint;
  kind: Demand["kind"];
  /** To encrypt an answer to; "0x" where a query was demanded. */
  publicKey: Hex;
  deadline: bigint;
}

/** Demands made in blocks `from`…`to`. */
export async function demandsIn(
  client: ChainClient,
  { demands }: Pick<At, "demands">,
  range: { from: bigint; to: bigint },
): Promise<DemandEvent[]> {
  const events = await client.public.getContractEvents({
    address: demands,
    abi,
    eventName: "Demanded",
    fromBlock: range.from,
    toBlock: range.to,
    strict: true,
  });
  return events.map(({ args: { requestId, kind, publicKey, deadline } }) => ({
    ...{ requestId, publicKey, deadline },
    kind: DEMAND_KINDS[kind]!,
  }));
}
