import type { Abi, AbiFunction, PublicClient } from "viem";
import { OPEN_MINTER } from "../../node/chain/constants.ts";
import type { Address } from "../../node/chain/types/primitives.ts";
import { LIQUIDITY_CONTROLLER, PROXY_ADMIN } from "../../node/deploy/addresses.ts";
import { ownArtifact, stockArtifact } from "../../node/deploy/artifacts.ts";
import type { Ground } from "./ground.ts";

interface Contract {
  chain: "L1" | "L2";
  name: string;
  address: Address;
  abi: Abi;
}

/** An answer of a contract that is an address. */
export interface Named {
  chain: "L1" | "L2";
  contract: string;
  getter: string;
  address: Address;
}

const predeploy = (end: string): Address => `0x42000000000000000000000000000000000000${end}`;

/** Every contract of both chains that the project deploys, with the whole of its ABI. */
function contractsOf({ chain, protocol, circle, agents, at }: Ground): Contract[] {
  const own = (on: "L1" | "L2", name: string, address: Address | undefined): Contract[] =>
    address === undefined ? [] : [{ chain: on, name, address, abi: ownArtifact(name).abi }];
  const stock = (on: "L1" | "L2", name: string, address: Address): Contract[] => [
    { chain: on, name, address, abi: stockArtifact(name).abi },
  ];
  const l1 = chain.deployment.contracts;
  const governance = at();
  return [
    ...stock("L1", "ProxyAdmin", l1.proxyAdmin),
    ...own("L1", "L1Timelock", l1.timelock),
    ...stock("L1", "SuperchainConfig", l1.superchainConfig),
    ...own("L1", "SystemConfig", l1.systemConfig),
    ...stock("L1", "OptimismPortal", l1.optimismPortal),
    ...stock("L1", "L2OutputOracle", l1.l2OutputOracle),
    ...stock("L1", "L1CrossDomainMessenger", l1.l1CrossDomainMessenger),
    ...stock("L1", "L1StandardBridge", l1.l1StandardBridge),
    ...stock("L1", "L1ERC721Bridge", l1.l1ERC721Bridge),
    ...own("L1", "Open", l1.open),
    ...own("L1", "OpenBridge", l1.openBridge),
    ...own("L1", "GovernanceRelay", governance.relay),
    ...own("L1", "PauseGuardian", governance.pauseGuardian),
    ...stock("L2", "L2CrossDomainMessenger", predeploy("07")),
    ...stock("L2", "L2StandardBridge", predeploy("10")),
    ...stock("L2", "SequencerFeeVault", predeploy("11")),
    ...stock("L2", "OptimismMintableERC20Factory", predeploy("12")),
    ...stock("L2", "L2ERC721Bridge", predeploy("14")),
    ...stock("L2", "OptimismMintableERC721Factory", predeploy("17")),
    ...stock("L2", "ProxyAdmin", PROXY_ADMIN),
    ...stock("L2", "BaseFeeVault", predeploy("19")),
    ...stock("L2", "L1FeeVault", predeploy("1a")),
    ...own("L2", "OperatorFeeVault", predeploy("1b")),
    ...own("L2", "LiquidityController", LIQUIDITY_CONTROLLER),
    ...own("L2", "OpenMinter", OPEN_MINTER),
    ...own("L2", "ProtocolParameters", protocol.parameters),
    ...own("L2", "RewardBalances", protocol.balances),
    ...own("L2", "DatanetRegistry", protocol.datanets),
    ...own("L2", "AttributionLedger", protocol.ledger),
    ...own("L2", "ContributionStakes", protocol.stakes),
    ...own("L2", "Reviewers", protocol.reviewers),
    ...own("L2", "PlagiarismProofs", protocol.plagiarism),
    ...own("L2", "StakeLosses", protocol.losses),
    ...own("L2", "ModelLedger", protocol.models),
    ...own("L2", "ModelRegistry", protocol.modelRegistry),
    ...own("L2", "ModelChallenges", protocol.modelChallenges),
    ...own("L2", "ModelDisputes", protocol.modelDisputes),
    ...own("L2", "Curation", protocol.curation),
    ...own("L2", "DataAccess", protocol.access),
    ...own("L2", "ModelRoyalties", protocol.royalties),
    ...own("L2", "SnapshotPools", protocol.pools),
    ...own("L2", "ModelStaking", protocol.staking),
    ...own("L2", "HostStakes", protocol.hosts),
    ...own("L2", "InferenceMarket", protocol.market),
    ...own("L2", "ClaimChallenges", protocol.challenges),
    ...own("L2", "ClaimDemands", protocol.demands),
    ...own("L2", "Seeds", protocol.seeds),
    ...own("L2", "VerifierPool", protocol.verifiers),
    ...own("L2", "Disputes", protocol.disputes),
    ...own("L2", "Audits", protocol.audits),
    ...own("L2", "InferenceEpochs", protocol.epochs),
    ...own("L2", "EpochChallenges", protocol.epochChallenges),
    ...own("L2", "EpochLeaves", protocol.epochLeaves),
    ...own("L2", "ClaimChallenges", protocol.leafChallenges),
    ...own("L2", "EpochDemands", protocol.epochDemands),
    ...own("L2", "EpochAudits", protocol.epochAudits),
    ...own("L2", "StakedOpen", governance.staked),
    ...own("L2", "OpenGovernor", governance.governor),
    ...own("L2", "ParametersTimelock", governance.timelock),
    ...own("L2", "UpgradeTimelock", governance.upgrades),
    ...own("L2", "FeeTreasury", governance.treasury),
    ...own("L2", "CircleFund", circle.fund),
    ...own("L2", "CircleReviewers", circle.reviewers),
    ...own("L2", "CirclePanels", circle.panels),
    ...own("L2", "OpenCircle", circle.circle),
    ...own("L2", "CircleServices", circle.services),
    ...own("L2", "AgentRegistry", agents.registry),
    ...own("L2", "AgentStakes", agents.stakes),
    ...own("L2", "AgentDeeds", agents.deeds),
    ...own("L2", "AgentAccount", agents.account),
    ...own("L2", "AgentVerdicts", agents.verdicts),
    ...own("L2", "SwapPool", agents.pool),
  ];
}

/** Contracts of the deployments that {@link addressesNamed} does not ask; Multicall3 and StorageSetter know nobody. */
export function notAsked(ground: Ground): string[] {
  const asked = new Set(contractsOf(ground).map(({ address }) => address));
  const { multicall3: _, ...l1 } = ground.chain.deployment.contracts;
  const { storageSetter: __, ...governance } = ground.at();
  const all = Object.entries({
    ...l1,
    ...ground.protocol,
    ...ground.circle,
    ...ground.agents,
    ...governance,
  });
  return all.filter(([, address]) => !asked.has(address)).map(([name]) => name);
}

/** What every contract answers to every question without arguments whose answer is an address. */
export async function addressesNamed(ground: Ground): Promise<Named[]> {
  const named: Named[] = [];
  for (const { chain, name, address, abi } of contractsOf(ground)) {
    const client: PublicClient = (chain === "L1" ? ground.l1 : ground.l2).public;
    for (const getter of abi.filter(isAddressGetter)) {
      const found = await client
        .readContract({ address, abi: [getter], functionName: getter.name })
        // A messenger's sender of a message that does not run.
        .catch(() => undefined);
      if (found === undefined) continue;
      named.push({
        chain,
        contract: name,
        getter: getter.name,
        address: (found as string).toLowerCase() as Address,
      });
    }
  }
  return named;
}

function isAddressGetter(item: Abi[number]): item is AbiFunction {
  if (item.type !== "function" || item.inputs.length > 0) return false;
  const isView = item.stateMutability === "view" || item.stateMutability === "pure";
  return isView && item.outputs.length === 1 && item.outputs[0]?.type === "address";
}
