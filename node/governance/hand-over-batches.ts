import { type Abi, encodeFunctionData, type Hex, keccak256, pad, parseAbi, stringToHex } from "viem";
import { l1TimelockAbi, protocolParametersAbi, proxyAdminAbi } from "../chain/generated/abi.ts";
import type { Address, Hash } from "../chain/types/primitives.ts";
import { IMPLEMENTATION_SLOT } from "../deploy/addresses.ts";
import { governanceError } from "./errors.ts";
import type { Power, Realm } from "./powers.ts";

/** Calls that a timelock makes one after the other. */
export interface Batch {
  what: string;
  chain: "L1" | "L2";
  timelock: Address;
  /** Who may still schedule it. */
  proposer: Address;
  targets: Address[];
  payloads: Hex[];
  salt: Hash;
}

const SETTER_ABI = parseAbi(["function setAddress(bytes32 slot, address value)"]);
/** `keccak256("superchainConfig.guardian") - 1`, and where L2OutputOracle 1.8 keeps its challenger. */
const GUARDIAN_SLOT: Hash = "0xd30e835d3f35624761057ff5b27d558f97bd5be034621e62240e5c0b784abe68";
const CHALLENGER_SLOT: Hash = pad("0x06");

const role = (name: string): Hash => keccak256(stringToHex(name));
const PROPOSER = role("PROPOSER_ROLE");
const CANCELLER = role("CANCELLER_ROLE");

/**
 * What is left to do by the timelock on L1: the guardian of withdrawals and the challenger of outputs, whose contracts have no setter,
 * and the right to propose, which goes from its proposer to the relay.
 */
export async function l1Batch(
  realm: Realm & { council: Address },
  powers: readonly Power[],
): Promise<Batch | undefined> {
  const { contracts, at, council } = realm;
  const { relay, pauseGuardian, storageSetter } = at;
  if (relay === undefined || pauseGuardian === undefined || storageSetter === undefined) {
    throw governanceError("HAND_OVER_REFUSED", {
      message: "the relay and the guardian are not on L1 yet",
      fix: "deploy them first: `openledger governance hand-over` does",
    });
  }
  const holder = (power: string) => powers.find((one) => one.chain === "L1" && one.power === power)?.holder;
  const batch = startBatch("rights on L1", "L1", contracts.timelock);
  const set = async (proxy: Address, slot: Hash, value: Address) => {
    const word = await realm.l1.getStorageAt({ address: proxy, slot: IMPLEMENTATION_SLOT });
    const code: Address = `0x${(word ?? "0x").slice(-40)}`;
    const data = encodeFunctionData({ abi: SETTER_ABI, functionName: "setAddress", args: [slot, value] });
    const admin = contracts.proxyAdmin;
    add(batch, admin, proxyAdminAbi, "upgradeAndCall", [proxy, storageSetter, data]);
    add(batch, admin, proxyAdminAbi, "upgrade", [proxy, code]);
  };
  if (holder("guardian") !== pauseGuardian)
    await set(contracts.superchainConfig, GUARDIAN_SLOT, pauseGuardian);
  if (holder("challenger") !== council) await set(contracts.l2OutputOracle, CHALLENGER_SLOT, council);
  moveProposer(batch, powers, "l1Timelock", [relay], council);
  return finishBatch(batch, powers, "l1Timelock");
}

/** What is left to do by the timelock of the parameters: accepting them, and leaving the right to propose to the governor alone. */
export function l2Batch(
  { protocol, at, council }: Realm & { council: Address },
  powers: readonly Power[],
): Batch | undefined {
  const batch = startBatch("rights on L2", "L2", at.timelock);
  const owner = powers.find(({ contract, power }) => contract === "parameters" && power === "owner");
  if (owner?.holder !== at.timelock)
    add(batch, protocol.parameters, protocolParametersAbi, "acceptOwnership", []);
  moveProposer(batch, powers, "timelock", [at.governor], council);
  return finishBatch(batch, powers, "timelock");
}

function startBatch(what: string, chain: Batch["chain"], timelock: Address): Omit<Batch, "proposer"> {
  return { what, chain, timelock, targets: [], payloads: [], salt: role(`hand-over ${what}`) };
}

function add(
  batch: Omit<Batch, "proposer">,
  target: Address,
  abi: Abi,
  functionName: string,
  args: readonly unknown[],
): void {
  batch.targets.push(target);
  batch.payloads.push(encodeFunctionData({ abi, functionName, args }));
}

/** Grants what is missing, then takes from everybody else: whoever proposes this loses its own rights by it. */
function moveProposer(
  batch: Omit<Batch, "proposer">,
  powers: readonly Power[],
  contract: string,
  proposers: readonly Address[],
  council: Address,
): void {
  const holders = (power: string) =>
    powers.filter((one) => one.contract === contract && one.power === power).map(({ holder }) => holder);
  const { timelock } = batch;
  for (const proposer of proposers) {
    if (!holders("PROPOSER_ROLE").includes(proposer))
      add(batch, timelock, l1TimelockAbi, "grantRole", [PROPOSER, proposer]);
  }
  for (const other of holders("CANCELLER_ROLE")) {
    if (!proposers.includes(other) && other !== council)
      add(batch, timelock, l1TimelockAbi, "revokeRole", [CANCELLER, other]);
  }
  for (const other of holders("PROPOSER_ROLE")) {
    if (!proposers.includes(other)) add(batch, timelock, l1TimelockAbi, "revokeRole", [PROPOSER, other]);
  }
}

function finishBatch(
  batch: Omit<Batch, "proposer">,
  powers: readonly Power[],
  contract: string,
): Batch | undefined {
  if (batch.targets.length === 0) return undefined;
  const proposer = powers.find(
    (one) => one.contract === contract && one.power === "PROPOSER_ROLE" && one.isPerson,
  );
  if (proposer) return { ...batch, proposer: proposer.holder };
  throw governanceError("HAND_OVER_REFUSED", {
    message: `${batch.what} are not handed over, and nobody's key may propose that to ${batch.timelock}`,
    fix: "propose it by a vote",
    facts: { targets: batch.targets },
  });
}
