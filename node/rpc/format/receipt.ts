import { bytesToHex } from "../../base/bytes.ts";
import type { Block, L1FeeReceipt, Log, Receipt } from "../../chain/types/block.ts";
import { millionths } from "./millionths.ts";
import { optionalQuantity, quantity } from "./quantity.ts";

/** Where a log is. */
export interface LogPlace {
  block: Block;
  transactionIndex: number;
  /** Within the block. */
  logIndex: number;
}

/** A log as `eth_getLogs` gives it; `removed` after a reorg took its block away. */
export function logToRpc(log: Log, place: LogPlace, removed = false): Record<string, unknown> {
  const { block, transactionIndex, logIndex } = place;
  return {
    address: log.address,
    topics: log.topics,
    data: bytesToHex(log.data),
    blockNumber: quantity(block.header.number),
    transactionHash: block.transactions[transactionIndex]?.hash,
    transactionIndex: quantity(transactionIndex),
    blockHash: block.hash,
    blockTimestamp: quantity(block.header.timestamp),
    logIndex: quantity(logIndex),
    removed,
  };
}

function l1Fields(l1: L1FeeReceipt): Record<string, unknown> {
  return {
    l1GasPrice: quantity(l1.l1GasPrice),
    l1GasUsed: quantity(l1.l1GasUsed),
    l1Fee: quantity(l1.l1Fee),
    l1FeeScalar: l1.l1FeeScalar === undefined ? undefined : millionths(l1.l1FeeScalar),
    l1BaseFeeScalar: optionalQuantity(l1.l1BaseFeeScalar),
    l1BlobBaseFee: optionalQuantity(l1.l1BlobBaseFee),
    l1BlobBaseFeeScalar: optionalQuantity(l1.l1BlobBaseFeeScalar),
    operatorFeeScalar: optionalQuantity(l1.operatorFeeScalar),
    operatorFeeConstant: optionalQuantity(l1.operatorFeeConstant),
    daFootprintGasScalar: optionalQuantity(l1.daFootprintGasScalar),
    blobGasUsed: optionalQuantity(l1.blobGasUsed),
  };
}

/** Number of logs in the block before this transaction's. */
function firstLogIndex(receipts: readonly Receipt[], index: number): number {
  let count = 0;
  for (let i = 0; i < index; i++) count += receipts[i]!.logs.length;
  return count;
}

/** One receipt of a block as `eth_getTransactionReceipt` gives it, with op-geth's L1 fee and deposit fields. */
export function receiptToRpc(
  block: Block,
  receipts: readonly Receipt[],
  index: number,
): Record<string, unknown> {
  const receipt = receipts[index]!;
  const transaction = block.transactions[index]!;
  const to = transaction.kind === "deposit" ? transaction.deposit.to : transaction.to;
  const first = firstLogIndex(receipts, index);
  return {
    blockHash: block.hash,
    blockNumber: quantity(block.header.number),
    contractAddress: receipt.contractAddress ?? null,
    cumulativeGasUsed: quantity(receipt.cumulativeGasUsed),
    effectiveGasPrice: quantity(receipt.effectiveGasPrice),
    from: transaction.from,
    gasUsed: quantity(receipt.gasUsed),
    logs: receipt.logs.map((log, i) =>
      logToRpc(log, { block, transactionIndex: index, logIndex: first + i }),
    ),
    logsBloom: bytesToHex(receipt.logsBloom),
    status: quantity(receipt.status),
    to: to ?? null,
    transactionHash: transaction.hash,
    transactionIndex: quantity(index),
    type: quantity(receipt.type),
    ...(receipt.l1 !== undefined && l1Fields(receipt.l1)),
    depositNonce: optionalQuantity(receipt.depositNonce),
    depositReceiptVersion: optionalQuantity(receipt.depositReceiptVersion),
  };
}
