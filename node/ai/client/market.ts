import { type Account, encodeFunctionData, getAbiItem, type Log, parseEventLogs } from "viem";
import { isCodedError } from "../../base/errors.ts";
import { inferenceMarketAbi as abi } from "../../chain/generated/abi.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { aiError } from "../errors.ts";
import { type ChainClient, type ProtocolAddresses, type SentTransaction, send } from "./chain.ts";
import { requireEvent } from "./datanets.ts";
import { summed } from "./earnings.ts";
import { asCodedError } from "./refusals.ts";

export const REQUEST_STATUS = ["none", "requested", "claimed", "settled", "refuted", "cancelled"] as const;

/** A request as the market holds it. */
export interface MarketRequest {
  requestId: bigint;
  payer: Address;
  status: (typeof REQUEST_STATUS)[number];
  proved: boolean;
  /** The claim's query sketch is on chain. */
  queryPublished: boolean;
  platformBps: number;
  /** Seconds. Requested: until when the host may claim; claimed: until when the claim can be challenged. */
  deadline: bigint;
  host: Address;
  maxTokensIn: number;
  maxTokensOut: number;
  modelId: bigint;
  requestHash: Hash;
  rateIn: bigint;
  rateOut: bigint;
  escrow: bigint;
  /** Wei that a claim of it binds. */
  claimBond: bigint;
  bond: bigint;
  fee: bigint;
  /** Seconds. */
  claimedAt: bigint;
  /** L1 block whose hash says whether the claim is audited. */
  seedBlock: bigint;
  claimHash: Hash;
}

type At = Pick<ProtocolAddresses, "market">;

/** The fee at present for that many tokens, in wei. */
export function quote(
  client: ChainClient,
  { market }: At,
  modelId: bigint,
  tokensIn: number,
  tokensOut: number,
): Promise<bigint> {
  const args = [modelId, tokensIn, tokensOut] as const;
  return client.public.readContract({ address: market, abi, functionName: "quote", args });
}

/** Asks a host for an answer and leaves `escrow` wei. `requestHash`: see request-hash.ts. */
export async function requestInference(
  client: ChainClient,
  { market }: At,
  account: Account,
  order: {
    modelId: bigint;
    host: Address;
    requestHash: Hash;
    maxTokensIn: number;
    maxTokensOut: number;
    escrow: bigint;
  },
): Promise<SentTransaction & { requestId: bigint }> {
  const args = [order.modelId, order.host, order.requestHash, order.maxTokensIn, order.maxTokensOut] as const;
  const data = encodeFunctionData({ abi, functionName: "request", args });
  const sent = await send(client, account, { to: market, data, value: order.escrow });
  const logs = parseEventLogs({ abi, logs: sent.receipt.logs as Log[], eventName: "InferenceRequested" });
  return { ...sent, requestId: requireEvent(logs, "InferenceRequested").args.requestId };
}

/** A request. @throws CodedError `REQUEST_UNKNOWN`, and what the node or the way to it refuses. */
export async function getRequest(
  client: ChainClient,
  { market }: At,
  requestId: bigint,
): Promise<MarketRequest> {
  const args = [requestId] as const;
  const found = await client.public
    .readContract({ address: market, abi, functionName: "getRequest", args })
    .catch((cause: unknown) => {
      const error = asCodedError(cause);
      if (!isCodedError(error, "TRANSACTION_REVERTED")) throw error;
      throw aiError("REQUEST_UNKNOWN", {
        message: `there is no request ${requestId}`,
        facts: { requestId },
        cause,
      });
    });
  return {
    ...found,
    requestId,
    payer: found.payer.toLowerCase() as Address,
    host: found.host.toLowerCase() as Address,
    status: REQUEST_STATUS[found.status]!,
  };
}

/** Takes the escrow back when the host did not claim in time. */
export function cancelRequest(
  client: ChainClient,
  { market }: At,
  account: Account,
  requestId: bigint,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "cancel", args: [requestId] });
  return send(client, account, { to: market, data });
}

/** How a settlement divided the escrow, in wei; the parts sum to it. */
export interface Payout {
  contributors: bigint;
  /** To the contributors of rows in the prompt. */
  context: bigint;
  /** To the pools of the model's snapshots: what no row earned. */
  pools: bigint;
  owner: bigint;
  host: bigint;
  stakers: bigint;
  platform: bigint;
  refund: bigint;
}

/** The market's events by which contributors are paid: by training's list, and of rows in the prompt. */
export const CONTRIBUTOR_PAYMENTS = [
  getAbiItem({ abi, name: "ContributorsPaid" }),
  getAbiItem({ abi, name: "ContextPaid" }),
] as const;

/** What one contribution's payee received of a request. */
export interface ContributorPayment {
  contributionId: bigint;
  /** Its contributor, unless the income was transferred. */
  to: Address;
  amount: bigint;
}

/** A settlement, with what it paid to the contributors. */
export interface Settlement {
  fee: bigint;
  payout: Payout;
  paid: readonly ContributorPayment[];
  transactionHash: Hash;
  blockNumber: bigint;
  /** Of the event in its block. */
  logIndex: number;
}

/** The settlement of a request, if there is one. */
export async function settlementOf(
  client: ChainClient,
  { market }: At,
  requestId: bigint,
): Promise<Settlement | undefined> {
  const query = { address: market, abi, args: { requestId }, fromBlock: 0n, strict: true } as const;
  const [event] = await client.public.getContractEvents({ ...query, eventName: "InferenceSettled" });
  if (!event) return undefined;
  const { transactionHash, blockNumber, logIndex } = event;
  const range = { address: market, fromBlock: blockNumber, toBlock: blockNumber, strict: true } as const;
  const events = await client.public.getContractEvents({ ...range, abi: CONTRIBUTOR_PAYMENTS });
  const paying = events.filter(({ args }) => args.requestId === requestId);
  const payments = paying.flatMap(({ args: { contributionIds, contributors, amounts } }) =>
    contributionIds.map((contributionId, i) => ({
      contributionId,
      to: contributors[i]!.toLowerCase() as Address,
      amount: amounts[i]!,
    })),
  );
  const paid = summed(payments);
  return { fee: event.args.fee, payout: event.args.payout, paid, transactionHash, blockNumber, logIndex };
}

/** What refuted a claim. */
export interface Refutation {
  challenger: Address;
  /** The challenge's name, or which silence. */
  reason: string;
  /** Wei that the host lost: bond and stake. */
  lost: bigint;
  transactionHash: Hash;
}

/** The refutation of a request's claim, if there is one. */
export async function refutationOf(
  client: ChainClient,
  { market }: At,
  requestId: bigint,
): Promise<Refutation | undefined> {
  const [event] = await client.public.getContractEvents({
    address: market,
    abi,
    eventName: "InferenceRefuted",
    args: { requestId },
    fromBlock: 0n,
    strict: true,
  });
  if (!event) return undefined;
  const { challenger, reason, lost } = event.args;
  return {
    challenger: challenger.toLowerCase() as Address,
    reason: Buffer.from(reason.slice(2), "hex").toString("utf8").replace(/\0+$/, ""),
    lost,
    transactionHash: event.transactionHash,
  };
}

/** What a refutation brings its challenger, and the last block in which an earlier announcement can still take it. */
export async function rewardOf(
  client: ChainClient,
  { market }: At,
  requestId: bigint,
): Promise<{ challenger: Address; finalBlock: bigint; reward: bigint }> {
  const args = [requestId] as const;
  const found = await client.public.readContract({
    address: market,
    abi,
    functionName: "refutationOf",
    args,
  });
  return { ...found, challenger: found.challenger.toLowerCase() as Address };
}

/** Draws the reward of a refutation to whoever announced it first. */
export function collectReward(
  client: ChainClient,
  { market }: At,
  account: Account,
  requestId: bigint,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "collect", args: [requestId] });
  return send(client, account, { to: market, data });
}
