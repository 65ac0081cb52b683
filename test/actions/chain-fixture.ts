import { hexToBytes } from "@ethereumjs/util";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { encodeExtraData } from "../../node/chain/codec/extra-data.ts";
import type { Genesis, GenesisAccount } from "../../node/chain/config/genesis.ts";
import { SEQUENCER_FEE_VAULT, ZERO_HASH } from "../../node/chain/constants.ts";
import type { Address, BlockId, Hash, Hex } from "../../node/chain/types/primitives.ts";
import { FORKS, type Fork, type L1ChainConfig, type RollupConfig } from "../../node/chain/types/rollup.ts";

export const GENESIS_TIME = 1_700_000_000n;
export const BATCHER: Address = `0x${"ba".repeat(20)}`;
export const INBOX: Address = `0x${"ff".repeat(20)}`;
export const PORTAL: Address = `0x${"de".repeat(20)}`;
export const SYSTEM_CONFIG: Address = `0x${"5c".repeat(20)}`;
export const L2_CHAIN_ID = 901;

export type ForkTimes = RollupConfig["forkTimes"];

const ALL_FORKS: ForkTimes = Object.fromEntries(FORKS.map((fork) => [fork, 0n]));

/** All forks up to `last` at genesis. */
export function forksUpTo(last: Fork): ForkTimes {
  return Object.fromEntries(FORKS.slice(0, FORKS.indexOf(last) + 1).map((fork) => [fork, 0n]));
}

/** Accounts with 1,000 ETH each; their keys are 1, 2, 3 and so on. */
export const users: readonly PrivateKeyAccount[] = [1, 2, 3, 4].map((key) =>
  privateKeyToAccount(`0x${key.toString(16).padStart(64, "0")}`),
);

/** Blob schedule of Prague from the start. */
export const l1Chain: L1ChainConfig = {
  chainId: 900n,
  blobSchedule: [{ time: 0n, baseFeeUpdateFraction: 5_007_716n }],
};

function account(address: Address, balance: bigint): GenesisAccount {
  return { address, balance, nonce: 0n, code: new Uint8Array(0), storage: [] };
}

/** A chain, of Jovian rules unless told, without contracts: L1 fees are zero, everything else is as in a full one. */
export function testGenesis(forkTimes = ALL_FORKS): Genesis {
  const fees = { denominator: 250, elasticity: 6, minBaseFee: 0n };
  return {
    chainId: BigInt(L2_CHAIN_ID),
    forkTimes,
    timestamp: GENESIS_TIME,
    number: 0n,
    gasLimit: 30_000_000n,
    gasUsed: 0n,
    baseFeePerGas: 1_000_000_000n,
    difficulty: 0n,
    extraData: encodeExtraData(fees, { forkTimes }, GENESIS_TIME),
    coinbase: SEQUENCER_FEE_VAULT,
    mixHash: ZERO_HASH,
    parentHash: ZERO_HASH,
    nonce: 0n,
    blobGasUsed: 0n,
    excessBlobGas: 0n,
    alloc: users.map(({ address }) => account(address.toLowerCase() as Address, 10n ** 21n)),
  };
}

/** L2 blocks of 2 s; a short sequencing window, so that its end is reached. */
export function testRollup(
  l1Genesis: BlockId,
  l2Genesis: Hash,
  seqWindowSize: bigint,
  forkTimes = ALL_FORKS,
): RollupConfig {
  return {
    genesis: {
      l1: l1Genesis,
      l2: { hash: l2Genesis, number: 0n },
      l2Time: GENESIS_TIME,
      systemConfig: {
        batcherAddress: BATCHER,
        overhead: 0n,
        scalar: 1n << 248n,
        gasLimit: 30_000_000n,
        eip1559Denominator: 0,
        eip1559Elasticity: 0,
        operatorFeeScalar: 0,
        operatorFeeConstant: 0n,
        minBaseFee: 0n,
        daFootprintGasScalar: 0,
      },
    },
    blockTime: 2n,
    maxSequencerDrift: 600n,
    seqWindowSize,
    channelTimeout: 300n,
    l1ChainId: 900n,
    l2ChainId: BigInt(L2_CHAIN_ID),
    forkTimes,
    batchInboxAddress: INBOX,
    depositContractAddress: PORTAL,
    l1SystemConfigAddress: SYSTEM_CONFIG,
    eip1559Elasticity: 6,
    eip1559Denominator: 50,
    eip1559DenominatorCanyon: 250,
  };
}

/** A signed transfer of one wei. */
export async function transfer(
  from: PrivateKeyAccount,
  nonce: number,
  to: Address = BATCHER,
): Promise<Uint8Array> {
  const signed: Hex = await from.signTransaction({
    type: "eip1559",
    chainId: L2_CHAIN_ID,
    nonce,
    to,
    value: 1n,
    gas: 21_000n,
    maxFeePerGas: 10n ** 11n,
    maxPriorityFeePerGas: 1n,
  });
  return hexToBytes(signed);
}
