import { bytesToHex } from "../../base/bytes.ts";
import { blockSize } from "../../chain/codec/block.ts";
import type { Block, BlockHeader, Receipt } from "../../chain/types/block.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { optionalQuantity, quantity } from "./quantity.ts";
import { transactionToRpc } from "./transaction.ts";

/** A header as `eth_subscribe("newHeads")` gives it. */
export function headerToRpc(header: BlockHeader, hash: Hash): Record<string, unknown> {
  return {
    number: quantity(header.number),
    hash,
    parentHash: header.parentHash,
    nonce: bytesToHex(header.nonce),
    mixHash: header.mixHash,
    sha3Uncles: header.sha3Uncles,
    logsBloom: bytesToHex(header.logsBloom),
    stateRoot: header.stateRoot,
    miner: header.miner,
    difficulty: quantity(header.difficulty),
    extraData: bytesToHex(header.extraData),
    gasLimit: quantity(header.gasLimit),
    gasUsed: quantity(header.gasUsed),
    timestamp: quantity(header.timestamp),
    transactionsRoot: header.transactionsRoot,
    receiptsRoot: header.receiptsRoot,
    baseFeePerGas: optionalQuantity(header.baseFeePerGas),
    withdrawalsRoot: header.withdrawalsRoot,
    blobGasUsed: optionalQuantity(header.blobGasUsed),
    excessBlobGas: optionalQuantity(header.excessBlobGas),
    parentBeaconBlockRoot: header.parentBeaconBlockRoot,
    requestsHash: header.requestsHash,
  };
}

/**
 * A block as `eth_getBlockByNumber` gives it, with transactions in full or their hashes.
 * In full it needs the receipts: a deposit's nonce is only there.
 */
export function blockToRpc(block: Block, receipts: readonly Receipt[] | undefined): Record<string, unknown> {
  const transactions = block.transactions.map((transaction, index) =>
    receipts === undefined
      ? transaction.hash
      : transactionToRpc(transaction, { block, index, receipt: receipts[index] }),
  );
  return {
    ...headerToRpc(block.header, block.hash),
    size: quantity(blockSize(block)),
    transactions,
    uncles: [],
    ...(block.header.withdrawalsRoot !== undefined && { withdrawals: [] }),
  };
}
