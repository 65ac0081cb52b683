import { bytesToBigInt, hexToBytes, setLengthLeft } from "../../../base/bytes.ts";
import { L1_BLOCK } from "../../../chain/constants.ts";
import { isActive } from "../../../chain/rules/forks.ts";
import type { FeeContext } from "../../../chain/rules/rollup-fees.ts";
import type { RollupConfig } from "../../../chain/types/rollup.ts";

/** Reads a slot of an account; without leading zeros or with them. */
export type SlotReader = (address: Uint8Array, slot: Uint8Array) => Uint8Array;

const address = hexToBytes(L1_BLOCK);
const EMPTY = new Uint8Array(32);

/**
 * The fee parameters in L1Block's storage. Source: op-geth `rollup_cost.go`. Reads only the slots that the fork at `time`
 * uses: Bedrock's (5, 6) also where Ecotone's are still empty, in its activation block.
 */
export function readFeeContext(read: SlotReader, rollup: RollupConfig, time: bigint): FeeContext {
  const slot = (index: number): Uint8Array => {
    const key = new Uint8Array(32);
    key[31] = index;
    return setLengthLeft(read(address, key), 32);
  };
  const ecotone = isActive(rollup, "ecotone", time);
  const packed = ecotone ? slot(3) : EMPTY;
  const baseFeeScalar = bytesToBigInt(packed.subarray(16, 20));
  const blobBaseFeeScalar = bytesToBigInt(packed.subarray(20, 24));
  const blobBaseFee = ecotone ? bytesToBigInt(slot(7)) : 0n;
  const isBedrock = baseFeeScalar === 0n && blobBaseFeeScalar === 0n && blobBaseFee === 0n;
  const operator = isActive(rollup, "isthmus", time) ? slot(8) : EMPTY;
  return {
    baseFee: bytesToBigInt(slot(1)),
    blobBaseFee,
    baseFeeScalar,
    blobBaseFeeScalar,
    overhead: isBedrock ? bytesToBigInt(slot(5)) : 0n,
    scalar: isBedrock ? bytesToBigInt(slot(6)) : 0n,
    operatorFeeScalar: bytesToBigInt(operator.subarray(20, 24)),
    operatorFeeConstant: bytesToBigInt(operator.subarray(24, 32)),
  };
}
