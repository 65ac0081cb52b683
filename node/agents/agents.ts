import type { Account } from "viem";
import { type ChainClient, type SentTransaction, send } from "../ai/client/chain.ts";
import { agentStakesAbi as abi, agentDeedsAbi } from "../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../chain/types/primitives.ts";
import type { AgentAddresses } from "./addresses.ts";
import { agentError } from "./errors.ts";
import {
  actOrder,
  agentIn,
  endOrder,
  executeOrder,
  type KeyCall,
  registerOrder,
  revokeOrder,
  sessionOrder,
} from "./orders.ts";
import type { Rule, SessionFile } from "./session.ts";

type At = AgentAddresses;

/** An agent as the chain has it. Amounts in wei, times in seconds. */
export interface Agent {
  id: bigint;
  owner: Address;
  /** Holds what it acts with. */
  account: Address;
  stake: bigint;
  leaving: bigint;
  leavesAt: bigint;
  /** Hash of the policy's text. */
  policy: Hash;
  /** What its account holds of OPEN. */
  balance: bigint;
}

/** What an agent did. */
export interface Deed {
  id: bigint;
  key: Address;
  target: Address;
  selector: Hex;
  value: bigint;
  /** Requests whose answers it follows from. */
  because: readonly bigint[];
  rationale: Hash;
  isTainted: boolean;
  /** When it did; seconds. */
  at: bigint;
  transaction: Hash;
}

export function agentCount(client: ChainClient, { stakes: address }: At): Promise<bigint> {
  return client.public.readContract({ address, abi, functionName: "agentCount" });
}

/** @throws CodedError `AGENT_UNKNOWN`. */
export async function getAgent(client: ChainClient, at: At, id: bigint): Promise<Agent> {
  if (id === 0n || id > (await agentCount(client, at))) {
    throw agentError("AGENT_UNKNOWN", {
      message: `there is no agent ${id}`,
      fix: "see `openledger agent show`",
      facts: { id },
    });
  }
  const read = { address: at.stakes, abi, functionName: "getAgent", args: [id] } as const;
  const { stake, leaving, leavesAt, policy, ...found } = await client.public.readContract(read);
  const account = found.account.toLowerCase() as Address;
  const balance = await client.public.getBalance({ address: account });
  return {
    id,
    owner: found.owner.toLowerCase() as Address,
    account,
    stake,
    leaving,
    leavesAt,
    policy,
    balance,
  };
}

/** Wei that an agent which may act has at stake at least. */
export function leastStake(client: ChainClient, { stakes: address }: Pick<At, "stakes">): Promise<bigint> {
  return client.public.readContract({ address, abi, functionName: "LEAST_STAKE" });
}

/** Makes an agent with an account of its own; the stake goes with it, the least one unless given. */
export async function registerAgent(
  client: ChainClient,
  at: At,
  account: Account,
  { policy, models, stake }: { policy: Hash; models: readonly bigint[]; stake?: bigint | undefined },
): Promise<SentTransaction & { id: bigint }> {
  const order = registerOrder(at, { policy, models, stake: stake ?? (await leastStake(client, at)) });
  const sent = await send(client, account, order);
  return { ...sent, id: agentIn(at, sent.receipt) };
}

/** Takes the whole stake out, or returns what has waited. */
export function endAgent(
  client: ChainClient,
  at: At,
  account: Account,
  step: "retire" | "withdraw",
  id: bigint,
): Promise<SentTransaction> {
  return send(client, account, endOrder(at, step, id));
}

/** Lets `key` act as the session says, from the newest block's time on. */
export async function openSession(
  client: ChainClient,
  owner: Account,
  agent: Pick<Agent, "account">,
  key: Address,
  session: Pick<SessionFile, "hours" | "limits">,
  rules: readonly Rule[],
): Promise<SentTransaction & { until: bigint }> {
  const { timestamp } = await client.public.getBlock();
  const { until, to, data } = sessionOrder(agent, key, session, rules, timestamp);
  return { ...(await send(client, owner, { to, data })), until };
}

/** Ends a key's session. */
export function revokeSession(
  client: ChainClient,
  by: Account,
  agent: Pick<Agent, "account">,
  key: Address,
): Promise<SentTransaction> {
  return send(client, by, revokeOrder(agent, key));
}

/** Makes a call within the key's session. */
export function act(
  client: ChainClient,
  key: Account,
  agent: Pick<Agent, "account">,
  call: KeyCall,
): Promise<SentTransaction> {
  return send(client, key, actOrder(agent, call));
}

/** What the owner does with the account: any call. */
export function execute(
  client: ChainClient,
  owner: Account,
  agent: Pick<Agent, "account">,
  call: { target: Address; value: bigint; data: Hex },
): Promise<SentTransaction> {
  return send(client, owner, executeOrder(agent, call));
}

/** The deeds of an agent, oldest first; of many the newest `most`. */
export async function deedsOf(
  client: ChainClient,
  { deeds: address }: At,
  agentId: bigint,
  most = Number.POSITIVE_INFINITY,
): Promise<Deed[]> {
  const range = { fromBlock: 0n, toBlock: "latest", strict: true } as const;
  const filter = { address, abi: agentDeedsAbi, eventName: "AgentActed", args: { agentId } } as const;
  const logs = await client.public.getContractEvents({ ...filter, ...range });
  return Promise.all(
    logs
      .slice(-most)
      .map(
        async ({ args: { deedId, key, target, selector, value, because, rationale }, transactionHash }) => {
          const { isTainted, at } = await client.public.readContract({
            ...{ address, abi: agentDeedsAbi },
            functionName: "deedOf",
            args: [deedId],
          });
          return {
            ...{ id: deedId, key, target, selector, value, because, rationale, isTainted, at },
            transaction: transactionHash,
          };
        },
      ),
  );
}
