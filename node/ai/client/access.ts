import { type Account, encodeFunctionData, keccak256, stringToBytes } from "viem";
import { ZERO_HASH } from "../../chain/constants.ts";
import { dataAccessAbi as abi } from "../../chain/generated/abi.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import {
  type ChainClient,
  type ProtocolAddresses,
  type SentTransaction,
  send,
  type TransactionOrder,
} from "./chain.ts";

type At = Pick<ProtocolAddresses, "access">;

/** On what terms models are trained on a datanet's snapshots; all zero: free, by the datanet's own licence. */
export interface AccessTerms {
  /** Wei. */
  perSnapshot: bigint;
  /** Wei for each row that is not skipped. */
  perRow: bigint;
  /** What a model's owner gives on to the snapshot's pool of each fee that it gets, in 1/10000. */
  royaltyBps: number;
  /** Reviewers' part of the price, in 1/10000. */
  curationBps: number;
  /** Nobody else gets access any more. */
  closed: boolean;
  /** Hash of the licence's text; zero: the datanet's own. */
  licence: Hash;
}

/** A snapshot of a datanet. */
export interface SnapshotPlace {
  datanetId: bigint;
  number: number;
}

/** The terms of a datanet now. */
export function accessOf(
  client: ChainClient,
  { access: address }: At,
  datanetId: bigint,
): Promise<AccessTerms> {
  return client.public.readContract({ address, abi, functionName: "accessOf", args: [datanetId] });
}

/** The text behind the licence of a datanet's terms, or undefined where its own licence holds. */
export async function accessLicence(
  client: ChainClient,
  { access: address }: At,
  datanetId: bigint,
): Promise<string | undefined> {
  const events = await client.public.getContractEvents({
    ...({ address, abi, eventName: "AccessTermsSet", args: { datanetId } } as const),
    ...({ fromBlock: 0n, strict: true } as const),
  });
  return events.at(-1)?.args.licence || undefined;
}

/** Hash of a licence as the terms name it. */
export function licenceHash(text: string): Hash {
  return text === "" ? ZERO_HASH : keccak256(stringToBytes(text));
}

/** The call that sets the terms of later sales. For the datanet's owner. */
export function setAccessOrder(
  { access: to }: At,
  datanetId: bigint,
  terms: Omit<AccessTerms, "licence">,
  licence: string,
): TransactionOrder {
  const args = [datanetId, { ...terms, licence: licenceHash(licence) }, licence] as const;
  return { to, data: encodeFunctionData({ abi, functionName: "setAccess", args }) };
}

/** Price of a snapshot now, in wei. */
export function accessPrice(
  client: ChainClient,
  { access: address }: At,
  { datanetId, number }: SnapshotPlace,
): Promise<bigint> {
  const args = [datanetId, number] as const;
  return client.public.readContract({ address, abi, functionName: "priceOf", args });
}

/** What access to those of the snapshots costs that an account has no access to, in wei. */
export function accessFee(
  client: ChainClient,
  { access: address }: At,
  buyer: Address,
  snapshots: readonly SnapshotPlace[],
): Promise<bigint> {
  const args = [buyer, [...snapshots]] as const;
  return client.public.readContract({ address, abi, functionName: "feeOf", args });
}

/** What a model of `owner` would owe to its data, in 1/10000 of the owner's part: by what it bought, else by the terms of now. */
export async function dataRoyalty(
  client: ChainClient,
  at: At,
  owner: Address,
  snapshots: readonly SnapshotPlace[],
): Promise<number> {
  let sum = 0;
  for (const { datanetId, number } of snapshots) {
    const sale = await saleOf(client, at, { datanetId, number }, owner);
    sum += sale?.royaltyBps ?? (await accessOf(client, at, datanetId)).royaltyBps;
  }
  return sum;
}

/** Access that an account bought. */
export interface Sale {
  /** Seconds. */
  soldAt: bigint;
  royaltyBps: number;
  licence: Hash;
}

/** What an account bought of a snapshot, if anything. */
export async function saleOf(
  client: ChainClient,
  { access: address }: At,
  { datanetId, number }: SnapshotPlace,
  buyer: Address,
): Promise<Sale | undefined> {
  const args = [datanetId, number, buyer] as const;
  const sale = await client.public.readContract({ address, abi, functionName: "saleOf", args });
  return sale.soldAt === 0n ? undefined : sale;
}

/** Buys access to a snapshot by the terms of now, for the price of now. */
export async function buyAccess(
  client: ChainClient,
  at: At,
  account: Account,
  place: SnapshotPlace,
  price: bigint,
  terms: AccessTerms,
): Promise<SentTransaction> {
  const args = [place.datanetId, place.number, terms] as const;
  const data = encodeFunctionData({ abi, functionName: "buy", args });
  return send(client, account, { to: at.access, data, value: price });
}
