import { l1AttributesLayout } from "../../../chain/l1-attributes.ts";
import { isActive } from "../../../chain/rules/forks.ts";
import {
  type DaSubject,
  daFootprint,
  type FeeContext,
  type L1Cost,
} from "../../../chain/rules/rollup-fees.ts";
import type { L1FeeReceipt } from "../../../chain/types/block.ts";
import type { RollupConfig } from "../../../chain/types/rollup.ts";

export interface FeeFacts {
  rollup: RollupConfig;
  /** The block's timestamp. */
  time: bigint;
  fees: FeeContext;
  transaction: DaSubject;
  cost: L1Cost;
  /** The block's DA footprint gas scalar, Jovian on. */
  daScalar: bigint | undefined;
}

/** What a signed transaction's receipt says of its OP Stack fees. Source: op-geth core/types/receipt.go. */
export function feeReceipt({ rollup, time, fees, transaction, cost, daScalar }: FeeFacts): L1FeeReceipt {
  const ecotone = l1AttributesLayout(rollup, time) !== "bedrock";
  const operator =
    isActive(rollup, "isthmus", time) && (fees.operatorFeeScalar !== 0n || fees.operatorFeeConstant !== 0n);
  return {
    l1GasPrice: fees.baseFee,
    l1GasUsed: cost.gasUsed,
    l1Fee: cost.fee,
    l1FeeScalar: ecotone ? undefined : fees.scalar,
    l1BaseFeeScalar: ecotone ? fees.baseFeeScalar : undefined,
    l1BlobBaseFee: ecotone ? fees.blobBaseFee : undefined,
    l1BlobBaseFeeScalar: ecotone ? fees.blobBaseFeeScalar : undefined,
    operatorFeeScalar: operator ? fees.operatorFeeScalar : undefined,
    operatorFeeConstant: operator ? fees.operatorFeeConstant : undefined,
    daFootprintGasScalar: daScalar,
    blobGasUsed: daScalar === undefined ? undefined : daFootprint(transaction, daScalar),
  };
}
