import type { ChainClient } from "../ai/client/chain.ts";
import { agentAccountAbi as abi, agentStakesAbi } from "../chain/generated/abi.ts";
import type { Address, Hash } from "../chain/types/primitives.ts";
import type { AgentAddresses } from "./addresses.ts";
import type { Agent } from "./agents.ts";

/** What a key may spend of a token. Units of the token's smallest part. */
export interface SessionLimit {
  /** 0: OPEN. */
  token: Address;
  perCall: bigint;
  perDay: bigint;
  spentToday: bigint;
}

/** A key's session as the chain has it. Times in seconds. */
export interface OpenSession {
  key: Address;
  from: bigint;
  until: bigint;
  /** Of the calls that it may make. */
  root: Hash;
  limits: readonly SessionLimit[];
}

const WHOLE = { fromBlock: 0n, toBlock: "latest", strict: true } as const;

/** The sessions that an agent's owner has opened and nobody ended, also those whose time is over; of many the `most` newest keys. */
export async function sessionsOf(
  client: ChainClient,
  { account: address }: Pick<Agent, "account">,
  most: number,
): Promise<OpenSession[]> {
  const logs = await client.public.getContractEvents({ address, abi, eventName: "SessionSet", ...WHOLE });
  const keys = [...new Set(logs.map(({ args }) => args.key.toLowerCase() as Address).reverse())];
  const all = await Promise.all(keys.slice(0, most).map((key) => sessionOf(client, address, key)));
  return all.filter(({ root }) => BigInt(root) !== 0n);
}

async function sessionOf(client: ChainClient, address: Address, key: Address): Promise<OpenSession> {
  const read = { address, abi } as const;
  const [{ from, until, root }, limits] = await client.public.readContract({
    ...read,
    functionName: "sessionOf",
    args: [key],
  });
  const spent = limits.map(async ({ token, perCall, perDay }): Promise<SessionLimit> => {
    const args = [key, token] as const;
    const spentToday = await client.public.readContract({ ...read, functionName: "spentToday", args });
    return { token: token.toLowerCase() as Address, perCall, perDay, spentToday };
  });
  return { key, from, until, root, limits: await Promise.all(spent) };
}

/** The models that an agent names now. */
export async function modelsOf(
  client: ChainClient,
  { stakes: address }: Pick<AgentAddresses, "stakes">,
  agentId: bigint,
): Promise<readonly bigint[]> {
  const filter = { address, abi: agentStakesAbi, eventName: "AgentPolicySet", args: { agentId } } as const;
  const logs = await client.public.getContractEvents({ ...filter, ...WHOLE });
  return logs.at(-1)?.args.models ?? [];
}
