import { bigIntToBytes, bytesToBigInt, concatBytes } from "../../base/bytes.ts";
import type { CodedError } from "../../base/errors.ts";
import { chainError } from "../errors.ts";
import { type ForkSchedule, isActive } from "../rules/forks.ts";
import type { RollupConfig } from "../types/rollup.ts";

/** EIP-1559 parameters in a header's extraData. Specs: Holocene (9 bytes, version 0), Jovian (17 bytes, version 1). */
export interface ExtraDataFees {
  denominator: number;
  elasticity: number;
  /** Wei; 0 before Jovian. */
  minBaseFee: bigint;
}

const HOLOCENE_LENGTH = 9;
const JOVIAN_LENGTH = 17;

function invalid(reason: string, extraData: Uint8Array): CodedError {
  return chainError("EXTRA_DATA_INVALID", {
    message: `Header extraData: ${reason}.`,
    facts: { length: extraData.length, version: extraData[0] },
  });
}

/** extraData of a block at `time`; empty before Holocene. */
export function encodeExtraData(fees: ExtraDataFees, config: ForkSchedule, time: bigint): Uint8Array {
  if (!isActive(config, "holocene", time)) return new Uint8Array(0);
  const jovian = isActive(config, "jovian", time);
  const head = concatBytes(
    Uint8Array.of(jovian ? 1 : 0),
    bigIntToBytes(BigInt(fees.denominator), 4),
    bigIntToBytes(BigInt(fees.elasticity), 4),
  );
  return jovian ? concatBytes(head, bigIntToBytes(fees.minBaseFee, 8)) : head;
}

/** Reads the extraData of a Holocene or later block. @throws CodedError `EXTRA_DATA_INVALID`. */
export function decodeExtraData(extraData: Uint8Array, config: RollupConfig, time: bigint): ExtraDataFees {
  const jovian = isActive(config, "jovian", time);
  const length = jovian ? JOVIAN_LENGTH : HOLOCENE_LENGTH;
  if (extraData.length !== length) throw invalid(`needs ${length} bytes`, extraData);
  if (extraData[0] !== (jovian ? 1 : 0)) throw invalid("has another version than its fork", extraData);
  const denominator = Number(bytesToBigInt(extraData.subarray(1, 5)));
  if (denominator === 0) throw invalid("has denominator 0", extraData);
  return {
    denominator,
    elasticity: Number(bytesToBigInt(extraData.subarray(5, 9))),
    minBaseFee: jovian ? bytesToBigInt(extraData.subarray(9, 17)) : 0n,
  };
}
