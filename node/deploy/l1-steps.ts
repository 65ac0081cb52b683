import { encodeDeployData, encodeFunctionData, getContractAddress, type Hex } from "viem";
import { OPEN_MINTER } from "../chain/constants.ts";
import {
  l1CrossDomainMessengerAbi,
  l2OutputOracleAbi,
  openAbi,
  openBridgeAbi,
  optimismPortalAbi,
  proxyAdminAbi,
  superchainConfigAbi,
  systemConfigAbi,
} from "../chain/generated/abi.ts";
import type { Address } from "../chain/types/primitives.ts";
import { MULTICALL3, OPEN_SUPPLY } from "./addresses.ts";
import { type Artifact, ownArtifact, stockArtifact } from "./artifacts.ts";
import type { L1Contracts } from "./deployment.ts";
import { batchInboxAddress } from "./l2.ts";
import { type ChainPlan, genesisCirculation } from "./plan.ts";

/** One transaction of the deployment. */
export interface DeployStep {
  name: string;
  /** Absent: contract creation. */
  to?: Address;
  data: Hex;
  /** Set where an estimate would fail because it depends on a step before it in the same group. */
  gas?: bigint;
}

const PROXIED = [
  "superchainConfig",
  "systemConfig",
  "optimismPortal",
  "l2OutputOracle",
  "l1CrossDomainMessenger",
  "l1StandardBridge",
  "l1ERC721Bridge",
  "openBridge",
] as const;
type Proxied = (typeof PROXIED)[number];

function implementation(name: Proxied): Artifact {
  if (name === "systemConfig") return ownArtifact("SystemConfig");
  if (name === "openBridge") return ownArtifact("OpenBridge");
  return stockArtifact(name === "l2OutputOracle" ? "L2OutputOracle" : name[0]!.toUpperCase() + name.slice(1));
}

/** All steps, with the addresses that follow from the deployer's nonce. */
export interface DeployPlan {
  contracts: L1Contracts;
  /** Creations: independent of each other. */
  create: DeployStep[];
  /** Initialisation; L2 starts at the block of the last of them. */
  initialize: DeployStep[];
  /** What needs the start block's timestamp, and handing over to the owner. */
  finish(startTimestamp: bigint): DeployStep[];
}

/** Lays out the deployment from `deployer`, whose next nonce is `nonce`. */
export function planDeployment(plan: ChainPlan, deployer: Address, nonce: bigint): DeployPlan {
  const create: DeployStep[] = [];
  const add = (name: string, artifact: Artifact, args: readonly unknown[] = []): Address => {
    const { abi, bytecode } = artifact;
    const address = getContractAddress({ from: deployer, nonce: nonce + BigInt(create.length) });
    create.push({ name, data: encodeDeployData({ abi, bytecode, args }) });
    return address.toLowerCase() as Address;
  };
  const proxyAdmin = add("ProxyAdmin", stockArtifact("ProxyAdmin"), [deployer]);
  const proxy = stockArtifact("Proxy");
  const implementations = {} as Record<Proxied, Address>;
  const proxies = {} as Record<Proxied, Address>;
  for (const name of PROXIED) implementations[name] = add(`${name} code`, implementation(name));
  for (const name of PROXIED) proxies[name] = add(name, proxy, [proxyAdmin]);
  const open = add("OPEN", ownArtifact("Open"), [deployer]);
  const timelock = add("timelock", ownArtifact("L1Timelock"), [
    plan.upgradeDelay,
    plan.roles.owner,
    plan.roles.council,
  ]);

  const contracts: L1Contracts = { proxyAdmin, timelock, ...proxies, open, multicall3: MULTICALL3 };
  const upgrade = (name: Proxied, data: Hex): DeployStep => ({
    name: `${name} initialisation`,
    to: proxyAdmin,
    data: encodeFunctionData({
      abi: proxyAdminAbi,
      functionName: "upgradeAndCall",
      args: [proxies[name], implementations[name], data],
    }),
  });
  return {
    contracts,
    create,
    initialize: [
      ...initializers(plan, contracts, upgrade),
      upgrade("openBridge", bridgeInitializer(contracts, deployer)),
      ...lockSteps(plan, contracts),
    ],
    finish: (startTimestamp) => [
      upgrade("l2OutputOracle", oracleInitializer(plan, startTimestamp)),
      ...handOver(plan, contracts, deployer),
    ],
  };
}

type Upgrade = (name: Proxied, data: Hex) => DeployStep;

function initializers(plan: ChainPlan, contracts: L1Contracts, upgrade: Upgrade): DeployStep[] {
  const { roles } = plan;
  const initialize = "initialize";
  const { superchainConfig, systemConfig, optimismPortal, l1CrossDomainMessenger } = contracts;
  return [
    upgrade(
      "superchainConfig",
      encodeFunctionData({ abi: superchainConfigAbi, functionName: initialize, args: [roles.owner, false] }),
    ),
    upgrade("systemConfig", systemConfigInitializer(plan, contracts)),
    upgrade(
      "optimismPortal",
      encodeFunctionData({
        abi: optimismPortalAbi,
        functionName: initialize,
        args: [contracts.l2OutputOracle, systemConfig, superchainConfig],
      }),
    ),
    upgrade(
      "l1CrossDomainMessenger",
      encodeFunctionData({
        abi: l1CrossDomainMessengerAbi,
        functionName: initialize,
        args: [superchainConfig, optimismPortal, systemConfig],
      }),
    ),
    upgrade(
      "l1StandardBridge",
      encodeFunctionData({
        abi: stockArtifact("L1StandardBridge").abi,
        functionName: initialize,
        args: [l1CrossDomainMessenger, superchainConfig, systemConfig],
      }),
    ),
    upgrade(
      "l1ERC721Bridge",
      encodeFunctionData({
        abi: stockArtifact("L1ERC721Bridge").abi,
        functionName: initialize,
        args: [l1CrossDomainMessenger, superchainConfig],
      }),
    ),
  ];
}

function systemConfigInitializer(plan: ChainPlan, contracts: L1Contracts): Hex {
  const { roles, fees } = plan;
  const settings = {
    owner: roles.owner,
    batcher: roles.batcher,
    unsafeBlockSigner: roles.sequencer,
    gasLimit: plan.gasLimit,
    basefeeScalar: fees.baseFeeScalar,
    blobbasefeeScalar: fees.blobBaseFeeScalar,
    eip1559Denominator: fees.eip1559Denominator,
    eip1559Elasticity: fees.eip1559Elasticity,
    operatorFeeScalar: fees.operatorFeeScalar,
    operatorFeeConstant: fees.operatorFeeConstant,
    minBaseFee: fees.minBaseFee,
    daFootprintGasScalar: fees.daFootprintGasScalar,
  };
  const addresses = {
    l1CrossDomainMessenger: contracts.l1CrossDomainMessenger,
    l1ERC721Bridge: contracts.l1ERC721Bridge,
    l1StandardBridge: contracts.l1StandardBridge,
    optimismPortal: contracts.optimismPortal,
    optimismMintableERC20Factory: "0x0000000000000000000000000000000000000000",
    batchInbox: batchInboxAddress(plan.l2ChainId),
  } as const;
  return encodeFunctionData({
    abi: systemConfigAbi,
    functionName: "initialize",
    args: [settings, addresses],
  });
}

function oracleInitializer(plan: ChainPlan, startTimestamp: bigint): Hex {
  const { oracle, roles } = plan;
  return encodeFunctionData({
    abi: l2OutputOracleAbi,
    functionName: "initialize",
    args: [
      oracle.submissionInterval,
      plan.blockTime,
      0n,
      startTimestamp,
      roles.proposer,
      roles.challenger,
      oracle.finalizationPeriod,
    ],
  });
}

function bridgeInitializer(contracts: L1Contracts, deployer: Address): Hex {
  const { open, l1CrossDomainMessenger, superchainConfig } = contracts;
  return encodeFunctionData({
    abi: openBridgeAbi,
    functionName: "initialize",
    args: [open, l1CrossDomainMessenger, OPEN_MINTER, superchainConfig, deployer],
  });
}

/** Locks OPEN for all coins that L2's genesis gives out. */
function lockSteps(plan: ChainPlan, contracts: L1Contracts): DeployStep[] {
  const amount = genesisCirculation(plan);
  const { open, openBridge } = contracts;
  const approval = [openBridge, amount] as const;
  return [
    {
      name: "OPEN allowance",
      to: open,
      data: encodeFunctionData({ abi: openAbi, functionName: "approve", args: approval }),
    },
    {
      name: "prefunds lock",
      to: openBridge,
      data: encodeFunctionData({ abi: openBridgeAbi, functionName: "lockPrefunds", args: [amount] }),
      gas: 300_000n,
    },
  ];
}

/** Gives the proxies to the timelock, and the OPEN that is left to the owner. */
function handOver(plan: ChainPlan, contracts: L1Contracts, deployer: Address): DeployStep[] {
  const { owner } = plan.roles;
  const admin: DeployStep = {
    name: "ProxyAdmin to the timelock",
    to: contracts.proxyAdmin,
    data: encodeFunctionData({
      abi: proxyAdminAbi,
      functionName: "transferOwnership",
      args: [contracts.timelock],
    }),
    gas: 100_000n,
  };
  if (owner === deployer) return [admin];
  const rest = OPEN_SUPPLY - genesisCirculation(plan);
  return [
    {
      name: "OPEN to the owner",
      to: contracts.open,
      data: encodeFunctionData({ abi: openAbi, functionName: "transfer", args: [owner, rest] }),
    },
    admin,
  ];
}
