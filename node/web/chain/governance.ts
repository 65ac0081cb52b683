import { queryOptions } from "@tanstack/react-query";
import { parseEventLogs } from "viem";
import type { AgentAddresses } from "../../agents/addresses.ts";
import type { ChainClient, TransactionOrder } from "../../ai/client/chain.ts";
import { readParameters } from "../../ai/client/parameters.ts";
import { isCodedError } from "../../base/errors.ts";
import { openGovernorAbi, parametersTimelockAbi } from "../../chain/generated/abi.ts";
import type { Address } from "../../chain/types/primitives.ts";
import type { CircleAddresses } from "../../circle/addresses.ts";
import type { L1Contracts } from "../../deploy/deployment.ts";
import type { GovernanceAddresses } from "../../governance/addresses.ts";
import { makeBook } from "../../governance/book.ts";
import { type DecodedCall, decodeActions } from "../../governance/decode.ts";
import { parseOrder } from "../../governance/fields.ts";
import type { Governed } from "../../governance/governed.ts";
import { type Actions, actionsOf } from "../../governance/orders.ts";
import {
  findProposal,
  listProposals,
  type Proposal,
  proposeOrder,
  type Standing,
  SUPPORT,
  type Support,
  standingOf,
} from "../../governance/proposals.ts";
import { type Effect, effectsOf } from "../../governance/simulate.ts";
import { type VoterStake, voterStake } from "../../governance/stakes.ts";
import { type Way, wayOf } from "../../governance/way.ts";
import { webError } from "../errors.ts";
import { connectToL1 } from "./bridge.ts";
import type { Protocol } from "./connection.tsx";
import { LIVE } from "./live-provider.tsx";
import type { Signer } from "./signer.ts";
import { transact } from "./transact.ts";
import { waitFor } from "./wait-for.ts";

/** Proposals that are listed, the newest ones. */
const MOST = 50;

/** Governance of this chain. */
export const governanceQuery = (protocol: Protocol) =>
  queryOptions({ queryKey: ["governance"], queryFn: () => connectGovernance(protocol) });

/** @throws CodedError `GOVERNANCE_MISSING`. */
async function connectGovernance(protocol: Protocol): Promise<Governed> {
  const { client } = protocol;
  const [at, contracts, circle, agents] = await Promise.all([
    client.rpc<GovernanceAddresses | null>("openledger_governance", []),
    client.rpc<L1Contracts | null>("openledger_l1Contracts", []),
    client.rpc<CircleAddresses | null>("openledger_circle", []),
    client.rpc<AgentAddresses | null>("openledger_agents", []),
  ]);
  if (at === null || contracts === null) {
    throw webError("GOVERNANCE_MISSING", {
      message: "This node knows no governance: its contracts are not deployed, or not yet.",
      fix: "On a new devnet they come within a minute; try again then.",
    });
  }
  let known: Promise<ChainClient> | undefined;
  const l1 = () => {
    known ??= connectToL1(protocol);
    known.catch(() => {
      known = undefined;
    });
    return known;
  };
  const more = { circle: circle ?? undefined, agents: agents ?? undefined };
  return { client, at, book: makeBook(at, protocol.at, contracts, more), l1 };
}

/** What governance goes by. Votes in wei, times in seconds. */
export interface Rules {
  threshold: bigint;
  votingDelay: bigint;
  votingPeriod: bigint;
  timelockDelay: bigint;
  /** May cancel; nobody once its time is over. */
  guardian: Address;
}

export const rulesQuery = ({ client, at }: Governed) =>
  queryOptions({
    queryKey: [LIVE, "governance-rules"],
    queryFn: async (): Promise<Rules> => {
      const governor = { address: at.governor, abi: openGovernorAbi } as const;
      const timelock = { address: at.timelock, abi: parametersTimelockAbi } as const;
      const [threshold, votingDelay, votingPeriod, guardian, timelockDelay] = await Promise.all([
        client.public.readContract({ ...governor, functionName: "proposalThreshold" }),
        client.public.readContract({ ...governor, functionName: "votingDelay" }),
        client.public.readContract({ ...governor, functionName: "votingPeriod" }),
        client.public.readContract({ ...governor, functionName: "proposalGuardian" }),
        client.public.readContract({ ...timelock, functionName: "getMinDelay" }),
      ]);
      return {
        ...{ threshold, votingDelay: BigInt(votingDelay), votingPeriod: BigInt(votingPeriod), timelockDelay },
        guardian: guardian.toLowerCase() as Address,
      };
    },
  });

/** A proposal with where it stands; `now` is the chain's time, in seconds. */
export interface ListedProposal {
  proposal: Proposal;
  standing: Standing;
  now: bigint;
}

/** The newest proposals, newest first. */
export const proposalsQuery = ({ client, at }: Governed) =>
  queryOptions({
    queryKey: [LIVE, "proposals"],
    queryFn: async (): Promise<ListedProposal[]> => {
      const newest = (await listProposals(client, at)).slice(-MOST).reverse();
      const { timestamp: now } = await client.public.getBlock();
      return Promise.all(
        newest.map(async (proposal) => ({ proposal, now, standing: await standingOf(client, at, proposal) })),
      );
    },
    refetchInterval: ({ state: { data = [] } }) =>
      waitFor(data.flatMap(({ standing, now }) => changesOf(standing).map((time) => time - now))),
  });

/** Times at which a proposal's state changes by itself, in seconds. */
function changesOf({ state, voteStart, voteEnd, eta }: Standing): bigint[] {
  if (state === "pending") return [voteStart + 1n];
  if (state === "active") return [voteEnd + 1n];
  return state === "queued" ? [eta] : [];
}

/** One proposal with its whole way. */
export interface FoundProposal {
  proposal: Proposal;
  way: Way;
  /** Why what happens on L1 can't be seen; undefined where it can, or nothing does. */
  blind: Error | undefined;
}

/** A proposal by its number. */
export const proposalQuery = (governed: Governed, number: string) =>
  queryOptions({
    queryKey: [LIVE, "proposal", number],
    queryFn: async (): Promise<FoundProposal> => {
      const { client, at, book } = governed;
      const proposal = await findProposal(client, at, number);
      try {
        return { proposal, way: await wayOf(governed, proposal), blind: undefined };
      } catch (error) {
        if (!isCodedError(error, "L1_ABSENT")) throw error;
        const standing = await standingOf(client, at, proposal);
        const calls = decodeActions(book, proposal);
        const way = { standing, calls, isOver: false, canceled: [], next: [], l1Operation: undefined };
        return { proposal, way, blind: error };
      }
    },
    refetchInterval: ({ state: { data } }) => waitFor(data?.way.next.map(({ seconds }) => seconds) ?? []),
    placeholderData: (before) => before,
  });

/** What a proposal's calls would change, ran they now. */
export const effectsQuery = (governed: Governed, number: string, calls: readonly DecodedCall[]) =>
  queryOptions({
    queryKey: [LIVE, "effects", number],
    queryFn: () => effectsOf(governed, calls),
    retry: false,
  });

/** A vote as it was cast. */
export interface CastVote {
  voter: Address;
  support: Support;
  /** Wei by multiplier. */
  weight: bigint;
  reason: string;
}

/** The votes on a proposal, newest first. */
export const votesQuery = ({ client, at }: Governed, { id }: Proposal) =>
  queryOptions({
    queryKey: [LIVE, "votes", id.toString()],
    queryFn: async (): Promise<CastVote[]> => {
      const events = await client.public.getContractEvents({
        address: at.governor,
        abi: openGovernorAbi,
        eventName: "VoteCast",
        fromBlock: 0n,
        toBlock: "latest",
        strict: true,
      });
      const names = Object.keys(SUPPORT) as Support[];
      return events
        .filter(({ args }) => args.proposalId === id)
        .map(({ args }) => ({
          voter: args.voter.toLowerCase() as Address,
          support: names.find((name) => SUPPORT[name] === args.support) ?? "abstain",
          ...{ weight: args.weight, reason: args.reason },
        }))
        .reverse();
    },
  });

/** What an account can vote with on a proposal: those that it had when the vote began, in wei by multiplier. */
export const powerQuery = ({ client, at }: Governed, account: Address, voteStart: bigint) =>
  queryOptions({
    queryKey: [LIVE, "vote-power", account, voteStart.toString()],
    queryFn: () =>
      client.public.readContract({
        address: at.governor,
        abi: openGovernorAbi,
        functionName: "getVotes",
        args: [account, voteStart],
      }),
  });

/** An account's stake; `now` is the chain's time, in seconds. */
export const stakeQuery = ({ client, at }: Governed, account: Address) =>
  queryOptions({
    queryKey: [LIVE, "voter-stake", account],
    queryFn: async (): Promise<VoterStake & { now: bigint }> => {
      const [stake, { timestamp: now }] = await Promise.all([
        voterStake(client, at, account),
        client.public.getBlock(),
      ]);
      return { ...stake, now };
    },
    refetchInterval: ({ state: { data } }) =>
      data === undefined ? false : waitFor([data.lockedUntil - data.now, data.leavesAt - data.now]),
  });

/** The parameters in force by their names. */
export const parametersQuery = (protocol: Protocol) =>
  queryOptions({
    queryKey: [LIVE, "parameters"],
    queryFn: () => readParameters(protocol.client, protocol.at),
  });

/** The gas limit that L1 sets for the blocks of this chain. */
export const gasLimitQuery = ({ client }: Governed) =>
  queryOptions({
    queryKey: [LIVE, "gas-limit"],
    queryFn: async () => (await client.public.getBlock()).gasLimit,
  });

/** What a proposal of these calls is on chain, by what is in force now. @throws CodedError of {@link parseOrder}, {@link actionsOf}. */
async function planned(
  { client, book }: Governed,
  title: string,
  texts: readonly string[],
): Promise<Actions> {
  const written = [];
  for (const text of texts) written.push(await parseOrder(client, book, text));
  return actionsOf(client, book, written, title);
}

/** What a proposal of these calls would change. */
export const outlookQuery = (governed: Governed, texts: readonly string[]) =>
  queryOptions({
    queryKey: [LIVE, "outlook", ...texts],
    queryFn: async (): Promise<Effect[]> =>
      effectsOf(governed, decodeActions(governed.book, await planned(governed, "", texts))),
    retry: false,
  });

/** Makes the proposal; gives its number. @throws CodedError of {@link transact}. */
export async function makeProposal(
  governed: Governed,
  signer: Signer,
  title: string,
  texts: readonly string[],
): Promise<number> {
  const { client, at } = governed;
  const actions = await planned(governed, title, texts);
  const { receipt } = await transact(client, signer, proposeOrder(at, actions, title));
  const [made] = parseEventLogs({ abi: openGovernorAbi, eventName: "ProposalCreated", logs: receipt.logs });
  return (await findProposal(client, at, String(made?.args.proposalId))).number;
}

/** Sends what governance is told on one of the chains. @throws CodedError of {@link transact}. */
export async function act(
  governed: Governed,
  signer: Signer,
  chain: "L1" | "L2",
  order: () => TransactionOrder | Promise<TransactionOrder>,
): Promise<void> {
  const client = chain === "L1" ? await governed.l1() : governed.client;
  await transact(client, signer, await order());
}
