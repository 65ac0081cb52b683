import { queryOptions } from "@tanstack/react-query";
import type { AgentAddresses } from "../../agents/addresses.ts";
import { type Agent, agentCount, type Deed, deedsOf, getAgent, leastStake } from "../../agents/agents.ts";
import { modelsOf, type OpenSession, sessionsOf } from "../../agents/open-sessions.ts";
import { agentIn, registerOrder, sessionOrder } from "../../agents/orders.ts";
import { type AllowedCall, leafOf, parseSession, rulesOf, treeOf } from "../../agents/session.ts";
import { type CaseStanding, standingOfCase, type VerdictTerms, verdictTerms } from "../../agents/verdicts.ts";
import type { ChainClient } from "../../ai/client/chain.ts";
import { getRequest, type MarketRequest } from "../../ai/client/market.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { webError } from "../errors.ts";
import type { Protocol } from "./connection.tsx";
import { LIVE } from "./live-provider.tsx";
import { keepSession } from "./session-files.ts";
import type { Signer } from "./signer.ts";
import { keepText } from "./texts.ts";
import { transact } from "./transact.ts";
import { waitFor } from "./wait-for.ts";

/** Agents that are listed, keys and deeds of one that are shown: the newest ones. */
const MOST = 50n;
const MOST_KEYS = 20;
const MOST_DEEDS = 50;

/** The contracts of agents as this node knows them. */
export interface Agents {
  protocol: Protocol;
  client: ChainClient;
  at: AgentAddresses;
  /** Wei at stake of an agent that may act. */
  leastStake: bigint;
}

export const agentsQuery = (protocol: Protocol) =>
  queryOptions({ queryKey: ["agents"], queryFn: () => connectAgents(protocol) });

/** @throws CodedError `AGENTS_MISSING`. */
async function connectAgents(protocol: Protocol): Promise<Agents> {
  const { client } = protocol;
  const at = await client.rpc<AgentAddresses | null>("openledger_agents", []);
  if (at !== null) return { protocol, client, at, leastStake: await leastStake(client, at) };
  throw webError("AGENTS_MISSING", {
    message: "This node knows no contracts of agents: they are not deployed, or not yet.",
    fix: "On a new devnet they come within a minute; try again then.",
  });
}

/** The newest agents, newest first. */
export const agentListQuery = ({ client, at }: Agents) =>
  queryOptions({
    queryKey: [LIVE, "agent-list"],
    queryFn: async (): Promise<Agent[]> => {
      const count = await agentCount(client, at);
      const ids: bigint[] = [];
      for (let id = count; id > 0n && id > count - MOST; id--) ids.push(id);
      return Promise.all(ids.map((id) => getAgent(client, at, id)));
    },
  });

/** An agent with what its keys may do; `now` is the chain's time, in seconds. */
export interface WholeAgent {
  agent: Agent;
  models: readonly bigint[];
  sessions: readonly OpenSession[];
  now: bigint;
}

/** One agent. @throws CodedError `AGENT_UNKNOWN`. */
export const agentQuery = ({ client, at }: Agents, id: bigint) =>
  queryOptions({
    queryKey: [LIVE, "agent", id.toString()],
    queryFn: async (): Promise<WholeAgent> => {
      const agent = await getAgent(client, at, id);
      const [models, sessions, { timestamp: now }] = await Promise.all([
        modelsOf(client, at, id),
        sessionsOf(client, agent, MOST_KEYS),
        client.public.getBlock(),
      ]);
      return { agent, models, sessions, now };
    },
    refetchInterval: ({ state: { data } }) =>
      data === undefined ? false : waitFor([data.agent.leavesAt + 1n - data.now]),
    placeholderData: (before) => before,
  });

/** A deed with the state of the answers that it follows from. */
export interface ShownDeed {
  deed: Deed;
  answers: readonly Pick<MarketRequest, "requestId" | "status">[];
}

/** An agent's newest deeds, newest first. */
export const deedsQuery = ({ protocol, client, at }: Agents, id: bigint) =>
  queryOptions({
    queryKey: [LIVE, "deeds", id.toString()],
    queryFn: async (): Promise<ShownDeed[]> => {
      const deeds = (await deedsOf(client, at, id, MOST_DEEDS)).reverse();
      const ids = [...new Set(deeds.flatMap(({ because }) => because))];
      const requests = await Promise.all(ids.map((request) => getRequest(client, protocol.at, request)));
      return deeds.map((deed) => ({
        deed,
        answers: requests.filter(({ requestId }) => deed.because.includes(requestId)),
      }));
    },
  });

/** What was said against a deed, on which terms; `now` is the chain's time, in seconds. */
export interface DeedDoubt {
  standing: CaseStanding | undefined;
  terms: VerdictTerms;
  now: bigint;
}

export const caseQuery = ({ protocol, client, at }: Agents, deedId: bigint) =>
  queryOptions({
    queryKey: [LIVE, "deed-case", deedId.toString()],
    queryFn: async (): Promise<DeedDoubt> => {
      const [standing, terms, { timestamp: now }] = await Promise.all([
        standingOfCase(client, { ...protocol.at, ...at }, deedId),
        verdictTerms(client, at),
        client.public.getBlock(),
      ]);
      return { standing, terms, now };
    },
    refetchInterval: ({ state: { data } }) =>
      data?.standing?.finalAt === undefined ? false : waitFor([data.standing.finalAt - data.now]),
  });

/** Makes an agent; gives its number. @throws CodedError of {@link transact}. */
export async function register(
  { protocol, client, at }: Agents,
  signer: Signer,
  order: { policy: string; models: readonly bigint[]; stake: bigint },
): Promise<bigint> {
  const policy = await keepText(protocol, signer, order.policy);
  const { receipt } = await transact(client, signer, registerOrder(at, { ...order, policy }));
  return agentIn(at, receipt);
}

/** Lets a key act as a session's file says. @throws CodedError `SESSION_INVALID`, and of {@link transact}. */
export async function grantSession(
  { client }: Agents,
  signer: Signer,
  { account }: Agent,
  key: Address,
  source: string,
): Promise<void> {
  const session = parseSession(source);
  const rules = rulesOf(session, account).map(({ rule }) => rule);
  const { timestamp } = await client.public.getBlock();
  const { to, data, root } = sessionOrder({ account }, key, session, rules, timestamp);
  keepSession(root, source);
  await transact(client, signer, { to, data });
}

/** The calls of a session's file, if it is the one whose root the chain has; undefined for any other. */
export function callsOf(source: string, account: Address, root: Hash): readonly AllowedCall[] | undefined {
  try {
    const calls = rulesOf(parseSession(source), account);
    return treeOf(calls.map(({ rule }) => leafOf(rule))).root === root ? calls : undefined;
  } catch {
    return undefined;
  }
}
