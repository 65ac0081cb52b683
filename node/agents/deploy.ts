import { type Abi, type Account, encodeDeployData, getContractAddress } from "viem";
import { type ChainClient, type ProtocolAddresses, send } from "../ai/client/chain.ts";
import {
  agentAccountAbi,
  agentDeedsAbi,
  agentRegistryAbi,
  agentStakesAbi,
  agentVerdictsAbi,
  upgradeableRegistryAbi as ownedAbi,
  registryProxyAbi,
  swapPoolAbi,
} from "../chain/generated/abi.ts";
import type { Address, Hex } from "../chain/types/primitives.ts";
import type { AgentAddresses } from "./addresses.ts";
import { agentError } from "./errors.ts";
import type { AgentPlan } from "./plan.ts";

/** `registryCode` stands behind the registry's proxy; an upgrade puts other code there. */
type Name = Exclude<keyof AgentAddresses, "pool"> | "registryCode";
/** In the order of their deployment: they name each other, by the addresses that follow from the account's nonce. */
const ORDER = [
  "stakes",
  "registryCode",
  "registry",
  "deeds",
  "account",
  "verdicts",
] as const satisfies readonly Name[];

/** One contract of the deployment: where it will be, and what makes it. */
export interface AgentPart {
  name: Name;
  contract: string;
  address: Address;
  abi: Abi;
  args: readonly unknown[];
}

/** The protocol's contracts that those of agents name. */
type Named = Pick<ProtocolAddresses, "balances" | "market" | "models" | "ledger" | "pools" | "disputes">;

/**
 * The contracts of agents, in the order in which `founder` creates them with its nonces from `nonce` on.
 * @param governor may change the registry's code; nobody owns the others.
 */
export function planAgents(
  plan: AgentPlan,
  governor: Address,
  founder: Address,
  nonce: bigint,
  { balances, market, models, ledger, pools, disputes }: Named,
): AgentPart[] {
  const places = ORDER.map((name, i) => {
    const address = getContractAddress({ from: founder, nonce: nonce + BigInt(i) });
    return [name, address.toLowerCase() as Address] as const;
  });
  const at = Object.fromEntries(places) as Record<Name, Address>;
  const { leastStake, exitDelay, answerAgeMax, panelFee, slashBps, accusePeriod } = plan;
  const part = (contract: string, abi: Abi, ...args: readonly unknown[]) => ({ contract, abi, args });
  const parts: Record<Name, Pick<AgentPart, "contract" | "abi" | "args">> = {
    stakes: part(
      ...(["AgentStakes", agentStakesAbi] as const),
      ...[balances, at.registry, at.verdicts, leastStake, exitDelay],
    ),
    registryCode: part("AgentRegistry", agentRegistryAbi, at.stakes, at.account),
    registry: part("RegistryProxy", registryProxyAbi, at.registryCode, governor),
    deeds: part(
      ...(["AgentDeeds", agentDeedsAbi] as const),
      ...[at.stakes, market, models, ledger, pools, answerAgeMax],
    ),
    account: part("AgentAccount", agentAccountAbi, at.stakes, at.deeds, market),
    verdicts: part(
      ...(["AgentVerdicts", agentVerdictsAbi] as const),
      ...[at.stakes, at.deeds, disputes, panelFee, slashBps, accusePeriod],
    ),
  };
  return places.map(([name, address]) => ({ name, address, ...parts[name] }));
}

/** Gas of a deployment: its code's price and what its constructor does. */
const deployGas = (bytes: number) => 1_000_000n + BigInt(bytes) * 260n;

/**
 * Deploys the agents' contracts from `account`, which sends nothing else meanwhile. Whoever owns the code of the protocol's registries
 * owns that of the agents' registry.
 * @param creationCode gives a contract's creation code without constructor arguments.
 * @throws CodedError `AGENTS_DEPLOYMENT_FAILED`; `TRANSACTION_REVERTED` where the plan is refused.
 */
export async function deployAgents(
  client: ChainClient,
  account: Account,
  protocol: ProtocolAddresses,
  plan: AgentPlan,
  creationCode: (contract: string) => Hex,
): Promise<AgentAddresses> {
  const founder = account.address;
  const nonce = await client.public.getTransactionCount({ address: founder, blockTag: "pending" });
  const governor = await client.public.readContract({
    ...{ address: protocol.datanets, abi: ownedAbi },
    functionName: "owner",
  });
  const parts = planAgents(plan, governor, founder, BigInt(nonce), protocol);
  // Handed in one after the other, and mined together.
  const created = parts.map(async ({ contract, address, abi, args }) => {
    const data = encodeDeployData({ abi, bytecode: creationCode(contract), args });
    const { hash, receipt } = await send(client, account, { data, gas: deployGas(data.length / 2) });
    if (receipt.contractAddress?.toLowerCase() === address) return;
    throw agentError("AGENTS_DEPLOYMENT_FAILED", {
      message: `the transaction ${hash} did not create ${contract} at ${address}`,
      fix: "deploy again, with an account that nothing else uses meanwhile",
      facts: { contract, hash, expected: address, created: receipt.contractAddress },
    });
  });
  await Promise.all(created);
  const at = Object.fromEntries(parts.map(({ name, address }) => [name, address])) as Record<Name, Address>;
  const { registryCode: _, ...agents } = at;
  return agents;
}

/** A devnet's pool: 1,000,000 of its token against `open` wei. @throws as {@link deployAgents}. */
export async function deployPool(
  client: ChainClient,
  account: Account,
  open: bigint,
  creationCode: (contract: string) => Hex,
): Promise<Address> {
  const args = ["Devnet dollar", "DUSD", 10n ** 24n] as const;
  const data = encodeDeployData({ abi: swapPoolAbi, bytecode: creationCode("SwapPool"), args });
  const { hash, receipt } = await send(client, account, { data, value: open });
  if (receipt.contractAddress) return receipt.contractAddress.toLowerCase() as Address;
  throw agentError("AGENTS_DEPLOYMENT_FAILED", {
    message: `the transaction ${hash} did not create the pool`,
    fix: "deploy again",
    facts: { hash },
  });
}
