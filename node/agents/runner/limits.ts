import { formatEther } from "viem";
import type { ChainClient } from "../../ai/client/chain.ts";
import { agentAccountAbi as abi, agentStakesAbi } from "../../chain/generated/abi.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { AgentAddresses } from "../addresses.ts";

/** Why a running agent ends by itself. */
export type StopReason =
  | "session over"
  | "session changed"
  | "agent retired"
  | "other model"
  | "call limit"
  | "day limit"
  | "no money"
  | "no gas";

/** Why it ends, in words for its operator. */
export interface Stop {
  why: StopReason;
  message: string;
}

const OPEN: Address = `0x${"00".repeat(20)}`;

/** What a session leaves of a token. Wei. */
export interface Left {
  perCall: bigint;
  perDay: bigint;
  spentToday: bigint;
}

/** A session as the chain has it now. Times in seconds. */
export interface SessionNow {
  from: bigint;
  until: bigint;
  root: Hash;
  now: bigint;
  limits: ReadonlyMap<Address, Left>;
}

/** The session of a key by the newest block. */
export async function sessionNow(client: ChainClient, account: Address, key: Address): Promise<SessionNow> {
  const read = { address: account, abi } as const;
  const [session, limits] = await client.public.readContract({
    ...read,
    functionName: "sessionOf",
    args: [key],
  });
  const left = new Map<Address, Left>();
  for (const { token, perCall, perDay } of limits) {
    const args = [key, token] as const;
    const spentToday = await client.public.readContract({ ...read, functionName: "spentToday", args });
    left.set(token.toLowerCase() as Address, { perCall, perDay, spentToday });
  }
  const { timestamp: now } = await client.public.getBlock();
  return { ...session, now, limits: left };
}

/** Which limit keeps the session from spending that much of a token; of OPEN unless one is named. */
export function limitAgainst(
  { limits }: Pick<SessionNow, "limits">,
  amount: bigint,
  token: Address = OPEN,
): "call limit" | "day limit" | undefined {
  const left = limits.get(token);
  // Of a token without a limit the rules alone decide; OPEN without one can't be spent.
  if (left === undefined) return token === OPEN && amount > 0n ? "call limit" : undefined;
  if (amount > left.perCall) return "call limit";
  return left.spentToday + amount > left.perDay ? "day limit" : undefined;
}

/** Why an agent whose next question costs `escrow` wei ends here; undefined where it may go on. */
export async function whyStop(
  client: ChainClient,
  at: Pick<AgentAddresses, "stakes">,
  agent: { id: bigint; account: Address; model: bigint },
  session: SessionNow & { expected: Hash },
  escrow: bigint,
): Promise<Stop | undefined> {
  const { until, now, root, expected } = session;
  if (now >= until) return { why: "session over", message: "the key's session is over, or was revoked" };
  if (root !== expected)
    return { why: "session changed", message: "the key's session is not the session file's any more" };
  const ask = { address: at.stakes, abi: agentStakesAbi } as const;
  const isActive = await client.public.readContract({ ...ask, functionName: "isActive", args: [agent.id] });
  if (!isActive) return { why: "agent retired", message: "the agent is retired, or its stake is too small" };
  const args = [agent.id, agent.model] as const;
  if (!(await client.public.readContract({ ...ask, functionName: "usesModel", args })))
    return { why: "other model", message: `the agent does not name model ${agent.model} of its policy` };
  const limit = limitAgainst(session, escrow);
  if (limit !== undefined) {
    const cost = `a question costs ${formatEther(escrow)} OPEN`;
    return { why: limit, message: `${cost}, and the session's ${limit} does not leave that` };
  }
  const balance = await client.public.getBalance({ address: agent.account });
  if (balance >= escrow) return undefined;
  return { why: "no money", message: `the agent's account has ${formatEther(balance)} OPEN left` };
}
