import { type Abi, type Account, encodeDeployData, getContractAddress } from "viem";
import {
  attributionLedgerAbi,
  auditsAbi,
  claimChallengesAbi,
  claimDemandsAbi,
  contributionStakesAbi,
  curationAbi,
  dataAccessAbi,
  datanetRegistryAbi,
  disputesAbi,
  epochAuditsAbi,
  epochChallengesAbi,
  epochDemandsAbi,
  epochLeavesAbi,
  hostStakesAbi,
  inferenceEpochsAbi,
  inferenceMarketAbi,
  modelChallengesAbi,
  modelDisputesAbi,
  modelLedgerAbi,
  modelRegistryAbi,
  modelRoyaltiesAbi,
  modelStakingAbi,
  plagiarismProofsAbi,
  protocolParametersAbi,
  registryProxyAbi,
  reviewersAbi,
  rewardBalancesAbi,
  seedsAbi,
  snapshotPoolsAbi,
  stakeLossesAbi,
  verifierPoolAbi,
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

/** What binds verifiers. Amounts in wei, times in seconds. */
export interface VerificationTerms {
  /** L1 blocks from the current origin to the one that a draw uses. On a live chain the sequencing window and one. */
  seedDelay: bigint;
  leastStake: bigint;
  /** Longer than a dispute with all its rounds. */
  exitDelay: bigint;
  /** What a first panel gets. */
  panelFee: bigint;
}

/** What binds purses and epochs. */
export interface EpochSettings {
  /** Seconds until a purse returns to its payer; at least `leastWindow`: a censored host gets what it holds through L1 before. */
  withdrawDelay: bigint;
  /** Inferences of each epoch that panels run again. The more there are, the smaller a bond is, and the dearer an epoch. */
  auditedLeaves: number;
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
  verification: VerificationTerms;
  epochs: EpochSettings;
}

const OPEN = 10n ** 18n;

/**
 * A plan for devnets: short periods, so that a whole inference with its windows is over in less than a minute. Its windows hold an
 * announcement and a challenge of a few blocks each, and are far shorter than what a live chain needs against censorship. Its draws
 * use an L1 block that its one sequencer may know already.
 */
export function devnetPlan(treasury: Address): ProtocolPlan {
  return {
    settings: {
      treasury,
      platformBps: 1000,
      auditBps: 100,
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
    verification: { seedDelay: 2n, leastStake: 100n * OPEN, exitDelay: 3600n, panelFee: OPEN },
    epochs: { withdrawDelay: 60n, auditedLeaves: 2 },
  };
}

/** What stands behind the registries' proxies; an upgrade puts other code there. */
type Code = "datanetsCode" | "modelRegistryCode";
type Made = keyof ProtocolAddresses | Code;

/** In the order of their deployment: some name others that come later, whose addresses follow from the account's nonce. */
const ORDER = [
  "parameters",
  "balances",
  "ledger",
  "losses",
  "stakes",
  "reviewers",
  "datanetsCode",
  "datanets",
  "plagiarism",
  "curation",
  "models",
  "modelRegistryCode",
  "modelRegistry",
  "modelChallenges",
  "modelDisputes",
  "pools",
  "access",
  "staking",
  "royalties",
  "seeds",
  "verifiers",
  "disputes",
  "hosts",
  "market",
  "challenges",
  "demands",
  "audits",
  "epochs",
  "epochChallenges",
  "epochLeaves",
  "leafChallenges",
  "epochDemands",
  "epochAudits",
] as const satisfies readonly Made[];

type Part = { contract: string; abi: Abi; args: readonly unknown[] };

const part = (contract: string, abi: Abi, ...args: readonly unknown[]): Part => ({ contract, abi, args });

/** What each contract is made with. */
function partsOf(governor: Address, plan: ProtocolPlan, at: Record<Made, Address>): Record<Made, Part> {
  const { parameters, balances, ledger, models, market } = at;
  const { settings, splitBounds, indexBounds, leastWindow, stakingEpoch } = plan;
  const { seedDelay, leastStake, exitDelay, panelFee } = plan.verification;
  const initial = [governor, leastWindow, settings, splitBounds, indexBounds];
  return {
    parameters: part("ProtocolParameters", protocolParametersAbi, ...initial),
    balances: part("RewardBalances", rewardBalancesAbi),
    ...datanetParts(governor, plan, at),
    models: part(
      "ModelLedger",
      modelLedgerAbi,
      ...[parameters, balances, at.modelRegistry, at.modelChallenges, at.modelDisputes],
      ...[at.access, at.royalties],
    ),
    modelRegistryCode: part("ModelRegistry", modelRegistryAbi, parameters, ledger, models),
    modelRegistry: part("RegistryProxy", registryProxyAbi, at.modelRegistryCode, governor),
    modelChallenges: part("ModelChallenges", modelChallengesAbi, parameters, balances, models, ledger),
    modelDisputes: part("ModelDisputes", modelDisputesAbi, models, ledger, at.disputes, panelFee),
    access: part("DataAccess", dataAccessAbi, parameters, ledger, at.pools, at.curation, models),
    royalties: part("ModelRoyalties", modelRoyaltiesAbi, models, at.pools, at.staking, balances),
    pools: part("SnapshotPools", snapshotPoolsAbi, ledger, balances, models),
    staking: part("ModelStaking", modelStakingAbi, parameters, models, balances, market, stakingEpoch),
    seeds: part("Seeds", seedsAbi, seedDelay),
    verifiers: part(
      "VerifierPool",
      verifierPoolAbi,
      parameters,
      balances,
      at.disputes,
      leastStake,
      exitDelay,
    ),
    disputes: part("Disputes", disputesAbi, parameters, balances, at.verifiers, at.seeds),
    hosts: part("HostStakes", hostStakesAbi, parameters, balances, models, market),
    market: part("InferenceMarket", inferenceMarketAbi, at),
    challenges: part("ClaimChallenges", claimChallengesAbi, parameters, balances, models, market),
    demands: part("ClaimDemands", claimDemandsAbi, parameters, balances, models, market),
    audits: part("Audits", auditsAbi, balances, market, at.hosts, at.disputes, at.seeds, panelFee),
    ...epochParts(plan, at),
  };
}

type DatanetPart =
  | "ledger"
  | "losses"
  | "stakes"
  | "reviewers"
  | "datanetsCode"
  | "datanets"
  | "plagiarism"
  | "curation";

/** The registry of datanets, and what keeps what it has decided and the money that it decides over. */
function datanetParts(
  governor: Address,
  { verification: { panelFee } }: ProtocolPlan,
  at: Record<Made, Address>,
): Record<DatanetPart, Part> {
  const { parameters, balances, ledger, losses, stakes, reviewers, datanets, plagiarism } = at;
  return {
    ledger: part("AttributionLedger", attributionLedgerAbi, datanets),
    losses: part("StakeLosses", stakeLossesAbi, parameters, balances, stakes, at.disputes, panelFee),
    stakes: part("ContributionStakes", contributionStakesAbi, balances, losses, datanets, plagiarism),
    reviewers: part("Reviewers", reviewersAbi, parameters, balances, ledger, datanets),
    datanetsCode: part(
      "DatanetRegistry",
      datanetRegistryAbi,
      ...[parameters, ledger, reviewers, stakes, plagiarism],
    ),
    datanets: part("RegistryProxy", registryProxyAbi, at.datanetsCode, governor),
    plagiarism: part(
      "PlagiarismProofs",
      plagiarismProofsAbi,
      ...[parameters, balances, datanets, ledger, stakes],
    ),
    curation: part("Curation", curationAbi, datanets, reviewers, balances),
  };
}

type EpochPart =
  | "epochs"
  | "epochChallenges"
  | "epochLeaves"
  | "leafChallenges"
  | "epochDemands"
  | "epochAudits";

/** Purses, epochs, and what judges those. */
function epochParts(plan: ProtocolPlan, at: ProtocolAddresses): Record<EpochPart, Part> {
  const { parameters, balances, models, epochs, epochLeaves } = at;
  const { withdrawDelay, auditedLeaves } = plan.epochs;
  const { panelFee } = plan.verification;
  const parts = {
    ...at,
    ...{ challenges: at.epochChallenges, leaves: epochLeaves, demands: at.epochDemands },
    ...{ audits: at.epochAudits, auditedLeaves },
  };
  return {
    epochs: part("InferenceEpochs", inferenceEpochsAbi, parts, withdrawDelay),
    epochChallenges: part("EpochChallenges", epochChallengesAbi, parameters, balances, models, epochs),
    epochLeaves: part("EpochLeaves", epochLeavesAbi, epochs, at.leafChallenges),
    leafChallenges: part("ClaimChallenges", claimChallengesAbi, parameters, balances, models, epochLeaves),
    epochDemands: part("EpochDemands", epochDemandsAbi, parameters, balances, epochs),
    epochAudits: part("EpochAudits", epochAuditsAbi, balances, epochLeaves, at.disputes, at.seeds, panelFee),
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
  const at = Object.fromEntries(expected) as Record<Made, Address>;
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
  const { datanetsCode: _, modelRegistryCode: __, ...protocol } = at;
  return protocol;
}
