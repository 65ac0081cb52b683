import { bigIntToBytes, bytesToBigInt, createAddressFromString, setLengthLeft } from "@ethereumjs/util";
import { L1_BLOCK } from "../chain/constants.ts";
import type { FeeContext } from "../chain/rules/rollup-fees.ts";
import type { ChainState } from "../state/chain-state.ts";

const address = createAddressFromString(L1_BLOCK);

async function slot(state: ChainState, index: bigint): Promise<Uint8Array> {
  return setLengthLeft(await state.getStorage(address, setLengthLeft(bigIntToBytes(index), 32)), 32);
}

/** The fee parameters in L1Block's storage. Source: op-geth `rollup_cost.go`, slots 1, 3, 5 to 8. */
export async function readFeeContext(state: ChainState): Promise<FeeContext> {
  const packed = await slot(state, 3n);
  const operator = await slot(state, 8n);
  return {
    baseFee: bytesToBigInt(await slot(state, 1n)),
    blobBaseFee: bytesToBigInt(await slot(state, 7n)),
    baseFeeScalar: bytesToBigInt(packed.subarray(16, 20)),
    blobBaseFeeScalar: bytesToBigInt(packed.subarray(20, 24)),
    overhead: bytesToBigInt(await slot(state, 5n)),
    scalar: bytesToBigInt(await slot(state, 6n)),
    operatorFeeScalar: bytesToBigInt(operator.subarray(20, 24)),
    operatorFeeConstant: bytesToBigInt(operator.subarray(24, 32)),
  };
}
