import { bytesToBigInt, bytesToHex } from "../base/bytes.ts";
import { decodeExtraData } from "./codec/extra-data.ts";
import { chainError } from "./errors.ts";
import { decodeL1BlockInfo, type L1BlockInfo } from "./l1-attributes.ts";
import { isActive } from "./rules/forks.ts";
import { encodeFeeScalars, isEcotoneScalar } from "./scalar.ts";
import type { Block } from "./types/block.ts";
import type { L1Log, L1Receipt } from "./types/l1.ts";
import type { Hash } from "./types/primitives.ts";
import type { L2BlockRef, RollupConfig, SystemConfig } from "./types/rollup.ts";

/** keccak("ConfigUpdate(uint256,uint8,bytes)"). */
export const CONFIG_UPDATE: Hash = "0x1d2b0bda21d56b8bd12d4f94ebacffdfb35f5e226f84b461103bb8beab6353be";

const UPDATE = {
  batcher: 0n,
  feeScalars: 1n,
  gasLimit: 2n,
  unsafeBlockSigner: 3n,
  eip1559: 4n,
  operatorFee: 5n,
  minBaseFee: 6n,
  daFootprintGasScalar: 7n,
} as const;

/** The words of the log's `bytes` argument; undefined unless offset, length and end are exact. */
function payloadWords(log: L1Log, count: number): Uint8Array[] | undefined {
  const { data } = log;
  if (data.length !== 64 + 32 * count) return undefined;
  if (bytesToBigInt(data.subarray(0, 32)) !== 32n) return undefined;
  if (bytesToBigInt(data.subarray(32, 64)) !== BigInt(32 * count)) return undefined;
  return Array.from({ length: count }, (_, i) => data.subarray(64 + 32 * i, 96 + 32 * i));
}

/** The word's low bytes, if all others are zero. */
function clean(word: Uint8Array, bytes: number): Uint8Array | undefined {
  const split = word.length - bytes;
  return word.subarray(0, split).every((byte) => byte === 0) ? word.subarray(split) : undefined;
}

function singleWordUpdate(config: SystemConfig, kind: bigint, word: Uint8Array): SystemConfig | undefined {
  const uint = (bytes: number) => {
    const value = clean(word, bytes);
    return value === undefined ? undefined : bytesToBigInt(value);
  };
  switch (kind) {
    case UPDATE.batcher: {
      const address = clean(word, 20);
      return address && { ...config, batcherAddress: bytesToHex(address) };
    }
    case UPDATE.gasLimit: {
      const gasLimit = uint(8);
      return gasLimit === undefined ? undefined : { ...config, gasLimit };
    }
    case UPDATE.eip1559: {
      const denominator = Number(bytesToBigInt(word.subarray(24, 28)));
      const elasticity = Number(bytesToBigInt(word.subarray(28, 32)));
      if (elasticity !== 0 && denominator === 0) return undefined;
      return { ...config, eip1559Denominator: denominator, eip1559Elasticity: elasticity };
    }
    case UPDATE.operatorFee:
      return {
        ...config,
        operatorFeeScalar: Number(bytesToBigInt(word.subarray(20, 24))),
        operatorFeeConstant: bytesToBigInt(word.subarray(24, 32)),
      };
    case UPDATE.minBaseFee: {
      const minBaseFee = uint(8);
      return minBaseFee === undefined ? undefined : { ...config, minBaseFee };
    }
    case UPDATE.daFootprintGasScalar: {
      const scalar = uint(2);
      return scalar === undefined ? undefined : { ...config, daFootprintGasScalar: Number(scalar) };
    }
    default:
      return undefined;
  }
}

function feeScalarsUpdate(
  config: SystemConfig,
  words: Uint8Array[],
  ecotone: boolean,
): SystemConfig | undefined {
  const [overhead, scalar] = words.map((word) => bytesToBigInt(word)) as [bigint, bigint];
  if (!ecotone) return { ...config, overhead, scalar };
  return isEcotoneScalar(scalar) ? { ...config, overhead: 0n, scalar } : undefined;
}

function applyLog(config: SystemConfig, log: L1Log, ecotone: boolean): SystemConfig {
  const [, version, type] = log.topics;
  if (log.topics.length !== 3 || version === undefined || type === undefined || BigInt(version) !== 0n)
    return config;
  const kind = BigInt(type);
  if (kind === UPDATE.unsafeBlockSigner) return config;
  const words = payloadWords(log, kind === UPDATE.feeScalars ? 2 : 1);
  if (words === undefined) return config;
  const next =
    kind === UPDATE.feeScalars
      ? feeScalarsUpdate(config, words, ecotone)
      : singleWordUpdate(config, kind, words[0]!);
  return next ?? config;
}

/**
 * SystemConfig after one L1 block's ConfigUpdate logs. A log of another shape is ignored, the rest still counts.
 * `l1Time` is that L1 block's timestamp. Source: op-node `system_config.go`.
 */
export function updateSystemConfig(
  config: SystemConfig,
  receipts: readonly L1Receipt[],
  rollup: RollupConfig,
  l1Time: bigint,
): SystemConfig {
  const ecotone = isActive(rollup, "ecotone", l1Time);
  let current = config;
  for (const receipt of receipts) {
    if (receipt.status !== 1) continue;
    for (const log of receipt.logs) {
      if (log.address !== rollup.l1SystemConfigAddress || log.topics[0] !== CONFIG_UPDATE) continue;
      current = applyLog(current, log, ecotone);
    }
  }
  return current;
}

/** The L1 attributes that a block past genesis carries. @throws CodedError `L1_ATTRIBUTES_INVALID`. */
export function l1BlockInfoOf(block: Block): L1BlockInfo {
  const first = block.transactions[0];
  if (first?.kind !== "deposit") {
    throw chainError("L1_ATTRIBUTES_INVALID", {
      message: `L2 block ${block.header.number} does not start with a deposit.`,
      facts: { hash: block.hash },
    });
  }
  return decodeL1BlockInfo(first.deposit.data);
}

function assertGenesis(block: Block, rollup: RollupConfig): void {
  if (block.hash === rollup.genesis.l2.hash) return;
  throw chainError("GENESIS_MISMATCH", {
    message: `L2 block ${block.header.number} is ${block.hash}, rollup.json says ${rollup.genesis.l2.hash}.`,
    fix: "Use the genesis.json and rollup.json of one chain.",
  });
}

/**
 * SystemConfig as the block itself tells it: L1 attributes, gas limit, extraData. Source: op-node `PayloadToSystemConfig`.
 * Some fields come back in their effective form: eip1559 0,0 as the chain's constants, DA scalar 0 as 400.
 */
export function systemConfigFromBlock(block: Block, rollup: RollupConfig): SystemConfig {
  const { header } = block;
  if (header.number === rollup.genesis.l2.number) {
    assertGenesis(block, rollup);
    return rollup.genesis.systemConfig;
  }
  const info = l1BlockInfoOf(block);
  const holocene = isActive(rollup, "holocene", header.timestamp);
  const fees = holocene ? decodeExtraData(header.extraData, rollup, header.timestamp) : undefined;
  return {
    batcherAddress: info.batcherAddress,
    overhead: info.overhead ?? 0n,
    scalar:
      info.scalar ??
      encodeFeeScalars({
        baseFeeScalar: info.baseFeeScalar ?? 0,
        blobBaseFeeScalar: info.blobBaseFeeScalar ?? 0,
      }),
    gasLimit: header.gasLimit,
    eip1559Denominator: fees?.denominator ?? 0,
    eip1559Elasticity: fees?.elasticity ?? 0,
    operatorFeeScalar: info.operatorFeeScalar ?? 0,
    operatorFeeConstant: info.operatorFeeConstant ?? 0n,
    minBaseFee: fees?.minBaseFee ?? 0n,
    daFootprintGasScalar: info.daFootprintGasScalar ?? 0,
  };
}

/** Reference of an L2 block with its L1 origin and distance to the epoch's start. */
export function l2BlockRefFromBlock(block: Block, rollup: RollupConfig): L2BlockRef {
  const { header, hash } = block;
  const common = { hash, number: header.number, parentHash: header.parentHash, timestamp: header.timestamp };
  if (header.number === rollup.genesis.l2.number) {
    assertGenesis(block, rollup);
    return { ...common, l1Origin: rollup.genesis.l1, sequenceNumber: 0n };
  }
  const info = l1BlockInfoOf(block);
  return {
    ...common,
    l1Origin: { hash: info.hash, number: info.number },
    sequenceNumber: info.sequenceNumber,
  };
}
