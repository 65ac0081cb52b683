import { bytesToHex } from "../base/bytes.ts";
import { type ExtraDataFees, encodeExtraData } from "../chain/codec/extra-data.ts";
import type { Genesis, GenesisAccount } from "../chain/config/genesis.ts";
import { SEQUENCER_FEE_VAULT, ZERO_HASH } from "../chain/constants.ts";
import { INITIAL_BASE_FEE } from "../chain/rules/chain-spec.ts";
import type { Address, BlockId, Hash } from "../chain/types/primitives.ts";
import { FORKS, type Fork, type RollupConfig } from "../chain/types/rollup.ts";
import { makeGenesis } from "../execution/state/genesis-state.ts";
import { type L1Counterparts, makeAlloc } from "./l2-alloc.ts";
import { type ChainPlan, initialSystemConfig } from "./plan.ts";

/** Where L2 begins on L1: contracts and start block. */
export interface L1Anchor extends L1Counterparts {
  optimismPortal: Address;
  systemConfig: Address;
  startBlock: BlockId & { timestamp: bigint };
}

/** The genesis of the chain, and the rollup config that belongs to it. */
export interface L2Genesis {
  genesis: Genesis;
  hash: Hash;
  stateRoot: Hash;
  rollup: RollupConfig;
}

const FORK_TIMES = Object.fromEntries(FORKS.map((fork) => [fork, 0n])) as Record<Fork, bigint>;

/** `0xff…` followed by the chain id's decimal digits, as OP chains choose it. */
export function batchInboxAddress(l2ChainId: bigint): Address {
  return `0xff${l2ChainId.toString().padStart(38, "0")}`;
}

function genesisFees({ fees }: ChainPlan): ExtraDataFees {
  const { eip1559Denominator, eip1559Elasticity, minBaseFee } = fees;
  return { denominator: eip1559Denominator, elasticity: eip1559Elasticity, minBaseFee };
}

/** Makes the L2 genesis. The same plan and anchor always give the same hash. @throws CodedError of {@link makeAlloc}. */
export async function makeL2Genesis(plan: ChainPlan, anchor: L1Anchor): Promise<L2Genesis> {
  const alloc = await makeAlloc(plan, anchor);
  const genesis: Genesis = {
    chainId: plan.l2ChainId,
    forkTimes: FORK_TIMES,
    timestamp: anchor.startBlock.timestamp,
    number: 0n,
    gasLimit: plan.gasLimit,
    gasUsed: 0n,
    baseFeePerGas: INITIAL_BASE_FEE,
    difficulty: 0n,
    extraData: encodeExtraData(genesisFees(plan), { forkTimes: FORK_TIMES }, anchor.startBlock.timestamp),
    coinbase: SEQUENCER_FEE_VAULT,
    mixHash: ZERO_HASH,
    parentHash: ZERO_HASH,
    nonce: 0n,
    blobGasUsed: 0n,
    excessBlobGas: 0n,
    alloc,
  };
  const { hash, header } = makeGenesis(genesis).block;
  return { genesis, hash, stateRoot: header.stateRoot, rollup: rollupConfig(plan, anchor, hash) };
}

function rollupConfig(plan: ChainPlan, anchor: L1Anchor, genesisHash: Hash): RollupConfig {
  const { hash, number, timestamp } = anchor.startBlock;
  return {
    genesis: {
      l1: { hash, number },
      l2: { hash: genesisHash, number: 0n },
      l2Time: timestamp,
      systemConfig: initialSystemConfig(plan),
    },
    blockTime: plan.blockTime,
    ...plan.rollup,
    l1ChainId: anchor.l1ChainId,
    l2ChainId: plan.l2ChainId,
    forkTimes: FORK_TIMES,
    batchInboxAddress: batchInboxAddress(plan.l2ChainId),
    depositContractAddress: anchor.optimismPortal,
    l1SystemConfigAddress: anchor.systemConfig,
    eip1559Elasticity: 6,
    eip1559Denominator: 50,
    eip1559DenominatorCanyon: 250,
    pectraBlobScheduleTime: undefined,
  };
}

function accountToJson(account: GenesisAccount): Record<string, unknown> {
  return {
    ...(account.code.length > 0 && { code: bytesToHex(account.code) }),
    ...(account.storage.length > 0 && { storage: Object.fromEntries(account.storage) }),
    balance: toQuantity(account.balance),
    ...(account.nonce > 0n && { nonce: toQuantity(account.nonce) }),
  };
}

function toQuantity(value: bigint): string {
  return `0x${value.toString(16)}`;
}

/** genesis.json in geth's form, alloc inline: `geth init` of op-geth takes it. */
export function genesisToJson(genesis: Genesis): Record<string, unknown> {
  const zeroBlocks = ["homestead", "eip150", "eip155", "eip158", "byzantium", "constantinople", "petersburg"]
    .concat(["istanbul", "muirGlacier", "berlin", "london", "arrowGlacier", "grayGlacier", "mergeNetsplit"])
    .concat(["bedrock"])
    .map((name) => [`${name}Block`, 0]);
  const times = Object.entries(genesis.forkTimes)
    .filter(([fork]) => fork !== "delta")
    .map(([fork, time]) => [`${fork}Time`, Number(time)]);
  return {
    config: {
      chainId: Number(genesis.chainId),
      ...Object.fromEntries(zeroBlocks),
      shanghaiTime: 0,
      cancunTime: 0,
      pragueTime: 0,
      ...Object.fromEntries(times),
      terminalTotalDifficulty: 0,
      optimism: { eip1559Elasticity: 6, eip1559Denominator: 50, eip1559DenominatorCanyon: 250 },
    },
    nonce: toQuantity(genesis.nonce),
    timestamp: toQuantity(genesis.timestamp),
    extraData: bytesToHex(genesis.extraData),
    gasLimit: toQuantity(genesis.gasLimit),
    difficulty: toQuantity(genesis.difficulty),
    mixHash: genesis.mixHash,
    coinbase: genesis.coinbase,
    alloc: Object.fromEntries(genesis.alloc.map((item) => [item.address.slice(2), accountToJson(item)])),
    number: toQuantity(genesis.number),
    gasUsed: toQuantity(genesis.gasUsed),
    parentHash: genesis.parentHash,
    baseFeePerGas: toQuantity(genesis.baseFeePerGas),
    excessBlobGas: toQuantity(genesis.excessBlobGas),
    blobGasUsed: toQuantity(genesis.blobGasUsed),
  };
}
