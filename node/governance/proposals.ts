import { encodeFunctionData, keccak256, stringToHex } from "viem";
import type { ChainClient, TransactionOrder } from "../ai/client/chain.ts";
import { openGovernorAbi as abi } from "../chain/generated/abi.ts";
import type { Address, Hash } from "../chain/types/primitives.ts";
import type { GovernanceAddresses } from "./addresses.ts";
import { governanceError } from "./errors.ts";
import type { Actions } from "./orders.ts";

type At = Pick<GovernanceAddresses, "governor">;

/** States of OpenZeppelin's Governor, in its order. */
const STATES = [
  ...(["pending", "active", "canceled", "defeated"] as const),
  ...(["succeeded", "queued", "expired", "executed"] as const),
] as const;
export type ProposalState = (typeof STATES)[number];

export const SUPPORT = { against: 0, for: 1, abstain: 2 } as const;
export type Support = keyof typeof SUPPORT;

/** A proposal as it was made. Times in seconds. */
export interface Proposal extends Actions {
  /** From 1, in the order in which they were made. */
  number: number;
  id: bigint;
  proposer: Address;
  description: string;
  /** Votes are those that accounts had then. */
  voteStart: bigint;
  transaction: Hash;
}

/** Where a proposal stands. Votes in wei of OPEN by multiplier, times in seconds. */
export interface Standing {
  state: ProposalState;
  voteStart: bigint;
  /** A late quorum moves it. */
  voteEnd: bigint;
  against: bigint;
  for: bigint;
  abstain: bigint;
  /** For and abstaining that it needs; undefined before the vote starts. */
  quorum: bigint | undefined;
  /** When it may be executed; 0 before it is queued. */
  eta: bigint;
}

/** All proposals, oldest first. */
export async function listProposals(client: ChainClient, { governor }: At): Promise<Proposal[]> {
  const logs = await client.public.getContractEvents({
    address: governor,
    abi,
    eventName: "ProposalCreated",
    fromBlock: 0n,
    toBlock: "latest",
    strict: true,
  });
  return logs.map(({ args, transactionHash }, i) => ({
    number: i + 1,
    id: args.proposalId,
    proposer: args.proposer.toLowerCase() as Address,
    description: args.description,
    targets: args.targets.map((target) => target.toLowerCase() as Address),
    values: [...args.values],
    calldatas: [...args.calldatas],
    voteStart: args.voteStart,
    transaction: transactionHash,
  }));
}

/** By number or by the governor's id. @throws CodedError `PROPOSAL_UNKNOWN`. */
export async function findProposal(client: ChainClient, at: At, text: string): Promise<Proposal> {
  const all = await listProposals(client, at);
  const found = all.find(({ number, id }) => text === String(number) || text === String(id));
  if (found) return found;
  throw governanceError("PROPOSAL_UNKNOWN", {
    message: `there is no proposal ${JSON.stringify(text.slice(0, 80))}`,
    fix: "see `openledger governance show`",
  });
}

export async function standingOf(
  client: ChainClient,
  { governor: address }: At,
  { id }: Pick<Proposal, "id">,
): Promise<Standing> {
  const read = { address, abi, args: [id] } as const;
  const [state, [against, yes, abstain], voteStart, voteEnd, eta] = await Promise.all([
    client.public.readContract({ ...read, functionName: "state" }),
    client.public.readContract({ ...read, functionName: "proposalVotes" }),
    client.public.readContract({ ...read, functionName: "proposalSnapshot" }),
    client.public.readContract({ ...read, functionName: "proposalDeadline" }),
    client.public.readContract({ ...read, functionName: "proposalEta" }),
  ]);
  const name = STATES[state] ?? "expired";
  const { timestamp } = await client.public.getBlock();
  const quorum =
    timestamp > voteStart
      ? await client.public.readContract({ address, abi, functionName: "quorum", args: [voteStart] })
      : undefined;
  return { state: name, voteStart, voteEnd, against, for: yes, abstain, quorum, eta };
}

/** The call that makes a proposal. */
export function proposeOrder(
  { governor: to }: At,
  { targets, values, calldatas }: Actions,
  description: string,
): TransactionOrder {
  const args = [targets, values, calldatas, description] as const;
  return { to, data: encodeFunctionData({ abi, functionName: "propose", args }) };
}

/** The call that votes with all votes of its sender. */
export function voteOrder(
  { governor: to }: At,
  { id }: Pick<Proposal, "id">,
  support: Support,
  reason: string,
): TransactionOrder {
  const args = [id, SUPPORT[support], reason] as const;
  return { to, data: encodeFunctionData({ abi, functionName: "castVoteWithReason", args }) };
}

/** The next step of a proposal in the governor; anybody may queue and execute, proposer and guardian cancel. */
export function advanceOrder(
  { governor: to }: At,
  functionName: "queue" | "execute" | "cancel",
  { targets, values, calldatas, description }: Omit<Proposal, "number">,
): TransactionOrder {
  const args = [targets, values, calldatas, keccak256(stringToHex(description))] as const;
  return { to, data: encodeFunctionData({ abi, functionName, args }) };
}

/** The transaction that executed a proposal. */
export async function executionOf(
  client: ChainClient,
  { governor }: At,
  { id }: Pick<Proposal, "id">,
): Promise<Hash | undefined> {
  const logs = await client.public.getContractEvents({
    address: governor,
    abi,
    eventName: "ProposalExecuted",
    fromBlock: 0n,
    toBlock: "latest",
    strict: true,
  });
  return logs.find(({ args }) => args.proposalId === id)?.transactionHash;
}
