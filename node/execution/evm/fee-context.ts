import { bigIntToBytes, bytesToBigInt, createAddressFromString, setLengthLeft } from "@ethereumjs/util";
import { L1_BLOCK } from "../../chain/constants.ts";
import { isActive } from "../../chain/rules/forks.ts";
import type { FeeContext } from "../../chain/rules/rollup-fees.ts";
import type { RollupConfig } from "../../chain/types/rollup.ts";
import type { ChainState } from "../state/chain-state.ts";

const address = createAddressFromString(L1_BLOCK);
const EMPTY = new Uint8Array(32);

async function slot(state: ChainState, index: bigint): Promise<Uint8Array> {
  return setLengthLeft(await state.getStorage(address, setLengthLeft(bigIntToBytes(index), 32)), 32);
}

/**
 * The fee parameters in L1Block's storage. Source: op-geth `rollup_cost.go`. Reads only the slots that the fork at `time`
 * uses: Bedrock's (5, 6) also where Ecotone's are still empty, in its activation block.
 */
export async function readFeeContext(
  state: ChainState,
  rollup: RollupConfig,
  time: bigint,
): Promise<FeeContext> {
  const ecotone = isActive(rollup, "ecotone", time);
  const packed = ecotone ? await slot(state, 3n) : EMPTY;
  const baseFeeScalar = bytesToBigInt(packed.subarray(16, 20));
  const blobBaseFeeScalar = bytesToBigInt(packed.subarray(20, 24));
  const blobBaseFee = ecotone ? bytesToBigInt(await slot(state, 7n)) : 0n;
  const isBedrock = baseFeeScalar === 0n && blobBaseFeeScalar === 0n && blobBaseFee === 0n;
  const operator = isActive(rollup, "isthmus", time) ? await slot(state, 8n) : EMPTY;
  return {
    baseFee: bytesToBigInt(await slot(state, 1n)),
    blobBaseFee,
    baseFeeScalar,
    blobBaseFeeScalar,
    overhead: isBedrock ? bytesToBigInt(await slot(state, 5n)) : 0n,
    scalar: isBedrock ? bytesToBigInt(await slot(state, 6n)) : 0n,
    operatorFeeScalar: bytesToBigInt(operator.subarray(20, 24)),
    operatorFeeConstant: bytesToBigInt(operator.subarray(24, 32)),
  };
}
