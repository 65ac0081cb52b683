import { join } from "node:path";
import { formatEther, keccak256 } from "viem";
import { devAccounts } from "../../devnet/accounts.ts";
import { hexToBytes } from "../../node/base/bytes.ts";
import { readRollupConfig } from "../../node/chain/config/rollup-config.ts";
import {
  BASE_FEE_VAULT,
  L1_FEE_VAULT,
  L2_TO_L1_MESSAGE_PASSER,
  OPEN_MINTER,
  OPERATOR_FEE_VAULT,
  SEQUENCER_FEE_VAULT,
} from "../../node/chain/constants.ts";
import { openAbi, openBridgeAbi, openMinterAbi } from "../../node/chain/generated/abi.ts";
import type { Address, Hash } from "../../node/chain/types/primitives.ts";
import {
  L2_CROSS_DOMAIN_MESSENGER,
  LIQUIDITY_CONTROLLER,
  NATIVE_ASSET_LIQUIDITY,
  OPEN_SUPPLY,
  PRECOMPILE_COUNT,
} from "../../node/deploy/addresses.ts";
import { NodeStore } from "../../node/execution/state/node-store.ts";
import { walkState } from "../../node/execution/state/state-walk.ts";
import { openChainStore } from "../../node/store/chain-store.ts";
import type { Ground } from "./ground.ts";
import { holdersOf, Reader } from "./holders.ts";

/** A line of the books, in wei. */
export interface Line {
  name: string;
  has: bigint;
  /** What it has to have; undefined: whatever it has is its own. */
  owes: bigint | undefined;
}

/** Where all OPEN is at one block of L2. */
export interface Books {
  contracts: readonly Line[];
  /** The chain's own: coins that are not in circulation, fee vaults, the bridge's contracts. */
  chain: readonly Line[];
  accounts: readonly Line[];
  /** Balances of all accounts of L2's state, named above or not. */
  state: { accounts: number; sum: bigint; unnamed: bigint };
  l1: { supply: bigint; bridge: bigint; escrow: bigint; pending: bigint };
}

const CACHED_NODES = 4_096;

/**
 * Reads the books at block `number` of L2: each contract's over JSON-RPC, and the sum of all balances out of the second node's database,
 * which is stopped for it.
 * @param keys of accounts, those of the devnet or others.
 */
export async function readBooks(
  ground: Ground,
  number: bigint,
  keys: readonly { name: string; address: Address }[],
): Promise<Books> {
  const reader = new Reader(ground, number);
  const named = new Map<string, bigint>();
  const lineOf = async (name: string, address: Address, owes?: bigint): Promise<Line> => {
    const has = await reader.balance(address);
    named.set(keccak256(address), has);
    return { name, has, owes };
  };
  const l1 = await l1Books(ground, reader);
  const contracts: Line[] = [];
  for (const { name, address, owes } of await holdersOf(ground, reader))
    contracts.push(await lineOf(name, address, await owes()));
  const chain: Line[] = [
    // Nothing circulates on L2 that the bridge on L1 does not hold.
    await lineOf("NativeAssetLiquidity", NATIVE_ASSET_LIQUIDITY, OPEN_SUPPLY - (l1.escrow - l1.pending)),
    await lineOf("BaseFeeVault", BASE_FEE_VAULT),
    await lineOf("SequencerFeeVault", SEQUENCER_FEE_VAULT),
    await lineOf("L1FeeVault", L1_FEE_VAULT),
    await lineOf("OperatorFeeVault", OPERATOR_FEE_VAULT),
    await lineOf("LiquidityController", LIQUIDITY_CONTROLLER, 0n),
    await lineOf("OpenMinter", OPEN_MINTER, 0n),
    await lineOf("L2CrossDomainMessenger", L2_CROSS_DOMAIN_MESSENGER, 0n),
    await lineOf("L2ToL1MessagePasser", L2_TO_L1_MESSAGE_PASSER, 0n),
    await precompiles(reader, named),
  ];
  const accounts: Line[] = [];
  const dev = Object.values(devAccounts()).map(({ name, address }) => [address, name] as const);
  const made = keys.map(({ name, address }) => [address.toLowerCase() as Address, name] as const);
  for (const [address, name] of new Map<Address, string>([...made, ...dev]))
    accounts.push(await lineOf(name, address));
  const { stateRoot } = await ground.second.public.getBlock({ blockNumber: number });
  await ground.stopSecond();
  const state = await sumState(ground, stateRoot as Hash, named);
  return { contracts, chain, accounts, state, l1 };
}

/** Accounts 0x00 to 0xff, which have a wei each. */
async function precompiles(reader: Reader, named: Map<string, bigint>): Promise<Line> {
  let has = 0n;
  for (let i = 0n; i < PRECOMPILE_COUNT; i++) {
    const address: Address = `0x${i.toString(16).padStart(40, "0")}`;
    const one = await reader.balance(address);
    named.set(keccak256(address), one);
    has += one;
  }
  return { name: `accounts 0x00 to 0x${(PRECOMPILE_COUNT - 1n).toString(16)}`, has, owes: PRECOMPILE_COUNT };
}

async function l1Books({ l1, chain }: Ground, reader: Reader): Promise<Books["l1"]> {
  const { open, openBridge } = chain.deployment.contracts;
  const bridge = { address: openBridge, abi: openBridgeAbi } as const;
  const escrow = await l1.public.readContract({ ...bridge, functionName: "escrow" });
  const released = await l1.public.readContract({ ...bridge, functionName: "released" });
  const token = { address: open, abi: openAbi } as const;
  const supply = await l1.public.readContract({ ...token, functionName: "totalSupply" });
  const held = await l1.public.readContract({ ...token, functionName: "balanceOf", args: [openBridge] });
  const withdrawn = await reader.read<bigint>(OPEN_MINTER, openMinterAbi, "withdrawn");
  return { supply, bridge: held, escrow, pending: withdrawn - released };
}

/** Every account of a state, whether anybody knows its address or not. */
async function sumState(
  { layout }: Ground,
  root: Hash,
  named: ReadonlyMap<string, bigint>,
): Promise<Books["state"]> {
  const rollup = readRollupConfig(join(layout.chain, "rollup.json"));
  const store = await openChainStore(join(layout.verifier, "chain"), rollup);
  try {
    const nodes = new NodeStore(store.state, CACHED_NODES);
    let [accounts, sum, unnamed] = [0, 0n, 0n];
    for await (const entry of walkState(nodes, hexToBytes(root))) {
      if (entry.kind !== "account") continue;
      const { balance } = entry.account;
      accounts++;
      sum += balance;
      const known = named.get(`0x${Buffer.from(entry.hash).toString("hex")}`);
      if (known === undefined) unnamed += balance;
      else if (known !== balance)
        throw new Error("JSON-RPC and the second node's database tell other balances");
    }
    return { accounts, sum, unnamed };
  } finally {
    await store.close();
  }
}

/** What does not add up, in words; empty where all does. */
export function faultsOf({ contracts, chain, accounts, state, l1 }: Books): string[] {
  const faults: string[] = [];
  for (const { name, has, owes } of [...contracts, ...chain])
    if (owes !== undefined && has !== owes) faults.push(`${name} has ${has} wei and owes ${owes}`);
  const lines = [...contracts, ...chain, ...accounts].reduce((sum, { has }) => sum + has, 0n);
  if (state.unnamed !== 0n) faults.push(`accounts that nobody named have ${state.unnamed} wei`);
  if (lines + state.unnamed !== state.sum)
    faults.push(`the lines are ${lines} wei, the state has ${state.sum}`);
  if (state.sum !== OPEN_SUPPLY) faults.push(`all balances of L2 are ${state.sum} wei, not 10^27`);
  if (l1.supply !== OPEN_SUPPLY) faults.push(`L1 has ${l1.supply} wei of OPEN, not 10^27`);
  if (l1.bridge !== l1.escrow) faults.push(`the bridge has ${l1.bridge} wei of OPEN and owes ${l1.escrow}`);
  return faults;
}

/** The books as a table of OPEN. */
export function bookLines({ contracts, chain, accounts, state, l1 }: Books): string[] {
  const width = 24;
  const money = (wei: bigint) => formatEther(wei).padStart(32);
  const line = ({ name, has, owes }: Line) => {
    const debt = owes === undefined ? "" : owes === has ? "  is what it owes" : `  OWES ${formatEther(owes)}`;
    return `  ${name.padEnd(width)}${money(has)}${debt}`;
  };
  const sumOf = (name: string, part: readonly Line[]) =>
    `  ${name.padEnd(width)}${money(part.reduce((sum, { has }) => sum + has, 0n))}`;
  return [
    "the books, in OPEN",
    ...contracts.map(line),
    sumOf("contracts", contracts),
    "",
    ...chain.map(line),
    sumOf("the chain's own", chain),
    "",
    ...accounts.map(line),
    sumOf("accounts", accounts),
    "",
    `  ${"all of L2's state".padEnd(width)}${money(state.sum)}  ${state.accounts} accounts, ${state.unnamed} wei unnamed`,
    `  ${"locked on L1".padEnd(width)}${money(l1.escrow)}  ${formatEther(l1.pending)} of them on the way home`,
    `  ${"free on L1".padEnd(width)}${money(l1.supply - l1.bridge)}`,
  ];
}
