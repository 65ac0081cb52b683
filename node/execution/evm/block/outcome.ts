import { bigIntToUnpaddedBytes, bytesToHex, hexToBytes } from "../../../base/bytes.ts";
import { logsBloom } from "../../../chain/codec/receipt.ts";
import { encodeRlp } from "../../../chain/codec/rlp.ts";
import { keccak256 } from "../../../chain/crypto.ts";
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
  return bytesToHex(keccak256(encodeRlp([hexToBytes(from), bigIntToUnpaddedBytes(nonce)])).subarray(12));
}

export function toReceipt(outcome: TxOutcome, cumulativeGasUsed: bigint): Receipt {
  return { ...outcome, cumulativeGasUsed, logsBloom: logsBloom(outcome.logs) };
}
