import { encodeFunctionData, keccak256, parseEther, stringToBytes, type TransactionReceipt } from "viem";
import type { TransactionOrder } from "../ai/client/chain.ts";
import { agentStakesAbi as abi, agentAccountAbi, agentRegistryAbi } from "../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../chain/types/primitives.ts";
import type { AgentAddresses } from "./addresses.ts";
import { leafOf, type Rule, type SessionFile, treeOf } from "./session.ts";

type Stakes = Pick<AgentAddresses, "stakes">;
/** Where an agent's own account is. */
interface Acting {
  account: Address;
}

/** OPEN among the tokens of limits. */
export const OPEN: Address = `0x${"00".repeat(20)}`;

/** The call that makes an agent with an account of its own; `stake` wei go with it. */
export function registerOrder(
  { registry: to }: Pick<AgentAddresses, "registry">,
  { policy, models, stake }: { policy: Hash; models: readonly bigint[]; stake: bigint },
): TransactionOrder {
  const args = [policy, models] as const;
  const data = encodeFunctionData({ abi: agentRegistryAbi, functionName: "register", args });
  return { to, data, value: stake };
}

/** The agent that a transaction registered. */
export function agentIn({ stakes }: Stakes, { logs }: Pick<TransactionReceipt, "logs">): bigint {
  // The contract's first event names the agent.
  return BigInt(logs.find(({ address }) => address.toLowerCase() === stakes)?.topics[1] ?? 0n);
}

/** The owner's call that changes policy and models for deeds to come. */
export function policyOrder(
  { stakes: to }: Stakes,
  id: bigint,
  policy: Hash,
  models: readonly bigint[],
): TransactionOrder {
  return { to, data: encodeFunctionData({ abi, functionName: "setPolicy", args: [id, policy, models] }) };
}

/** The call that adds to an agent's stake; anybody may. */
export function stakeOrder({ stakes: to }: Stakes, id: bigint, value: bigint): TransactionOrder {
  return { to, data: encodeFunctionData({ abi, functionName: "stake", args: [id] }), value };
}

/** The owner's call that takes the whole stake out, or anybody's that returns to the owner what has waited. */
export function endOrder(
  { stakes: to }: Stakes,
  functionName: "retire" | "withdraw",
  id: bigint,
): TransactionOrder {
  return { to, data: encodeFunctionData({ abi, functionName, args: [id] }) };
}

/** The owner's call that lets `key` act as the session says, from second `from` on. */
export function sessionOrder(
  { account: to }: Acting,
  key: Address,
  { hours, limits }: Pick<SessionFile, "hours" | "limits">,
  rules: readonly Rule[],
  from: bigint,
): TransactionOrder & { until: bigint; root: Hash } {
  const until = from + BigInt(hours) * 3_600n;
  const { root } = treeOf(rules.map(leafOf));
  const bounds = limits.map(({ token, perCall, perDay }) => ({
    token: token === "open" ? OPEN : token,
    perCall: parseEther(perCall),
    perDay: parseEther(perDay),
  }));
  const args = [key, { from, until, root }, bounds] as const;
  return {
    ...{ to, until, root },
    data: encodeFunctionData({ abi: agentAccountAbi, functionName: "setSession", args }),
  };
}

/** The call that ends a key's session: the owner's or the key's own. */
export function revokeOrder({ account: to }: Acting, key: Address): TransactionOrder {
  return { to, data: encodeFunctionData({ abi: agentAccountAbi, functionName: "revoke", args: [key] }) };
}

/** What a session key does. */
export interface KeyCall {
  rule: Rule;
  proof: readonly Hash[];
  value: bigint;
  data: Hex;
  because: readonly bigint[];
  /** Why; the chain keeps its hash. */
  rationale: string;
}

/** The key's call that does something within its session. */
export function actOrder(
  { account: to }: Acting,
  { rule, proof, value, data: inner, because, rationale }: KeyCall,
): TransactionOrder {
  const call = { target: rule.target, value, data: inner };
  const why = keccak256(stringToBytes(rationale));
  const data = encodeFunctionData({
    abi: agentAccountAbi,
    functionName: "act",
    args: [{ call, rule, proof, because: because.toSorted((a, b) => (a < b ? -1 : 1)), rationale: why }],
  });
  return { to, data };
}

/** The owner's call by which the agent's account makes any call. */
export function executeOrder(
  { account: to }: Acting,
  call: { target: Address; value: bigint; data: Hex },
): TransactionOrder {
  return { to, data: encodeFunctionData({ abi: agentAccountAbi, functionName: "execute", args: [call] }) };
}
