import { type Abi, type Account, encodeDeployData, getContractAddress } from "viem";
import {
  claimChallengesAbi,
  claimDemandsAbi,
  datanetRegistryAbi,
  hostStakesAbi,
  inferenceMarketAbi,
  modelChallengesAbi,
  modelRegistryAbi,
  modelStakingAbi,
  protocolParametersAbi,
  rewardBalancesAbi,
  snapshotPoolsAbi,
} from "../../chain/generated/abi.ts";
import type { Address, Hex } from "../../chain/types/primitives.ts";
import { aiError } from "../errors.ts";
import { type ChainClient, type ProtocolAddresses, send } from "./chain.ts";

/** What governance sets; see the contract ProtocolParameters. Amounts in wei, times in seconds, parts in 1/10000. */
export interface ProtocolSettings {
  treasury: Address;
  platformBps: number;
  auditBps: number;
  claimBond: bigint;
  registrationBond: bigint;
  demandDeposit: bigint;
  challengeDeposit: bigint;
  challengeWindow: number;
  claimTimeout: number;
  demandWindow: number;
  registrationWindow: number;
  revealPeriod: number;
  reviewPeriod: number;
  stakePeriod: number;
  unstakeDelay: number;
  rewardPeriod: number;
}

export interface SplitBounds {
  contributorsMin: number;
  ownerMax: number;
  hostMax: number;
  stakersMax: number;
}

/** Bounds on what a model commits of its index. */
export interface IndexBounds {
  floorMax: bigint;
  e0Min: number;
  e0Max: number;
  dimensionMin: number;
  topKMin: number;
  rowsMax: number;
}

/** All that a deployment fixes. Times in seconds. */
export interface ProtocolPlan {
  settings: ProtocolSettings;
  splitBounds: SplitBounds;
  indexBounds: IndexBounds;
  /** No window whose silence costs is ever shorter. On a live chain the sequencing window. */
  leastWindow: number;
  /** A stake on a model earns from the start of the next of these. */
  stakingEpoch: number;
}

const OPEN = 10n ** 18n;

/**
 * A plan for devnets: short periods, so that a whole inference with its windows is over in less than a minute. Its windows hold an
 * announcement and a challenge of a few blocks each, and are far shorter than what a live chain needs against censorship.
 */
export function devnetPlan(treasury: Address): ProtocolPlan {
  return {
    settings: {
      treasury,
      platformBps: 1000,
      auditBps: 1000,
      claimBond: OPEN,
      registrationBond: 10n * OPEN,
      demandDeposit: OPEN,
      challengeDeposit: OPEN / 10n,
      challengeWindow: 20,
      claimTimeout: 600,
      demandWindow: 20,
      registrationWindow: 20,
      revealPeriod: 30,
      reviewPeriod: 3600,
      stakePeriod: 3600,
      unstakeDelay: 3600,
      rewardPeriod: 60,
    },
    splitBounds: { contributorsMin: 3000, ownerMax: 4000, hostMax: 4000, stakersMax: 3000 },
    // The unit of scores lies where an honest build can put it (attribution/build.ts).
    indexBounds: {
      floorMax: 1n << 32n,
      e0Min: -220,
      e0Max: 180,
      dimensionMin: 64,
      topKMin: 4,
      rowsMax: 1 << 20,
    },
    leastWindow: 8,
    stakingEpoch: 10,
  };
}

/** In the order of their deployment: some name others that come later, whose addresses follow from the account's nonce. */
const ORDER = [
  "parameters",
  "balances",
  "datanets",
  "models",
  "modelChallenges",
  "pools",
  "staking",
  "hosts",
  "market",
  "challenges",
  "demands",
] as const satisfies readonly (keyof ProtocolAddresses)[];

type Part = { contract: string; abi: Abi; args: readonly unknown[] };

/** What each contract is made with. */
function partsOf(
  governor: Address,
  plan: ProtocolPlan,
  at: ProtocolAddresses,
): Record<keyof ProtocolAddresses, Part> {
  const { parameters, balances, datanets, models, market } = at;
  const { settings, splitBounds, indexBounds, leastWindow, stakingEpoch } = plan;
  const part = (contract: string, abi: Abi, ...args: readonly unknown[]): Part => ({ contract, abi, args });
  const initial = [governor, leastWindow, settings, splitBounds, indexBounds];
  return {
    parameters: part("ProtocolParameters", protocolParametersAbi, ...initial),
    balances: part("RewardBalances", rewardBalancesAbi),
    datanets: part("DatanetRegistry", datanetRegistryAbi, parameters, balances),
    models: part("ModelRegistry", modelRegistryAbi, parameters, datanets, balances, at.modelChallenges),
    modelChallenges: part("ModelChallenges", modelChallengesAbi, parameters, balances, models, datanets),
    pools: part("SnapshotPools", snapshotPoolsAbi, datanets, balances),
    staking: part("ModelStaking", modelStakingAbi, parameters, models, balances, stakingEpoch),
    hosts: part("HostStakes", hostStakesAbi, parameters, balances, models, market),
    market: part("InferenceMarket", inferenceMarketAbi, at),
    challenges: part("ClaimChallenges", claimChallengesAbi, parameters, balances, models, market),
    demands: part("ClaimDemands", claimDemandsAbi, parameters, balances, models, market),
  };
}

/**
 * Deploys the protocol's contracts one after the other from `account`, which governs them and sends nothing else meanwhile.
 * @param creationCode gives a contract's creation code without constructor arguments.
 * @throws CodedError `DEPLOYMENT_FAILED` when a contract is not where the others expect it.
 */
export async function deployProtocol(
  client: ChainClient,
  account: Account,
  plan: ProtocolPlan,
  creationCode: (contract: string) => Hex,
): Promise<ProtocolAddresses> {
  const from = account.address;
  const nonce = await client.public.getTransactionCount({ address: from, blockTag: "pending" });
  const expected = ORDER.map((name, i) => {
    const address = getContractAddress({ from, nonce: BigInt(nonce + i) });
    return [name, address.toLowerCase() as Address] as const;
  });
  const at = Object.fromEntries(expected) as Record<keyof ProtocolAddresses, Address>;
  const parts = partsOf(from, plan, at);
  for (const [name, address] of expected) {
    const { contract, abi, args } = parts[name];
    const data = encodeDeployData({ abi, bytecode: creationCode(contract), args });
    const { hash, receipt } = await send(client, account, { data });
    if (receipt.contractAddress?.toLowerCase() === address) continue;
    throw aiError("DEPLOYMENT_FAILED", {
      message: `the transaction ${hash} did not create ${contract} at ${address}`,
      fix: "deploy again, with an account that nothing else uses meanwhile",
      facts: { contract, hash, expected: address, created: receipt.contractAddress },
    });
  }
  return at;
}
