import { decodeExtraData, type ExtraDataFees } from "../codec/extra-data.ts";
import type { BlockHeader } from "../types/block.ts";
import type { RollupConfig } from "../types/rollup.ts";
import { eip1559Constants } from "./chain-spec.ts";
import { isActive } from "./forks.ts";

/** EIP-1559 parameters that rule the child of `parent` at `childTime`. */
function parameters(config: RollupConfig, parent: BlockHeader, childTime: bigint): ExtraDataFees {
  if (isActive(config, "holocene", parent.timestamp)) {
    return decodeExtraData(parent.extraData, config, parent.timestamp);
  }
  return { ...eip1559Constants(config, childTime), minBaseFee: 0n };
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** Base fee in wei of the child of `parent`. Source: op-geth `eip1559.CalcBaseFee`; Jovian: DA footprint, minimum. */
export function nextBaseFee(config: RollupConfig, parent: BlockHeader, childTime: bigint): bigint {
  const fees = parameters(config, parent, childTime);
  const jovian = isActive(config, "jovian", parent.timestamp);
  const baseFee = parent.baseFeePerGas ?? 0n;
  const target = parent.gasLimit / BigInt(fees.elasticity);
  const denominator = BigInt(fees.denominator);
  const used = jovian ? max(parent.gasUsed, parent.blobGasUsed ?? 0n) : parent.gasUsed;
  let next = baseFee;
  if (used > target) next += max(1n, (baseFee * (used - target)) / target / denominator);
  if (used < target) next = max(0n, baseFee - (baseFee * (target - used)) / target / denominator);
  return max(next, fees.minBaseFee);
}
