import { type AbiFunction, type PublicClient, parseAbi } from "viem";
import type { AgentAddresses } from "../agents/addresses.ts";
import type { ProtocolAddresses } from "../ai/client/chain.ts";
import {
  BASE_FEE_VAULT,
  GAS_PRICE_ORACLE,
  L1_BLOCK,
  L1_FEE_VAULT,
  L2_TO_L1_MESSAGE_PASSER,
  OPEN_MINTER,
  OPERATOR_FEE_VAULT,
  SEQUENCER_FEE_VAULT,
} from "../chain/constants.ts";
import type { Address, Hex } from "../chain/types/primitives.ts";
import type { CircleAddresses } from "../circle/addresses.ts";
import {
  ADMIN_SLOT,
  L2_CROSS_DOMAIN_MESSENGER,
  L2_ERC721_BRIDGE,
  L2_STANDARD_BRIDGE,
  LIQUIDITY_CONTROLLER,
  MINTABLE_ERC20_FACTORY,
  MINTABLE_ERC721_FACTORY,
  NATIVE_ASSET_LIQUIDITY,
  PROXY_ADMIN,
} from "../deploy/addresses.ts";
import type { L1Contracts } from "../deploy/deployment.ts";
import type { GovernanceAddresses } from "./addresses.ts";

/** Who may do something in a contract. */
export interface Power {
  chain: "L1" | "L2";
  contract: string;
  /** The contract's own word for it: `owner`, a role, `minter`. */
  power: string;
  holder: Address;
  /** Whether the holder is a key: it has no code on either chain. */
  isPerson: boolean;
}

/** All that is asked: both chains, and where their contracts are. */
export interface Realm {
  l1: PublicClient;
  l2: PublicClient;
  contracts: L1Contracts;
  protocol: ProtocolAddresses;
  at: GovernanceAddresses;
  /** Absent where OpenCircle is not deployed. */
  circle?: CircleAddresses | undefined;
  /** Absent where agents are not deployed. */
  agents?: AgentAddresses | undefined;
}

type Found = Omit<Power, "isPerson">;

const ZERO: Address = `0x${"00".repeat(20)}`;
const ROLE_ABI = parseAbi([
  "event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender)",
  "event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender)",
  "function hasRole(bytes32 role, address account) view returns (bool)",
  "function DEFAULT_ADMIN_ROLE() view returns (bytes32)",
  "function PROPOSER_ROLE() view returns (bytes32)",
  "function CANCELLER_ROLE() view returns (bytes32)",
  "function EXECUTOR_ROLE() view returns (bytes32)",
]);
const ROLES = ["DEFAULT_ADMIN_ROLE", "PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE"] as const;
const MINTER_ABI = parseAbi([
  "event MinterAuthorized(address indexed minter)",
  "function minters(address account) view returns (bool)",
]);

/** Proxies of L1 by their name in a deployment. */
const L1_PROXIES = [
  ...(["superchainConfig", "systemConfig", "optimismPortal", "l2OutputOracle"] as const),
  ...(["l1CrossDomainMessenger", "l1StandardBridge", "l1ERC721Bridge", "openBridge"] as const),
] as const;

/** Proxies of L2 with code behind them. */
const L2_PROXIES: Readonly<Record<string, Address>> = {
  proxyAdmin: PROXY_ADMIN,
  l2CrossDomainMessenger: L2_CROSS_DOMAIN_MESSENGER,
  l2StandardBridge: L2_STANDARD_BRIDGE,
  l2ERC721Bridge: L2_ERC721_BRIDGE,
  mintableErc20Factory: MINTABLE_ERC20_FACTORY,
  mintableErc721Factory: MINTABLE_ERC721_FACTORY,
  gasPriceOracle: GAS_PRICE_ORACLE,
  l1Block: L1_BLOCK,
  l2ToL1MessagePasser: L2_TO_L1_MESSAGE_PASSER,
  sequencerFeeVault: SEQUENCER_FEE_VAULT,
  baseFeeVault: BASE_FEE_VAULT,
  l1FeeVault: L1_FEE_VAULT,
  operatorFeeVault: OPERATOR_FEE_VAULT,
  nativeAssetLiquidity: NATIVE_ASSET_LIQUIDITY,
  liquidityController: LIQUIDITY_CONTROLLER,
  openMinter: OPEN_MINTER,
  schemaRegistry: "0x4200000000000000000000000000000000000020",
  eas: "0x4200000000000000000000000000000000000021",
};

/** What each contract calls those who may do something, by getters that answer an address. */
const L1_GETTERS: Readonly<Partial<Record<keyof L1Contracts, readonly string[]>>> = {
  proxyAdmin: ["owner"],
  systemConfig: ["owner", "batcherHash", "unsafeBlockSigner"],
  superchainConfig: ["guardian"],
  l2OutputOracle: ["proposer", "challenger"],
};

/** Every owner, admin, minter and role of the chain's and the protocol's contracts, L1 first. */
export async function listPowers(realm: Realm): Promise<Power[]> {
  const found = [...(await l1Powers(realm)), ...(await l2Powers(realm))];
  return Promise.all(
    found
      .filter(({ holder }) => holder !== ZERO)
      .map(async (one) => ({ ...one, isPerson: await isPerson(realm, one.holder) })),
  );
}

/** Accounts without code on both chains; those of EIP-7702, whose keys go on signing, count as such. */
export async function isPerson({ l1, l2 }: Pick<Realm, "l1" | "l2">, address: Address): Promise<boolean> {
  const codes = await Promise.all([l1.getCode({ address }), l2.getCode({ address })]);
  return codes.every((code) => code === undefined || code === "0x" || code.startsWith("0xef0100"));
}

async function l1Powers({ l1, contracts, at }: Realm): Promise<Found[]> {
  const ask = asker("L1", l1);
  const found: Found[] = [];
  for (const [contract, getters] of Object.entries(L1_GETTERS)) {
    const address = contracts[contract as keyof L1Contracts];
    for (const getter of getters) found.push(await ask(contract, address, getter));
  }
  for (const proxy of L1_PROXIES) found.push(await adminOf("L1", l1, proxy, contracts[proxy]));
  found.push(...(await rolesOf("L1", l1, "l1Timelock", contracts.timelock)));
  if (at.relay) found.push(await ask("relay", at.relay, "L2_TIMELOCK"));
  if (at.pauseGuardian) {
    found.push(await ask("pauseGuardian", at.pauseGuardian, "COUNCIL"));
    found.push(await ask("pauseGuardian", at.pauseGuardian, "TIMELOCK"));
  }
  return found;
}

async function l2Powers({ l2, protocol, at, circle, agents }: Realm): Promise<Found[]> {
  const ask = asker("L2", l2);
  const found = [
    await ask("proxyAdmin", PROXY_ADMIN, "owner"),
    await ask("liquidityController", LIQUIDITY_CONTROLLER, "owner"),
    ...(await mintersOf(l2)),
    await ask("openMinter", OPEN_MINTER, "bridge"),
    await ask("parameters", protocol.parameters, "owner"),
    await ask("parameters", protocol.parameters, "pendingOwner"),
    await ask("datanets", protocol.datanets, "owner"),
    await ask("modelRegistry", protocol.modelRegistry, "owner"),
    await ask("treasury", at.treasury, "owner"),
    await ask("staked", at.staked, "FUNDER"),
    await ask("governor", at.governor, "timelock"),
    await ask("governor", at.governor, "proposalGuardian"),
    ...(await rolesOf("L2", l2, "timelock", at.timelock)),
    ...(await rolesOf("L2", l2, "upgrades", at.upgrades)),
  ];
  if (agents) found.push(await ask("agentRegistry", agents.registry, "owner"));
  if (circle) {
    found.push(await ask("circle", circle.circle, "owner"));
    found.push(await ask("circleFund", circle.fund, "owner"));
    found.push(await ask("circleReviewers", circle.reviewers, "owner"));
  }
  for (const [name, address] of Object.entries(L2_PROXIES))
    found.push(await adminOf("L2", l2, name, address));
  return found;
}

function asker(chain: Power["chain"], client: PublicClient) {
  return async (contract: string, address: Address, getter: string): Promise<Found> => {
    const item: AbiFunction = {
      ...({ type: "function", name: getter, stateMutability: "view", inputs: [] } as const),
      outputs: [{ type: "bytes32" }],
    };
    const word = (await client.readContract({ address, abi: [item], functionName: getter })) as Hex;
    return { chain, contract, power: getter, holder: addressIn(word) };
  };
}

/** The address in the last 20 bytes of a word. */
function addressIn(word: Hex): Address {
  return `0x${word.slice(-40).toLowerCase()}`;
}

async function adminOf(
  chain: Power["chain"],
  client: PublicClient,
  contract: string,
  address: Address,
): Promise<Found> {
  const word = await client.getStorageAt({ address, slot: ADMIN_SLOT });
  return { chain, contract, power: "admin", holder: addressIn(word ?? "0x") };
}

/** Whoever was given a role and has it still. */
async function rolesOf(
  chain: Power["chain"],
  client: PublicClient,
  contract: string,
  address: Address,
): Promise<Found[]> {
  const logs = await client.getContractEvents({
    address,
    abi: ROLE_ABI,
    eventName: "RoleGranted",
    fromBlock: 0n,
    toBlock: "latest",
    strict: true,
  });
  const found: Found[] = [];
  for (const power of ROLES) {
    const read = { address, abi: ROLE_ABI } as const;
    const role = await client.readContract({ ...read, functionName: power });
    const given = logs.filter(({ args }) => args.role === role).map(({ args }) => args.account.toLowerCase());
    for (const holder of new Set(given) as Set<Address>) {
      // Anybody may execute.
      if (holder === ZERO) continue;
      const args = [role, holder] as const;
      if (await client.readContract({ ...read, functionName: "hasRole", args }))
        found.push({ chain, contract, power, holder });
    }
  }
  return found;
}

/** The minter of genesis, which no event tells of, and those that were authorised since. */
async function mintersOf(client: PublicClient): Promise<Found[]> {
  const read = { address: LIQUIDITY_CONTROLLER, abi: MINTER_ABI } as const;
  const range = { fromBlock: 0n, toBlock: "latest", strict: true } as const;
  const logs = await client.getContractEvents({ ...read, eventName: "MinterAuthorized", ...range });
  const known = new Set<Address>([
    OPEN_MINTER,
    ...logs.map(({ args }) => args.minter.toLowerCase() as Address),
  ]);
  const found: Found[] = [];
  for (const holder of known) {
    const isMinter = await client.readContract({ ...read, functionName: "minters", args: [holder] });
    if (isMinter) found.push({ chain: "L2", contract: "liquidityController", power: "minter", holder });
  }
  return found;
}
