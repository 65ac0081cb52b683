import { type Abi, decodeEventLog, decodeFunctionData, type Hex as ViemHex } from "viem";
import type { AgentAddresses } from "../../agents/addresses.ts";
import type { ProtocolAddresses } from "../../ai/client/chain.ts";
import {
  agentAccountAbi,
  agentDeedsAbi,
  agentRegistryAbi,
  agentStakesAbi,
  agentVerdictsAbi,
  attributionLedgerAbi,
  auditsAbi,
  circleFundAbi,
  circlePanelsAbi,
  circleReviewersAbi,
  circleServicesAbi,
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
  feeTreasuryAbi,
  hostStakesAbi,
  inferenceEpochsAbi,
  inferenceMarketAbi,
  l1BlockAbi,
  modelChallengesAbi,
  modelDisputesAbi,
  modelLedgerAbi,
  modelRegistryAbi,
  modelRoyaltiesAbi,
  modelStakingAbi,
  openCircleAbi,
  openGovernorAbi,
  parametersTimelockAbi,
  plagiarismProofsAbi,
  protocolParametersAbi,
  reviewersAbi,
  rewardBalancesAbi,
  seedsAbi,
  snapshotPoolsAbi,
  stakedOpenAbi,
  stakeLossesAbi,
  swapPoolAbi,
  upgradeTimelockAbi,
  verifierPoolAbi,
} from "../../chain/generated/abi.ts";
import type { CircleAddresses } from "../../circle/addresses.ts";
import type { GovernanceAddresses } from "../../governance/addresses.ts";
import type { Connection } from "./connection.tsx";

type Named<K extends string> = Readonly<Partial<Record<K, readonly [name: string, abi: Abi]>>>;

const PROTOCOL: Named<keyof ProtocolAddresses> = {
  parameters: ["ProtocolParameters", protocolParametersAbi],
  balances: ["RewardBalances", rewardBalancesAbi],
  datanets: ["DatanetRegistry", datanetRegistryAbi],
  ledger: ["AttributionLedger", attributionLedgerAbi],
  stakes: ["ContributionStakes", contributionStakesAbi],
  reviewers: ["Reviewers", reviewersAbi],
  losses: ["StakeLosses", stakeLossesAbi],
  plagiarism: ["PlagiarismProofs", plagiarismProofsAbi],
  models: ["ModelLedger", modelLedgerAbi],
  modelRegistry: ["ModelRegistry", modelRegistryAbi],
  modelChallenges: ["ModelChallenges", modelChallengesAbi],
  modelDisputes: ["ModelDisputes", modelDisputesAbi],
  curation: ["Curation", curationAbi],
  access: ["DataAccess", dataAccessAbi],
  royalties: ["ModelRoyalties", modelRoyaltiesAbi],
  pools: ["SnapshotPools", snapshotPoolsAbi],
  staking: ["ModelStaking", modelStakingAbi],
  hosts: ["HostStakes", hostStakesAbi],
  market: ["InferenceMarket", inferenceMarketAbi],
  challenges: ["ClaimChallenges", claimChallengesAbi],
  demands: ["ClaimDemands", claimDemandsAbi],
  seeds: ["Seeds", seedsAbi],
  verifiers: ["VerifierPool", verifierPoolAbi],
  disputes: ["Disputes", disputesAbi],
  audits: ["Audits", auditsAbi],
  epochs: ["InferenceEpochs", inferenceEpochsAbi],
  epochChallenges: ["EpochChallenges", epochChallengesAbi],
  epochLeaves: ["EpochLeaves", epochLeavesAbi],
  leafChallenges: ["ClaimChallenges", claimChallengesAbi],
  epochDemands: ["EpochDemands", epochDemandsAbi],
  epochAudits: ["EpochAudits", epochAuditsAbi],
};
const GOVERNANCE: Named<keyof GovernanceAddresses> = {
  staked: ["StakedOpen", stakedOpenAbi],
  governor: ["OpenGovernor", openGovernorAbi],
  timelock: ["ParametersTimelock", parametersTimelockAbi],
  upgrades: ["UpgradeTimelock", upgradeTimelockAbi],
  treasury: ["FeeTreasury", feeTreasuryAbi],
};
const CIRCLE: Named<keyof CircleAddresses> = {
  fund: ["CircleFund", circleFundAbi],
  reviewers: ["CircleReviewers", circleReviewersAbi],
  panels: ["CirclePanels", circlePanelsAbi],
  circle: ["OpenCircle", openCircleAbi],
  services: ["CircleServices", circleServicesAbi],
};
const AGENTS: Named<keyof AgentAddresses> = {
  registry: ["AgentRegistry", agentRegistryAbi],
  stakes: ["AgentStakes", agentStakesAbi],
  deeds: ["AgentDeeds", agentDeedsAbi],
  account: ["AgentAccount", agentAccountAbi],
  verdicts: ["AgentVerdicts", agentVerdictsAbi],
  pool: ["SwapPool", swapPoolAbi],
};
/** Contracts by what a node answers of them. */
const NAMED: Readonly<Record<string, Named<string>>> = {
  openledger_protocol: PROTOCOL,
  openledger_governance: GOVERNANCE,
  openledger_circle: CIRCLE,
  openledger_agents: AGENTS,
};
/** The predeploy that every block's first transaction writes L1's attributes to. */
const L1_BLOCK = "0x4200000000000000000000000000000000000015";

/** A contract of the project at an address. */
export interface KnownContract {
  name: string;
  abi: Abi;
}

/** The project's contracts by their addresses. */
export type Contracts = ReadonlyMap<string, KnownContract>;

/** The contracts of the project that this chain has. */
export async function knownContracts({ client }: Pick<Connection, "client">): Promise<Contracts> {
  const found = new Map<string, KnownContract>([[L1_BLOCK, { name: "L1Block", abi: l1BlockAbi }]]);
  const answers = Object.entries(NAMED).map(async ([method, named]) => {
    // A node that lacks a part of it does not know the method.
    const at = await client.rpc<Record<string, string> | null>(method, []).catch(() => null);
    for (const [key, entry] of Object.entries(named)) {
      const address = at?.[key];
      if (address !== undefined && entry !== undefined)
        found.set(address.toLowerCase(), { name: entry[0], abi: entry[1] });
    }
  });
  await Promise.all(answers);
  return found;
}

/** The project's contract at that address, if there is one. */
export function contractAt(
  contracts: Contracts | undefined,
  address: string | null | undefined,
): KnownContract | undefined {
  return address == null ? undefined : contracts?.get(address.toLowerCase());
}

/** A call or an event in words. */
export interface Decoded {
  name: string;
  args: readonly (readonly [name: string, value: string])[];
}

/** Characters of one argument that are shown. */
const MOST = 400;

/** The call that the data makes; undefined where the ABI has none of its selector. */
export function decodeCall({ abi }: KnownContract, data: ViemHex): Decoded | undefined {
  try {
    const { functionName, args } = decodeFunctionData({ abi, data });
    const item = abi.find((entry) => entry.type === "function" && entry.name === functionName);
    return { name: functionName, args: named(item, args) };
  } catch {
    return undefined;
  }
}

/** The event of a log; undefined where the ABI has none of its topic. */
export function decodeEvent(
  { abi }: KnownContract,
  topics: readonly ViemHex[],
  data: ViemHex,
): Decoded | undefined {
  try {
    const order = { abi, topics: topics as [ViemHex, ...ViemHex[]], data };
    const { eventName = "event", args } = decodeEventLog(order);
    return {
      name: eventName,
      args: Object.entries(args ?? {}).map(([name, value]) => [name, textOf(value)] as const),
    };
  } catch {
    return undefined;
  }
}

function named(item: Abi[number] | undefined, args: readonly unknown[] | undefined): Decoded["args"] {
  const inputs = item !== undefined && "inputs" in item ? (item.inputs ?? []) : [];
  return (args ?? []).map((value, i) => [inputs[i]?.name ?? String(i), textOf(value)] as const);
}

function textOf(value: unknown): string {
  const text =
    typeof value === "object"
      ? JSON.stringify(value, (_, item) => (typeof item === "bigint" ? `${item}` : item))
      : String(value);
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
}

/** Where a search leads. */
export type Found =
  | { to: "/explorer/block/$block"; params: { block: string } }
  | { to: "/explorer/tx/$hash"; params: { hash: string } }
  | { to: "/explorer/address/$address"; params: { address: string } };

/** Finds a block's number or hash, a transaction or an address; undefined for what is none of them. */
export async function search({ client }: Connection, words: string): Promise<Found | undefined> {
  const text = words.trim().toLowerCase();
  if (/^\d{1,18}$/.test(text)) return { to: "/explorer/block/$block", params: { block: text } };
  if (/^0x[0-9a-f]{40}$/.test(text)) return { to: "/explorer/address/$address", params: { address: text } };
  if (!/^0x[0-9a-f]{64}$/.test(text)) return undefined;
  const hash = text as ViemHex;
  const transaction = await client.public.getTransaction({ hash }).catch(() => undefined);
  if (transaction !== undefined) return { to: "/explorer/tx/$hash", params: { hash } };
  const block = await client.public.getBlock({ blockHash: hash }).catch(() => undefined);
  return block && { to: "/explorer/block/$block", params: { block: hash } };
}
