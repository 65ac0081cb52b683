import {
  bigIntToBytes,
  bytesToBigInt,
  bytesToHex,
  concatBytes,
  hexToBytes,
  setLengthLeft,
} from "../base/bytes.ts";
import type { CodedError } from "../base/errors.ts";
import { l1InfoSourceHash } from "./codec/deposit.ts";
import { L1_ATTRIBUTES_DEPOSITOR, L1_BLOCK } from "./constants.ts";
import { chainError } from "./errors.ts";
import { type BlobFeeSource, l1BlobBaseFee } from "./rules/blob-fee.ts";
import { DEFAULT_DA_FOOTPRINT_GAS_SCALAR, l1AttributesGas } from "./rules/chain-spec.ts";
import { isActivationBlock, isActive } from "./rules/forks.ts";
import { decodeFeeScalars } from "./scalar.ts";
import type { Address, Hash } from "./types/primitives.ts";
import type { Fork, L1ChainConfig, RollupConfig, SystemConfig } from "./types/rollup.ts";
import type { DepositTransaction } from "./types/transaction.ts";

/** Values that the first transaction of every L2 block writes into L1Block. Fields that a layout lacks are undefined. */
export interface L1BlockInfo {
  number: bigint;
  timestamp: bigint;
  baseFee: bigint;
  hash: Hash;
  sequenceNumber: bigint;
  batcherAddress: Address;
  /** Bedrock only. */
  overhead: bigint | undefined;
  /** Bedrock only. */
  scalar: bigint | undefined;
  /** Ecotone on. */
  baseFeeScalar: number | undefined;
  blobBaseFeeScalar: number | undefined;
  blobBaseFee: bigint | undefined;
  /** Isthmus on. */
  operatorFeeScalar: number | undefined;
  operatorFeeConstant: bigint | undefined;
  /** Jovian on. */
  daFootprintGasScalar: number | undefined;
}

export type L1AttributesLayout = "bedrock" | "ecotone" | "isthmus" | "jovian";

/** Selector and calldata length in bytes of each layout. */
export const L1_ATTRIBUTES_LAYOUTS: Readonly<
  Record<L1AttributesLayout, { selector: Uint8Array; length: number }>
> = {
  bedrock: { selector: hexToBytes("0x015d8eb9"), length: 260 },
  ecotone: { selector: hexToBytes("0x440a5e20"), length: 164 },
  isthmus: { selector: hexToBytes("0x098999be"), length: 176 },
  jovian: { selector: hexToBytes("0x3db6be2b"), length: 178 },
};

/** The newest layout whose fork is active and not in its activation block. */
export function l1AttributesLayout(config: RollupConfig, l2Time: bigint): L1AttributesLayout {
  const settled = (fork: Fork) => isActive(config, fork, l2Time) && !isActivationBlock(config, fork, l2Time);
  if (settled("jovian")) return "jovian";
  if (settled("isthmus")) return "isthmus";
  if (settled("ecotone")) return "ecotone";
  return "bedrock";
}

function unsigned(value: bigint | number | undefined, bytes: number): Uint8Array {
  return bigIntToBytes(BigInt(value ?? 0), bytes);
}

function encodeBedrock(info: L1BlockInfo): Uint8Array[] {
  return [
    unsigned(info.number, 32),
    unsigned(info.timestamp, 32),
    unsigned(info.baseFee, 32),
    hexToBytes(info.hash),
    unsigned(info.sequenceNumber, 32),
    setLengthLeft(hexToBytes(info.batcherAddress), 32),
    unsigned(info.overhead, 32),
    unsigned(info.scalar, 32),
  ];
}

function encodePacked(info: L1BlockInfo, layout: L1AttributesLayout): Uint8Array[] {
  const parts = [
    unsigned(info.baseFeeScalar, 4),
    unsigned(info.blobBaseFeeScalar, 4),
    unsigned(info.sequenceNumber, 8),
    unsigned(info.timestamp, 8),
    unsigned(info.number, 8),
    unsigned(info.baseFee, 32),
    unsigned(info.blobBaseFee, 32),
    hexToBytes(info.hash),
    setLengthLeft(hexToBytes(info.batcherAddress), 32),
  ];
  if (layout !== "ecotone")
    parts.push(unsigned(info.operatorFeeScalar, 4), unsigned(info.operatorFeeConstant, 8));
  if (layout === "jovian") parts.push(unsigned(info.daFootprintGasScalar, 2));
  return parts;
}

/** Calldata of the L1 attributes transaction. Source: op-node `l1_block_info.go`. */
export function encodeL1BlockInfo(info: L1BlockInfo, layout: L1AttributesLayout): Uint8Array {
  const parts = layout === "bedrock" ? encodeBedrock(info) : encodePacked(info, layout);
  return concatBytes(L1_ATTRIBUTES_LAYOUTS[layout].selector, ...parts);
}

function invalid(reason: string): CodedError {
  return chainError("L1_ATTRIBUTES_INVALID", { message: `L1 attributes transaction: ${reason}.` });
}

function layoutOf(data: Uint8Array): L1AttributesLayout {
  const names = Object.keys(L1_ATTRIBUTES_LAYOUTS) as L1AttributesLayout[];
  const layout = names.find((name) =>
    L1_ATTRIBUTES_LAYOUTS[name].selector.every((byte, i) => data[i] === byte),
  );
  if (layout === undefined) throw invalid("unknown selector");
  if (data.length !== L1_ATTRIBUTES_LAYOUTS[layout].length) {
    throw invalid(`${layout} layout needs ${L1_ATTRIBUTES_LAYOUTS[layout].length} bytes, got ${data.length}`);
  }
  return layout;
}

function decodeBedrock(data: Uint8Array): L1BlockInfo {
  const word = (index: number) => data.subarray(4 + 32 * index, 36 + 32 * index);
  const uint64 = (index: number) => {
    const value = bytesToBigInt(word(index));
    if (value >= 1n << 64n) throw invalid(`word ${index} exceeds 64 bits`);
    return value;
  };
  if (
    word(5)
      .subarray(0, 12)
      .some((byte) => byte !== 0)
  )
    throw invalid("the batcher address has dirty padding");
  return {
    number: uint64(0),
    timestamp: uint64(1),
    baseFee: bytesToBigInt(word(2)),
    hash: bytesToHex(word(3)),
    sequenceNumber: uint64(4),
    batcherAddress: bytesToHex(word(5).subarray(12)),
    overhead: bytesToBigInt(word(6)),
    scalar: bytesToBigInt(word(7)),
    baseFeeScalar: undefined,
    blobBaseFeeScalar: undefined,
    blobBaseFee: undefined,
    operatorFeeScalar: undefined,
    operatorFeeConstant: undefined,
    daFootprintGasScalar: undefined,
  };
}

function decodePacked(data: Uint8Array, layout: L1AttributesLayout): L1BlockInfo {
  const big = (from: number, to: number) => bytesToBigInt(data.subarray(from, to));
  const withOperatorFee = layout !== "ecotone";
  return {
    baseFeeScalar: Number(big(4, 8)),
    blobBaseFeeScalar: Number(big(8, 12)),
    sequenceNumber: big(12, 20),
    timestamp: big(20, 28),
    number: big(28, 36),
    baseFee: big(36, 68),
    blobBaseFee: big(68, 100),
    hash: bytesToHex(data.subarray(100, 132)),
    batcherAddress: bytesToHex(data.subarray(144, 164)),
    overhead: undefined,
    scalar: undefined,
    operatorFeeScalar: withOperatorFee ? Number(big(164, 168)) : undefined,
    operatorFeeConstant: withOperatorFee ? big(168, 176) : undefined,
    daFootprintGasScalar: layout === "jovian" ? Number(big(176, 178)) : undefined,
  };
}

/** Reads the L1 attributes calldata in whichever layout its selector names. @throws CodedError `L1_ATTRIBUTES_INVALID`. */
export function decodeL1BlockInfo(data: Uint8Array): L1BlockInfo {
  const layout = layoutOf(data);
  return layout === "bedrock" ? decodeBedrock(data) : decodePacked(data, layout);
}

/** What the L1 attributes read of their origin. */
export interface L1OriginInfo extends BlobFeeSource {
  number: bigint;
  hash: Hash;
  /** Wei. */
  baseFeePerGas: bigint;
}

export interface L1AttributesInput {
  rollup: RollupConfig;
  l1Chain: L1ChainConfig;
  systemConfig: SystemConfig;
  origin: L1OriginInfo;
  sequenceNumber: bigint;
  /** Seconds, of the block that this transaction opens. */
  l2Time: bigint;
}

function blockInfo(input: L1AttributesInput, layout: L1AttributesLayout): L1BlockInfo {
  const { rollup, l1Chain, systemConfig, origin, sequenceNumber } = input;
  const isBedrock = layout === "bedrock";
  const fees = isBedrock ? undefined : decodeFeeScalars(systemConfig.scalar);
  return {
    number: origin.number,
    timestamp: origin.timestamp,
    baseFee: origin.baseFeePerGas,
    hash: origin.hash,
    sequenceNumber,
    batcherAddress: systemConfig.batcherAddress,
    overhead: isBedrock ? systemConfig.overhead : undefined,
    scalar: isBedrock ? systemConfig.scalar : undefined,
    baseFeeScalar: fees?.baseFeeScalar,
    blobBaseFeeScalar: fees?.blobBaseFeeScalar,
    blobBaseFee: isBedrock ? undefined : l1BlobBaseFee(origin, l1Chain, rollup),
    operatorFeeScalar: systemConfig.operatorFeeScalar,
    operatorFeeConstant: systemConfig.operatorFeeConstant,
    daFootprintGasScalar: systemConfig.daFootprintGasScalar || DEFAULT_DA_FOOTPRINT_GAS_SCALAR,
  };
}

/**
 * The first transaction of an L2 block. Source: op-node `L1InfoDeposit`.
 * @throws CodedError `FEE_SCALAR_INVALID` when SystemConfig's scalar has an unknown version.
 */
export function l1AttributesDeposit(input: L1AttributesInput): DepositTransaction {
  const layout = l1AttributesLayout(input.rollup, input.l2Time);
  const regolith = isActive(input.rollup, "regolith", input.l2Time);
  return {
    sourceHash: l1InfoSourceHash(input.origin.hash, input.sequenceNumber),
    from: L1_ATTRIBUTES_DEPOSITOR,
    to: L1_BLOCK,
    mint: undefined,
    value: 0n,
    gas: l1AttributesGas(input.rollup, input.l2Time),
    isSystemTx: !regolith,
    data: encodeL1BlockInfo(blockInfo(input, layout), layout),
  };
}
