import { bytesToHex, equalsBytes } from "../../base/bytes.ts";
import { decodeExtraData } from "../../chain/codec/extra-data.ts";
import { isActive } from "../../chain/rules/forks.ts";
import type { Block } from "../../chain/types/block.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { PayloadAttributes, RollupConfig } from "../../chain/types/rollup.ts";

/**
 * Why the unsafe `block` is not the one that `attributes` make, or undefined when it is: then it becomes safe without
 * running again. Source: op-node `AttributesMatchBlock`.
 */
export function attributesMismatch(
  attributes: PayloadAttributes,
  block: Block,
  rollup: RollupConfig,
): string | undefined {
  const { header, transactions } = block;
  const differing = (name: string, derived: unknown, found: unknown) =>
    derived === found ? undefined : `${name} is ${String(found)}, L1 says ${String(derived)}`;
  const mismatch =
    differing("timestamp", attributes.timestamp, header.timestamp) ??
    differing("prevRandao", attributes.prevRandao, header.mixHash) ??
    differing("feeRecipient", attributes.suggestedFeeRecipient, header.miner) ??
    differing(
      "parentBeaconBlockRoot",
      expectedBeaconRoot(attributes, rollup),
      header.parentBeaconBlockRoot,
    ) ??
    differing("gasLimit", attributes.gasLimit, header.gasLimit) ??
    differing("number of transactions", attributes.transactions.length, transactions.length) ??
    differing("extraData", expectedFees(attributes, rollup), foundFees(block, rollup));
  if (mismatch) return mismatch;
  const index = attributes.transactions.findIndex((raw, i) => !equalsBytes(raw, transactions[i]!.raw));
  return index < 0 ? undefined : `transaction ${index} is ${transactions[index]?.hash}, L1 has another one`;
}

/** Before Ecotone a header has none. */
function expectedBeaconRoot(attributes: PayloadAttributes, rollup: RollupConfig): Hash | undefined {
  return isActive(rollup, "ecotone", attributes.timestamp) ? attributes.parentBeaconBlockRoot : undefined;
}

/** The fee parameters as the engine writes them: 0,0 stands for the chain's constants. */
function expectedFees(attributes: PayloadAttributes, rollup: RollupConfig): string {
  if (attributes.eip1559 === undefined) return "none";
  const { denominator, elasticity } = attributes.eip1559;
  const isDefault = denominator === 0 && elasticity === 0;
  return feesText({
    denominator: isDefault ? rollup.eip1559DenominatorCanyon : denominator,
    elasticity: isDefault ? rollup.eip1559Elasticity : elasticity,
    minBaseFee: attributes.minBaseFee ?? 0n,
  });
}

function foundFees({ header }: Block, rollup: RollupConfig): string {
  if (!isActive(rollup, "holocene", header.timestamp))
    return bytesToHex(header.extraData) === "0x" ? "none" : "some";
  return feesText(decodeExtraData(header.extraData, rollup, header.timestamp));
}

function feesText(fees: { denominator: number; elasticity: number; minBaseFee: bigint }): string {
  return `denominator ${fees.denominator}, elasticity ${fees.elasticity}, minimum ${fees.minBaseFee}`;
}
