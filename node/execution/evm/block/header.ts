import type { CodedError } from "../../../base/errors.ts";
import { encodeExtraData } from "../../../chain/codec/extra-data.ts";
import { hashHeader } from "../../../chain/codec/header.ts";
import { EMPTY_REQUESTS, EMPTY_ROOT, EMPTY_UNCLES } from "../../../chain/constants.ts";
import { nextBaseFee } from "../../../chain/rules/base-fee.ts";
import { eip1559Constants } from "../../../chain/rules/chain-spec.ts";
import { isActive } from "../../../chain/rules/forks.ts";
import type { BlockHeader } from "../../../chain/types/block.ts";
import type { PayloadAttributes } from "../../../chain/types/rollup.ts";
import { executionError } from "../../errors.ts";
import type { ChainRules } from "../executor.ts";

/** A failure of the attributes that a block is to be made of. */
export function payloadInvalid(reason: string, facts?: Record<string, unknown>): CodedError {
  return executionError("PAYLOAD_INVALID", { message: `Payload attributes: ${reason}.`, facts });
}

/** The header fields that are known before execution. @throws CodedError `PAYLOAD_INVALID`. */
export function headerStart(
  rules: ChainRules,
  parent: BlockHeader,
  attributes: PayloadAttributes,
): BlockHeader {
  const { rollup } = rules;
  const { timestamp } = attributes;
  if (timestamp <= parent.timestamp) throw payloadInvalid("timestamp is not after the parent's");
  const ecotone = isActive(rollup, "ecotone", timestamp);
  return {
    parentHash: hashHeader(parent),
    sha3Uncles: EMPTY_UNCLES,
    miner: attributes.suggestedFeeRecipient,
    stateRoot: EMPTY_ROOT,
    transactionsRoot: EMPTY_ROOT,
    receiptsRoot: EMPTY_ROOT,
    logsBloom: new Uint8Array(256),
    difficulty: 0n,
    number: parent.number + 1n,
    gasLimit: attributes.gasLimit,
    gasUsed: 0n,
    timestamp,
    extraData: extraData(rules, attributes),
    mixHash: attributes.prevRandao,
    nonce: new Uint8Array(8),
    baseFeePerGas: nextBaseFee(rollup, parent, timestamp),
    withdrawalsRoot: isActive(rollup, "canyon", timestamp) ? EMPTY_ROOT : undefined,
    blobGasUsed: ecotone ? 0n : undefined,
    excessBlobGas: ecotone ? 0n : undefined,
    parentBeaconBlockRoot: ecotone ? attributes.parentBeaconBlockRoot : undefined,
    requestsHash: isActive(rollup, "isthmus", timestamp) ? EMPTY_REQUESTS : undefined,
  };
}

function extraData({ rollup }: ChainRules, attributes: PayloadAttributes): Uint8Array {
  const { eip1559, minBaseFee, timestamp } = attributes;
  if (!isActive(rollup, "holocene", timestamp)) {
    if (eip1559 !== undefined) throw payloadInvalid("eip1559 parameters before Holocene");
    return new Uint8Array(0);
  }
  if (eip1559 === undefined) throw payloadInvalid("eip1559 parameters are missing");
  if (isActive(rollup, "jovian", timestamp) !== (minBaseFee !== undefined)) {
    throw payloadInvalid("minBaseFee must be there from Jovian on and not before");
  }
  const { denominator, elasticity } = eip1559;
  if (denominator === 0 && elasticity !== 0) throw payloadInvalid("eip1559 denominator is 0");
  const chosen = denominator === 0 ? eip1559Constants(rollup, timestamp) : { denominator, elasticity };
  const fees = { ...chosen, minBaseFee: minBaseFee ?? 0n };
  return encodeExtraData(fees, rollup, timestamp);
}
