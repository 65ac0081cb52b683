import { type Abi, type Account, encodeDeployData, encodeFunctionData, getContractAddress } from "viem";
import { type ChainClient, type ProtocolAddresses, send } from "../ai/client/chain.ts";
import { readParameters } from "../ai/client/parameters.ts";
import {
  feeTreasuryAbi,
  openGovernorAbi,
  parametersTimelockAbi,
  protocolParametersAbi,
  stakedOpenAbi,
  upgradeTimelockAbi,
} from "../chain/generated/abi.ts";
import type { Address, Hex } from "../chain/types/primitives.ts";
import type { GovernanceAddresses } from "./addresses.ts";
import { governanceError } from "./errors.ts";
import type { GovernancePlan } from "./plan.ts";

type OnL2 = "staked" | "governor" | "timelock" | "upgrades" | "treasury";
/** In the order of their deployment: they name each other, by the addresses that follow from the account's nonce. */
const ORDER = ["staked", "timelock", "governor", "upgrades", "treasury"] as const satisfies readonly OnL2[];

interface Part {
  contract: string;
  abi: Abi;
  args: readonly unknown[];
}

/** One contract of the deployment: where it will be, and what makes it. */
export interface GovernancePart extends Part {
  name: OnL2;
  address: Address;
}

/** What decides a deployment. */
export interface GovernanceOrder {
  plan: GovernancePlan;
  /** Who deploys, and may propose to the timelock until the hand-over; its next nonce is `nonce`. */
  founder: Address;
  nonce: bigint;
  council: Address;
  /** The chain's time, in seconds. */
  now: bigint;
  protocol: Pick<ProtocolAddresses, "balances" | "parameters" | "seeds">;
}

/** The contracts of governance on L2, in the order in which the founder creates them. */
export function planContracts(order: GovernanceOrder): GovernancePart[] {
  const { founder, nonce } = order;
  const places = ORDER.map((name, i) => {
    const address = getContractAddress({ from: founder, nonce: nonce + BigInt(i) });
    return [name, address.toLowerCase() as Address] as const;
  });
  const parts = partsOf(order, Object.fromEntries(places) as Record<OnL2, Address>);
  return places.map(([name, address]) => ({ name, address, ...parts[name] }));
}

function partsOf(
  { plan, founder, council, now, protocol }: GovernanceOrder,
  at: Record<OnL2, Address>,
): Record<OnL2, Part> {
  const part = (contract: string, abi: Abi, ...args: readonly unknown[]): Part => ({ contract, abi, args });
  const { balances, parameters, seeds } = protocol;
  const { unstakeDelay, rewardPeriod, parametersDelay, upgradesDelay, stakersBps } = plan;
  const { votingDelay, votingPeriod, lateExtension, threshold, quorumPercent, quorumLeast } = plan;
  const rules = {
    ...{ votingDelay, votingPeriod, lateExtension, threshold, quorumLeast, guardian: council },
    quorumPercent: BigInt(quorumPercent),
    guardianUntil: now + BigInt(plan.guardianPeriod),
  };
  const timelock = [parametersDelay, at.governor, founder, parameters] as const;
  return {
    staked: part("StakedOpen", stakedOpenAbi, balances, at.treasury, unstakeDelay, rewardPeriod),
    timelock: part("ParametersTimelock", parametersTimelockAbi, ...timelock),
    governor: part("OpenGovernor", openGovernorAbi, at.staked, at.timelock, rules),
    upgrades: part("UpgradeTimelock", upgradeTimelockAbi, upgradesDelay, at.timelock, parameters, seeds),
    treasury: part("FeeTreasury", feeTreasuryAbi, at.timelock, balances, at.staked, stakersBps),
  };
}

/**
 * Deploys governance on L2 from `account`, which owns the protocol's parameters and sends nothing else meanwhile, and makes the treasury
 * of the contracts the protocol's. Until the hand-over the account stays an owner and may propose to the timelock.
 * @param council Guardian of the proposals: it can cancel them.
 * @param creationCode gives a contract's creation code without constructor arguments.
 * @throws CodedError `GOVERNANCE_DEPLOYMENT_FAILED`; `TRANSACTION_REVERTED` where the plan's delays are shorter than the floors.
 */
export async function deployGovernance(
  client: ChainClient,
  account: Account,
  protocol: ProtocolAddresses,
  plan: GovernancePlan,
  council: Address,
  creationCode: (contract: string) => Hex,
): Promise<GovernanceAddresses> {
  const founder = account.address;
  const nonce = await client.public.getTransactionCount({ address: founder, blockTag: "pending" });
  const { timestamp: now } = await client.public.getBlock();
  const parts = planContracts({ plan, founder, nonce: BigInt(nonce), council, now, protocol });
  for (const { contract, address, abi, args } of parts) {
    const data = encodeDeployData({ abi, bytecode: creationCode(contract), args });
    const { hash, receipt } = await send(client, account, { data });
    if (receipt.contractAddress?.toLowerCase() === address) continue;
    throw governanceError("GOVERNANCE_DEPLOYMENT_FAILED", {
      message: `the transaction ${hash} did not create ${contract} at ${address}`,
      fix: "deploy again, with an account that nothing else uses meanwhile",
      facts: { contract, hash, expected: address, created: receipt.contractAddress },
    });
  }
  const at = Object.fromEntries(parts.map(({ name, address }) => [name, address])) as Record<OnL2, Address>;
  const next = { ...(await readParameters(client, protocol)), treasury: at.treasury };
  const data = encodeFunctionData({
    abi: protocolParametersAbi,
    functionName: "setParameters",
    args: [next],
  });
  await send(client, account, { to: protocol.parameters, data });
  return at;
}
