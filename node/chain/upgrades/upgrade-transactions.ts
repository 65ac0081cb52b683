import { hexToBytes } from "../../base/bytes.ts";
import { encodeDeposit, upgradeSourceHash } from "../codec/deposit.ts";
import {
  GAS_PRICE_ORACLE,
  L1_ATTRIBUTES_DEPOSITOR,
  L1_BLOCK,
  OPERATOR_FEE_VAULT,
  ZERO_ADDRESS,
} from "../constants.ts";
import { isActivationBlock } from "../rules/forks.ts";
import type { Address, Hex } from "../types/primitives.ts";
import type { Fork, RollupConfig } from "../types/rollup.ts";
import {
  BEACON_ROOTS_DEPLOYMENT,
  ECOTONE_GAS_PRICE_ORACLE,
  ECOTONE_L1_BLOCK,
  FJORD_GAS_PRICE_ORACLE,
  HISTORY_STORAGE_DEPLOYMENT,
  ISTHMUS_GAS_PRICE_ORACLE,
  ISTHMUS_L1_BLOCK,
  ISTHMUS_OPERATOR_FEE_VAULT,
  JOVIAN_GAS_PRICE_ORACLE,
  JOVIAN_L1_BLOCK,
} from "./bytecode.ts";

/** A deposit that a network upgrade puts into its activation block; its source hash is made of the intent. */
interface UpgradeDeposit {
  intent: string;
  from: Address;
  /** Absent: it creates a contract. */
  to?: Address;
  gas: bigint;
  data: Hex;
}

const PROXY_UPDATE_GAS = 50_000n;
/** Selector of `upgradeTo(address)`. */
const UPGRADE_TO = "0x3659cfe6";

function deployment(intent: string, from: Address, gas: bigint, data: Hex): UpgradeDeposit {
  return { intent, from, gas, data };
}

/** Points a proxy at the contract that a deployment made. */
function proxyUpdate(intent: string, proxy: Address, implementation: Address): UpgradeDeposit {
  const data: Hex = `${UPGRADE_TO}${implementation.slice(2).padStart(64, "0")}`;
  return { intent, from: ZERO_ADDRESS, to: proxy, gas: PROXY_UPDATE_GAS, data };
}

/** Tells GasPriceOracle which fork it is: `setEcotone()` and so on. */
function oracleSwitch(intent: string, gas: bigint, selector: Hex): UpgradeDeposit {
  return { intent, from: L1_ATTRIBUTES_DEPOSITOR, to: GAS_PRICE_ORACLE, gas, data: selector };
}

/** Accounts that deploy one contract each, numbered. */
function deployer(index: number): Address {
  return `0x421${index.toString(16).padStart(37, "0")}`;
}

const ECOTONE: readonly UpgradeDeposit[] = [
  deployment("Ecotone: L1 Block Deployment", deployer(0), 375_000n, ECOTONE_L1_BLOCK),
  deployment("Ecotone: Gas Price Oracle Deployment", deployer(1), 1_000_000n, ECOTONE_GAS_PRICE_ORACLE),
  proxyUpdate("Ecotone: L1 Block Proxy Update", L1_BLOCK, "0x07dbe8500fc591d1852b76fee44d5a05e13097ff"),
  proxyUpdate(
    "Ecotone: Gas Price Oracle Proxy Update",
    GAS_PRICE_ORACLE,
    "0xb528d11cc114e026f138fe568744c6d45ce6da7a",
  ),
  oracleSwitch("Ecotone: Gas Price Oracle Set Ecotone", 80_000n, "0x22b90ab3"),
  deployment(
    "Ecotone: beacon block roots contract deployment",
    "0x0b799c86a49deeb90402691f1041aa3af2d3c875",
    250_000n,
    BEACON_ROOTS_DEPLOYMENT,
  ),
];

const FJORD: readonly UpgradeDeposit[] = [
  deployment("Fjord: Gas Price Oracle Deployment", deployer(2), 1_450_000n, FJORD_GAS_PRICE_ORACLE),
  proxyUpdate(
    "Fjord: Gas Price Oracle Proxy Update",
    GAS_PRICE_ORACLE,
    "0xa919894851548179a0750865e7974da599c0fac7",
  ),
  oracleSwitch("Fjord: Gas Price Oracle Set Fjord", 90_000n, "0x8e98b106"),
];

const ISTHMUS: readonly UpgradeDeposit[] = [
  deployment("Isthmus: L1 Block Deployment", deployer(3), 425_000n, ISTHMUS_L1_BLOCK),
  deployment("Isthmus: Gas Price Oracle Deployment", deployer(4), 1_625_000n, ISTHMUS_GAS_PRICE_ORACLE),
  deployment("Isthmus: Operator Fee Vault Deployment", deployer(5), 500_000n, ISTHMUS_OPERATOR_FEE_VAULT),
  proxyUpdate("Isthmus: L1 Block Proxy Update", L1_BLOCK, "0xff256497d61dcd71a9e9ff43967c13fde1f72d12"),
  proxyUpdate(
    "Isthmus: Gas Price Oracle Proxy Update",
    GAS_PRICE_ORACLE,
    "0x93e57a196454cb919193fa9946f14943cf733845",
  ),
  proxyUpdate(
    "Isthmus: Operator Fee Vault Proxy Update",
    OPERATOR_FEE_VAULT,
    "0x4fa2be8cd41504037f1838bce3bcc93bc68ff537",
  ),
  oracleSwitch("Isthmus: Gas Price Oracle Set Isthmus", 90_000n, "0x291b0383"),
  deployment(
    "Isthmus: EIP-2935 Contract Deployment",
    "0x3462413af4609098e1e27a490f554f260213d685",
    250_000n,
    HISTORY_STORAGE_DEPLOYMENT,
  ),
];

/** The specification prints other intents for the first four; op-node's, which live chains have, are these. */
const JOVIAN: readonly UpgradeDeposit[] = [
  deployment("Jovian: L1 Block Deployment", deployer(6), 447_315n, JOVIAN_L1_BLOCK),
  proxyUpdate("Jovian: L1 Block Proxy Update", L1_BLOCK, "0x3ba4007f5c922fbb33c454b41ea7a1f11e83df2c"),
  deployment("Jovian: Gas Price Oracle Deployment", deployer(7), 1_750_714n, JOVIAN_GAS_PRICE_ORACLE),
  proxyUpdate(
    "Jovian: Gas Price Oracle Proxy Update",
    GAS_PRICE_ORACLE,
    "0x4f1db3c6abd250ba86e0928471a8f7db3afd88f1",
  ),
  oracleSwitch("Jovian: Gas Price Oracle Set Jovian", 90_000n, "0xb3d72079"),
];

/** Oldest fork first: where several come in one block, this is their order. */
const UPGRADES: readonly (readonly [Fork, readonly UpgradeDeposit[]])[] = [
  ["ecotone", ECOTONE],
  ["fjord", FJORD],
  ["isthmus", ISTHMUS],
  ["jovian", JOVIAN],
];

function encode({ intent, from, to, gas, data }: UpgradeDeposit): Uint8Array {
  return encodeDeposit({
    sourceHash: upgradeSourceHash(intent),
    from,
    to,
    mint: undefined,
    value: 0n,
    gas,
    isSystemTx: false,
    data: hexToBytes(data),
  });
}

/**
 * Encoded deposits that the block at `l2Time` holds after its user deposits: those of every fork that it activates. A fork
 * that is active at genesis has none, its contracts are in genesis. Source: op-node `*_upgrade_transactions.go`.
 */
export function upgradeTransactions(rollup: RollupConfig, l2Time: bigint): Uint8Array[] {
  return upgradesAt(rollup, l2Time).flatMap(([, deposits]) => deposits.map(encode));
}

/** True for a block with upgrade transactions, to which a sequencer adds none of its own. */
export function isUpgradeBlock(rollup: RollupConfig, l2Time: bigint): boolean {
  return upgradesAt(rollup, l2Time).length > 0;
}

function upgradesAt(rollup: RollupConfig, l2Time: bigint) {
  return UPGRADES.filter(([fork]) => isActivationBlock(rollup, fork, l2Time));
}
