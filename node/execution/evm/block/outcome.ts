import { bigIntToUnpaddedBytes, bytesToHex, generateAddress, hexToBytes } from "@ethereumjs/util";
import { logsBloom } from "../../../chain/codec/receipt.ts";
import type { L1FeeReceipt, Log, Receipt } from "../../../chain/types/block.ts";
import type { Address } from "../../../chain/types/primitives.ts";

/** What executing one transaction gave; its state changes are done. */
export interface TxOutcome {
  type: number;
  status: 0 | 1;
  gasUsed: bigint;
  logs: readonly Log[];
  effectiveGasPrice: bigint;
  contractAddress: Address | undefined;
  depositNonce: bigint | undefined;
  depositReceiptVersion: number | undefined;
  l1: L1FeeReceipt | undefined;
}

/** Address of a contract that `from` creates with `nonce`. */
export function creationAddress(from: Address, nonce: bigint): Address {
  return bytesToHex(generateAddress(hexToBytes(from), bigIntToUnpaddedBytes(nonce)));
}

export function toReceipt(outcome: TxOutcome, cumulativeGasUsed: bigint): Receipt {
  return { ...outcome, cumulativeGasUsed, logsBloom: logsBloom(outcome.logs) };
}
