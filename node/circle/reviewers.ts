import { encodeFunctionData, keccak256, stringToBytes } from "viem";
import type { ChainClient, TransactionOrder } from "../ai/client/chain.ts";
import { circleReviewersAbi as abi } from "../chain/generated/abi.ts";
import type { Address } from "../chain/types/primitives.ts";
import type { CircleAddresses } from "./addresses.ts";

type At = Pick<CircleAddresses, "reviewers">;

/** A reviewer of grants. Amounts in wei, times in seconds. */
export interface Reviewer {
  address: Address;
  /** -1: none. */
  seat: number;
  bond: bigint;
  /** When governance has to admit it again. */
  termEnds: bigint;
  /** When it left; 0 while it serves. */
  leftAt: bigint;
}

export async function reviewerOf(client: ChainClient, at: At, address: Address): Promise<Reviewer> {
  const found = await client.public.readContract({
    address: at.reviewers,
    abi,
    functionName: "reviewerOf",
    args: [address],
  });
  const { bond, termEnds, leftAt } = found;
  return { address, seat: found.seat - 1, bond, termEnds, leftAt };
}

/** The reviewers by seat. */
export async function listReviewers(client: ChainClient, at: At): Promise<Reviewer[]> {
  const members = await client.public.readContract({
    address: at.reviewers,
    abi,
    functionName: "members",
  });
  return Promise.all(members.map((one) => reviewerOf(client, at, one.toLowerCase() as Address)));
}

/** Wei of a reviewer's whole bond. */
export function wholeBond(client: ChainClient, at: At): Promise<bigint> {
  return client.public.readContract({ address: at.reviewers, abi, functionName: "BOND" });
}

/** The call that binds the bond, or what is missing of it: `missing` wei. For those whom governance has admitted. */
export function joinOrder({ reviewers: to }: At, missing: bigint): TransactionOrder {
  return { to, data: encodeFunctionData({ abi, functionName: "join" }), value: missing };
}

/** {@link joinOrder} for what an account lacks now. */
export async function missingBondOrder(
  client: ChainClient,
  at: At,
  account: Address,
): Promise<TransactionOrder> {
  const [bond, { bond: has }] = await Promise.all([wholeBond(client, at), reviewerOf(client, at, account)]);
  return joinOrder(at, bond - has);
}

/** The call that ends the service, or takes the bond out after the delay. */
export function leaveOrder({ reviewers: to }: At, functionName: "resign" | "withdrawBond"): TransactionOrder {
  return { to, data: encodeFunctionData({ abi, functionName }) };
}

/** The call that says, or takes back, that the account has to do with `party`. */
export function interestOrder({ reviewers: to }: At, party: Address, declared: boolean): TransactionOrder {
  const args = [party, declared] as const;
  return { to, data: encodeFunctionData({ abi, functionName: "declareInterest", args }) };
}

/** The call that says that the account has to do with a grant: it is not drawn for it. */
export function conflictOrder({ reviewers: to }: At, grantId: bigint, reason: string): TransactionOrder {
  const args = [grantId, keccak256(stringToBytes(reason))] as const;
  return { to, data: encodeFunctionData({ abi, functionName: "declareConflict", args }) };
}

/** Whether a reviewer has said that it has to do with a grant. */
export function hasConflict(
  client: ChainClient,
  at: At,
  grantId: bigint,
  reviewer: Address,
): Promise<boolean> {
  const args = [grantId, reviewer] as const;
  return client.public.readContract({ address: at.reviewers, abi, functionName: "hasConflict", args });
}

/** When a bond that leaves is free, in seconds; 0 for one who serves. */
export async function freeFrom(client: ChainClient, at: At, { leftAt }: Reviewer): Promise<bigint> {
  if (leftAt === 0n) return 0n;
  return (
    leftAt + (await client.public.readContract({ address: at.reviewers, abi, functionName: "EXIT_DELAY" }))
  );
}
