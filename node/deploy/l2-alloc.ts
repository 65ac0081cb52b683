import { decodeFunctionResult, encodeFunctionData, type Hex } from "viem";
import { activePrecompiles } from "../../precompiles/active.ts";
import { PRECOMPILE_STUB_CODE, PRECOMPILE_STUB_NONCE } from "../../precompiles/addresses.ts";
import { bytesToHex, hexToBytes } from "../base/bytes.ts";
import type { GenesisAccount } from "../chain/config/genesis.ts";
import {
  BASE_FEE_VAULT,
  BEACON_ROOTS,
  GAS_PRICE_ORACLE,
  HISTORY_STORAGE,
  L1_BLOCK,
  L1_FEE_VAULT,
  L2_TO_L1_MESSAGE_PASSER,
  OPEN_MINTER,
  OPERATOR_FEE_VAULT,
  SEQUENCER_FEE_VAULT,
} from "../chain/constants.ts";
import type { Address, Hash } from "../chain/types/primitives.ts";
import {
  ADMIN_SLOT,
  IMPLEMENTATION_SLOT,
  L2_CROSS_DOMAIN_MESSENGER,
  L2_ERC721_BRIDGE,
  L2_STANDARD_BRIDGE,
  LIQUIDITY_CONTROLLER,
  MINTABLE_ERC20_FACTORY,
  MINTABLE_ERC721_FACTORY,
  MULTICALL3,
  NATIVE_ASSET_LIQUIDITY,
  OPEN_SUPPLY,
  PRECOMPILE_COUNT,
  PROXY_ADMIN,
  WETH,
} from "./addresses.ts";
import { type Artifact, ownArtifact, stockArtifact } from "./artifacts.ts";
import { deployError } from "./errors.ts";
import { GenesisState } from "./local-evm.ts";
import { type ChainPlan, genesisCirculation, type Prefund } from "./plan.ts";

/** The contracts on L1 that L2's contracts point to. */
export interface L1Counterparts {
  l1ChainId: bigint;
  l1CrossDomainMessenger: Address;
  l1StandardBridge: Address;
  l1ERC721Bridge: Address;
  openBridge: Address;
}

const PREDEPLOY_SPACE = 0x4200000000000000000000000000000000000000n;
const PREDEPLOY_COUNT = 2048n;
const CODE_SPACE = 0xc0d3c0d3c0d3c0d3c0d3c0d3c0d3c0d3c0d30000n;
/** In the predeploys' address space, but without a proxy. */
const UNPROXIED = new Set<Address>([WETH, "0x4200000000000000000000000000000000000042"]);

/** Well-known contracts whose code contracts-bedrock carries. Source: its `Preinstalls` library. */
const PREINSTALLS: readonly Address[] = [
  MULTICALL3,
  "0x13b0d85ccb8bf860b6b79af3029fca081ae9bef2",
  "0x69f4d1788e39c87893c980c06edf4b7f686e2938",
  "0xfb1bffc9d739b8d520daf37df666da4c687191ea",
  "0xa1dabef33b3b82c7814b6d82a79e50f4ac44102b",
  "0x914d7fec6aac8cd542e72bca78b30650d45643d7",
  "0x4e59b44847b379578588920ca78fbf26c0b4956c",
  "0x998739bfdaadde7c933b942a68053933098f9eda",
  "0x000000000022d473030f116ddee9f6b43ac78ba3",
  "0x7fc98430eaedbb6070b35b39d798725049088348",
  "0x5ff137d4b0fdcd49dca30c7cf57e578a026d2789",
  BEACON_ROOTS,
];

/** Senders of the transactions that create the EIP-4788 and EIP-2935 contracts: their nonce shows it done. */
const SYSTEM_DEPLOYERS: readonly Address[] = [
  "0x0b799c86a49deeb90402691f1041aa3af2d3c875",
  "0x3462413af4609098e1e27a490f554f260213d685",
];

/** EIP-2935, "Block hash history": code of the history contract. */
const HISTORY_STORAGE_CODE: Hex =
  "0x3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500";

function toAddress(value: bigint): Address {
  return `0x${value.toString(16).padStart(40, "0")}`;
}

function toWord(address: Address): Hash {
  return `0x${address.slice(2).padStart(64, "0")}`;
}

/** Where genesis puts the implementation of a proxied predeploy. */
export function implementationAddress(predeploy: Address): Address {
  return toAddress(CODE_SPACE | (BigInt(predeploy) & 0xffffn));
}

/**
 * All accounts of the L2 genesis, ascending. Layout: contracts-bedrock's L2Genesis with the custom gas token, every fork to
 * Jovian active. The balances add up to 10^27 wei: what is not given out lies in NativeAssetLiquidity.
 * @throws CodedError `CHAIN_PLAN_INVALID` when a prefund is for an account of the layout; those of the artifacts.
 */
export async function makeAlloc(plan: ChainPlan, l1: L1Counterparts): Promise<GenesisAccount[]> {
  const state = await GenesisState.create(plan.l2ChainId);
  await addPrecompiles(state, plan);
  await addProxies(state);
  await addImplementations(state, plan, l1);
  await initialize(state, plan, l1);
  await addPreinstalls(state, plan.l2ChainId);
  for (const item of plan.prefunds) await addPrefund(state, item);
  await state.add(NATIVE_ASSET_LIQUIDITY, { balance: OPEN_SUPPLY - genesisCirculation(plan) });
  return state.alloc();
}

async function addPrefund(state: GenesisState, { address, balance }: Prefund): Promise<void> {
  if (state.has(address)) {
    throw deployError("CHAIN_PLAN_INVALID", {
      message: `The plan gives OPEN to ${address}, which is a contract or precompile of the genesis.`,
      fix: "Give it to accounts with keys.",
      facts: { address },
    });
  }
  await state.add(address, { balance });
}

async function addPrecompiles(state: GenesisState, plan: ChainPlan): Promise<void> {
  for (let i = 0n; i < PRECOMPILE_COUNT; i++) await state.add(toAddress(i), { balance: 1n });
  for (const address of activePrecompiles(plan, 0n)) {
    await state.add(address, { code: PRECOMPILE_STUB_CODE, nonce: PRECOMPILE_STUB_NONCE });
  }
}

async function addProxies(state: GenesisState): Promise<void> {
  const scratch = await GenesisState.create(1n);
  await scratch.deploy(PROXY_ADMIN, stockArtifact("Proxy"), [PROXY_ADMIN]);
  const [proxy] = await scratch.alloc();
  if (proxy === undefined) throw new Error("the proxy was not made");
  for (let i = 0n; i < PREDEPLOY_COUNT; i++) {
    const address = toAddress(PREDEPLOY_SPACE + i);
    if (UNPROXIED.has(address)) continue;
    await state.add(address, { code: proxy.code });
    await state.setStorage(address, ADMIN_SLOT, toWord(PROXY_ADMIN));
  }
}

/** Recipient, least withdrawal in wei, network (1 = L2). */
function vaultArguments(plan: ChainPlan): readonly unknown[] {
  return [plan.roles.feeRecipient, 0n, 1];
}

function implementations(
  plan: ChainPlan,
  l1: L1Counterparts,
): readonly (readonly [Address, Artifact, readonly unknown[]])[] {
  const vault = vaultArguments(plan);
  return [
    ["0x4200000000000000000000000000000000000000", stockArtifact("LegacyMessagePasser"), []],
    ["0x4200000000000000000000000000000000000002", stockArtifact("DeployerWhitelist"), []],
    [L2_CROSS_DOMAIN_MESSENGER, stockArtifact("L2CrossDomainMessenger"), []],
    [GAS_PRICE_ORACLE, ownArtifact("GasPriceOracle"), []],
    [L2_STANDARD_BRIDGE, stockArtifact("L2StandardBridge"), []],
    [SEQUENCER_FEE_VAULT, stockArtifact("SequencerFeeVault"), vault],
    [MINTABLE_ERC20_FACTORY, stockArtifact("OptimismMintableERC20Factory"), []],
    ["0x4200000000000000000000000000000000000013", stockArtifact("L1BlockNumber"), []],
    [L2_ERC721_BRIDGE, stockArtifact("L2ERC721Bridge"), []],
    [L1_BLOCK, ownArtifact("L1Block"), []],
    [L2_TO_L1_MESSAGE_PASSER, ownArtifact("L2ToL1MessagePasser"), []],
    [
      MINTABLE_ERC721_FACTORY,
      stockArtifact("OptimismMintableERC721Factory"),
      [L2_ERC721_BRIDGE, l1.l1ChainId],
    ],
    [PROXY_ADMIN, stockArtifact("ProxyAdmin"), [plan.roles.owner]],
    [BASE_FEE_VAULT, stockArtifact("BaseFeeVault"), vault],
    [L1_FEE_VAULT, stockArtifact("L1FeeVault"), vault],
    [OPERATOR_FEE_VAULT, ownArtifact("OperatorFeeVault"), vault.slice(0, 2)],
    ["0x4200000000000000000000000000000000000020", stockArtifact("SchemaRegistry"), []],
    ["0x4200000000000000000000000000000000000021", stockArtifact("EAS"), []],
    [NATIVE_ASSET_LIQUIDITY, ownArtifact("NativeAssetLiquidity"), []],
    [LIQUIDITY_CONTROLLER, ownArtifact("LiquidityController"), []],
    [OPEN_MINTER, ownArtifact("OpenMinter"), []],
  ];
}

async function addImplementations(state: GenesisState, plan: ChainPlan, l1: L1Counterparts): Promise<void> {
  for (const [predeploy, artifact, args] of implementations(plan, l1)) {
    const implementation = implementationAddress(predeploy);
    await state.deploy(implementation, artifact, args);
    await state.setStorage(predeploy, IMPLEMENTATION_SLOT, toWord(implementation));
  }
  await state.deploy(WETH, stockArtifact("WETH"));
}

async function initialize(state: GenesisState, plan: ChainPlan, l1: L1Counterparts): Promise<void> {
  const calls: readonly (readonly [Address, Artifact, readonly unknown[]])[] = [
    [L2_CROSS_DOMAIN_MESSENGER, stockArtifact("L2CrossDomainMessenger"), [l1.l1CrossDomainMessenger]],
    [L2_STANDARD_BRIDGE, stockArtifact("L2StandardBridge"), [l1.l1StandardBridge]],
    [L2_ERC721_BRIDGE, stockArtifact("L2ERC721Bridge"), [l1.l1ERC721Bridge]],
    [MINTABLE_ERC20_FACTORY, stockArtifact("OptimismMintableERC20Factory"), [L2_STANDARD_BRIDGE]],
    [
      LIQUIDITY_CONTROLLER,
      ownArtifact("LiquidityController"),
      [plan.roles.owner, "OPEN", "OPEN", OPEN_MINTER],
    ],
    [OPEN_MINTER, ownArtifact("OpenMinter"), [l1.openBridge]],
  ];
  for (const [predeploy, { abi, name }, args] of calls) {
    const data = encodeFunctionData({ abi, functionName: "initialize", args: [...args] });
    await state.call(predeploy, data, `initializer of ${name}`);
  }
  await state.setStorage(PROXY_ADMIN, toWord("0x00"), toWord(plan.roles.owner));
  // isEcotone, isFjord, isIsthmus, isJovian: the setters only run when a fork activates after genesis.
  await state.setStorage(GAS_PRICE_ORACLE, toWord("0x00"), toWord("0x01010101"));
}

/** Code of Multicall3, the same on every chain. */
export async function multicall3Code(): Promise<Uint8Array> {
  const codeOf = await preinstallCodes(await GenesisState.create(1n), 1n);
  return codeOf(MULTICALL3);
}

/** Runs the contract that carries the codes; it is not part of any state. */
async function preinstallCodes(
  state: GenesisState,
  chainId: bigint,
): Promise<(address: Address) => Promise<Uint8Array>> {
  const { abi, bytecode } = ownArtifact("PreinstallCodes");
  const carrier = await state.evaluate(hexToBytes(bytecode), "0x");
  return async (address) => {
    const data = encodeFunctionData({ abi, functionName: "codeOf", args: [address, chainId] });
    const answer = bytesToHex(await state.evaluate(carrier, data));
    return hexToBytes(decodeFunctionResult({ abi, functionName: "codeOf", data: answer }) as Hex);
  };
}

async function addPreinstalls(state: GenesisState, chainId: bigint): Promise<void> {
  const codeOf = await preinstallCodes(state, chainId);
  for (const address of PREINSTALLS) await state.add(address, { nonce: 1n, code: await codeOf(address) });
  await state.add(HISTORY_STORAGE, { nonce: 1n, code: hexToBytes(HISTORY_STORAGE_CODE) });
  for (const address of SYSTEM_DEPLOYERS) await state.add(address, { nonce: 1n });
}
