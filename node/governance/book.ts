import { type Abi, parseAbi } from "viem";
import type { AgentAddresses } from "../agents/addresses.ts";
import type { ProtocolAddresses } from "../ai/client/chain.ts";
import {
  agentRegistryAbi,
  circleFundAbi,
  circleReviewersAbi,
  datanetRegistryAbi,
  feeTreasuryAbi,
  governanceRelayAbi,
  l1TimelockAbi,
  l2CrossDomainMessengerAbi,
  l2OutputOracleAbi,
  liquidityControllerAbi,
  modelRegistryAbi,
  openCircleAbi,
  openGovernorAbi,
  parametersTimelockAbi,
  pauseGuardianAbi,
  protocolParametersAbi,
  proxyAdminAbi,
  superchainConfigAbi,
  systemConfigAbi,
  upgradeTimelockAbi,
} from "../chain/generated/abi.ts";
import type { Address } from "../chain/types/primitives.ts";
import type { CircleAddresses } from "../circle/addresses.ts";
import { L2_CROSS_DOMAIN_MESSENGER, LIQUIDITY_CONTROLLER, PROXY_ADMIN } from "../deploy/addresses.ts";
import type { L1Contracts } from "../deploy/deployment.ts";
import type { GovernanceAddresses } from "./addresses.ts";

/** Which timelock a call runs from; the last one is on L1, the others on L2. */
export type Executor = "timelock" | "upgrades" | "l1";

/** A contract that proposals name. */
export interface BookEntry {
  name: string;
  address: Address;
  abi: Abi;
  /** Its owner after the hand-over. */
  executor: Executor;
}

/** All contracts that are governed, with what governance is made of. */
export interface Book {
  entries: readonly BookEntry[];
  at: GovernanceAddresses;
  protocol: ProtocolAddresses;
  l1: L1Contracts;
}

const storageSetterAbi = parseAbi(["function setAddress(bytes32 slot, address value)"]);

/** The names by which proposals call contracts. @param more absent where OpenCircle or agents are not deployed. */
export function makeBook(
  at: GovernanceAddresses,
  protocol: ProtocolAddresses,
  l1: L1Contracts,
  { circle, agents }: { circle?: CircleAddresses | undefined; agents?: AgentAddresses | undefined } = {},
): Book {
  const entry = (name: string, executor: Executor, address: Address, abi: Abi) => [
    { name, address, abi, executor },
  ];
  const entries = [
    entry("parameters", "timelock", protocol.parameters, protocolParametersAbi),
    entry("treasury", "timelock", at.treasury, feeTreasuryAbi),
    entry("governor", "timelock", at.governor, openGovernorAbi),
    entry("timelock", "timelock", at.timelock, parametersTimelockAbi),
    entry("messenger", "timelock", L2_CROSS_DOMAIN_MESSENGER, l2CrossDomainMessengerAbi),
    entry("upgrades", "upgrades", at.upgrades, upgradeTimelockAbi),
    entry("proxyAdmin", "upgrades", PROXY_ADMIN, proxyAdminAbi),
    entry("liquidityController", "upgrades", LIQUIDITY_CONTROLLER, liquidityControllerAbi),
    entry("datanets", "upgrades", protocol.datanets, datanetRegistryAbi),
    entry("modelRegistry", "upgrades", protocol.modelRegistry, modelRegistryAbi),
    ...(agents ? entry("agentRegistry", "upgrades", agents.registry, agentRegistryAbi) : []),
    entry("systemConfig", "l1", l1.systemConfig, systemConfigAbi),
    entry("l1ProxyAdmin", "l1", l1.proxyAdmin, proxyAdminAbi),
    entry("l1Timelock", "l1", l1.timelock, l1TimelockAbi),
    entry("superchainConfig", "l1", l1.superchainConfig, superchainConfigAbi),
    entry("l2OutputOracle", "l1", l1.l2OutputOracle, l2OutputOracleAbi),
    ...(circle ? entry("circle", "timelock", circle.circle, openCircleAbi) : []),
    ...(circle ? entry("circleFund", "timelock", circle.fund, circleFundAbi) : []),
    ...(circle ? entry("circleReviewers", "timelock", circle.reviewers, circleReviewersAbi) : []),
    ...(at.relay ? [entry("relay", "l1", at.relay, governanceRelayAbi)] : []),
    ...(at.pauseGuardian ? [entry("pauseGuardian", "l1", at.pauseGuardian, pauseGuardianAbi)] : []),
    ...(at.storageSetter ? [entry("storageSetter", "l1", at.storageSetter, storageSetterAbi)] : []),
  ].flat();
  return { entries, at, protocol, l1 };
}

/** The contract at `address` on the chain where `executor` is. */
export function findEntry(book: Book, address: Address, isL1: boolean): BookEntry | undefined {
  const same = book.entries.filter((entry) => entry.address === address.toLowerCase());
  return same.find((entry) => (entry.executor === "l1") === isL1);
}
