import { DEPOSIT_TYPE, encodeDeposit } from "../../node/chain/codec/deposit.ts";
import { hashHeader } from "../../node/chain/codec/header.ts";
import {
  EMPTY_REQUESTS,
  EMPTY_ROOT,
  EMPTY_UNCLES,
  ZERO_ADDRESS,
  ZERO_HASH,
} from "../../node/chain/constants.ts";
import { keccakHash } from "../../node/chain/crypto.ts";
import { l1AttributesDeposit } from "../../node/chain/l1-attributes.ts";
import type { Block, BlockHeader } from "../../node/chain/types/block.ts";
import type { BlockId, Hash } from "../../node/chain/types/primitives.ts";
import {
  FORKS,
  type L1ChainConfig,
  type RollupConfig,
  type SystemConfig,
} from "../../node/chain/types/rollup.ts";
import type { ChainTransaction } from "../../node/chain/types/transaction.ts";

/** Header of a genesis without accounts, at 1,000 s. */
const GENESIS_HEADER: BlockHeader = {
  parentHash: ZERO_HASH,
  sha3Uncles: EMPTY_UNCLES,
  miner: "0x4200000000000000000000000000000000000011",
  stateRoot: EMPTY_ROOT,
  transactionsRoot: EMPTY_ROOT,
  receiptsRoot: EMPTY_ROOT,
  logsBloom: new Uint8Array(256),
  difficulty: 0n,
  number: 0n,
  gasLimit: 30_000_000n,
  gasUsed: 0n,
  timestamp: 1_000n,
  extraData: Uint8Array.from([1, 0, 0, 0, 250, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0]),
  mixHash: ZERO_HASH,
  nonce: new Uint8Array(8),
  baseFeePerGas: 1_000_000_000n,
  withdrawalsRoot: EMPTY_ROOT,
  blobGasUsed: 0n,
  excessBlobGas: 0n,
  parentBeaconBlockRoot: ZERO_HASH,
  requestsHash: EMPTY_REQUESTS,
};

export const TEST_SYSTEM_CONFIG: SystemConfig = {
  batcherAddress: "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
  overhead: 0n,
  scalar: 1n << 248n,
  gasLimit: 30_000_000n,
  eip1559Denominator: 250,
  eip1559Elasticity: 6,
  operatorFeeScalar: 0,
  operatorFeeConstant: 0n,
  minBaseFee: 0n,
  daFootprintGasScalar: 400,
};

export const TEST_L1_CHAIN: L1ChainConfig = {
  chainId: 900n,
  blobSchedule: [{ time: 0n, baseFeeUpdateFraction: 5_007_716n }],
};

/** The genesis block of {@link testRollup}. */
export const TEST_GENESIS: Block = {
  hash: hashHeader(GENESIS_HEADER),
  header: GENESIS_HEADER,
  transactions: [],
};

/** A Jovian chain with blocks of 2 s; `l1` is its start block. */
export function testRollup(
  l1: BlockId = { hash: l1Hash(0), number: 0n },
  genesis: Block = TEST_GENESIS,
): RollupConfig {
  return {
    genesis: {
      l1,
      l2: { hash: genesis.hash, number: 0n },
      l2Time: genesis.header.timestamp,
      systemConfig: TEST_SYSTEM_CONFIG,
    },
    blockTime: 2n,
    maxSequencerDrift: 600n,
    seqWindowSize: 3600n,
    channelTimeout: 300n,
    l1ChainId: 900n,
    l2ChainId: 901n,
    forkTimes: Object.fromEntries(FORKS.map((fork) => [fork, 0n])),
    batchInboxAddress: "0xff00000000000000000000000000000000000901",
    depositContractAddress: "0x00000000000000000000000000000000000000d0",
    l1SystemConfigAddress: "0x00000000000000000000000000000000000000c0",
    eip1559Elasticity: 6,
    eip1559Denominator: 50,
    eip1559DenominatorCanyon: 250,
  };
}

/** A hash that tells its number and, for forks, its branch. */
export function l1Hash(number: number, branch = 0): Hash {
  return keccakHash(Uint8Array.from([branch, number & 0xff, number >> 8]));
}

/**
 * An empty L2 block of one origin, whose time is its own unless told; its state root is invented, so that only codecs and stores
 * can use it.
 */
export function fakeChild(
  parent: Block,
  origin: BlockId & { timestamp?: bigint },
  sequenceNumber = 0n,
): Block {
  const timestamp = parent.header.timestamp + 2n;
  const deposit = l1AttributesDeposit({
    rollup: testRollup(),
    l1Chain: TEST_L1_CHAIN,
    systemConfig: TEST_SYSTEM_CONFIG,
    origin: { timestamp, ...origin, baseFeePerGas: 7n, excessBlobGas: 0n },
    sequenceNumber,
    l2Time: timestamp,
  });
  const raw = encodeDeposit(deposit);
  const transaction: ChainTransaction = {
    kind: "deposit",
    type: DEPOSIT_TYPE,
    raw,
    hash: keccakHash(raw),
    from: deposit.from ?? ZERO_ADDRESS,
    deposit,
  };
  const header: BlockHeader = {
    ...parent.header,
    parentHash: parent.hash,
    number: parent.header.number + 1n,
    timestamp,
    stateRoot: origin.hash,
  };
  return { hash: hashHeader(header), header, transactions: [transaction] };
}
