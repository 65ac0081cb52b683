import { minBigInt } from "../../base/bigint.ts";
import { bytesToHex } from "../../base/bytes.ts";
import { DEPOSIT_TYPE } from "../../chain/codec/deposit.ts";
import type { Block, Receipt } from "../../chain/types/block.ts";
import type {
  Authorization,
  ChainDeposit,
  ChainTransaction,
  SignedTransaction,
} from "../../chain/types/transaction.ts";
import { quantity } from "./quantity.ts";

/** Where a transaction is; absent while it waits in the pool. */
export interface TransactionPlace {
  block: Block;
  index: number;
  /** Deposits: their nonce and version are in the receipt. */
  receipt: Receipt | undefined;
}

function effectiveGasPrice(signed: SignedTransaction, baseFee: bigint | undefined): bigint {
  const { maxFeePerGas, maxPriorityFeePerGas } = signed;
  if (signed.type <= 1 || baseFee === undefined) return maxFeePerGas;
  return baseFee + minBigInt(maxPriorityFeePerGas, maxFeePerGas - baseFee);
}

function signedFields(signed: SignedTransaction, baseFee: bigint | undefined): Record<string, unknown> {
  const { type, v, chainId } = signed;
  return {
    gas: quantity(signed.gasLimit),
    gasPrice: quantity(effectiveGasPrice(signed, baseFee)),
    ...(type > 1 && {
      maxFeePerGas: quantity(signed.maxFeePerGas),
      maxPriorityFeePerGas: quantity(signed.maxPriorityFeePerGas),
    }),
    input: bytesToHex(signed.data),
    nonce: quantity(signed.nonce),
    to: signed.to ?? null,
    value: quantity(signed.value),
    type: quantity(type),
    ...(type > 0 && { accessList: signed.accessList }),
    ...(chainId !== undefined && { chainId: quantity(chainId) }),
    ...(type === 4 && { authorizationList: signed.authorizationList.map(authorizationToRpc) }),
    v: quantity(v),
    r: quantity(signed.r),
    s: quantity(signed.s),
    ...(type > 0 && { yParity: quantity(v) }),
  };
}

function authorizationToRpc(authorization: Authorization): Record<string, unknown> {
  return {
    chainId: quantity(authorization.chainId),
    address: authorization.address,
    nonce: quantity(authorization.nonce),
    yParity: quantity(authorization.yParity),
    r: quantity(authorization.r),
    s: quantity(authorization.s),
  };
}

function depositFields({ deposit }: ChainDeposit, receipt: Receipt | undefined): Record<string, unknown> {
  return {
    gas: quantity(deposit.gas),
    gasPrice: "0x0",
    input: bytesToHex(deposit.data),
    nonce: quantity(receipt?.depositNonce ?? 0n),
    to: deposit.to ?? null,
    value: quantity(deposit.value),
    type: quantity(DEPOSIT_TYPE),
    v: "0x0",
    r: "0x0",
    s: "0x0",
    sourceHash: deposit.sourceHash,
    mint: quantity(deposit.mint ?? 0n),
    ...(deposit.isSystemTx && { isSystemTx: true }),
    ...(receipt?.depositReceiptVersion !== undefined && {
      depositReceiptVersion: quantity(receipt.depositReceiptVersion),
    }),
  };
}

/** A transaction as `eth_getTransactionByHash` gives it, with op-geth's deposit fields. */
export function transactionToRpc(
  transaction: ChainTransaction,
  place: TransactionPlace | undefined,
): Record<string, unknown> {
  const header = place?.block.header;
  return {
    blockHash: place?.block.hash ?? null,
    blockNumber: header === undefined ? null : quantity(header.number),
    ...(header !== undefined && { blockTimestamp: quantity(header.timestamp) }),
    from: transaction.from,
    hash: transaction.hash,
    transactionIndex: place === undefined ? null : quantity(place.index),
    ...(transaction.kind === "deposit"
      ? depositFields(transaction, place?.receipt)
      : signedFields(transaction, header?.baseFeePerGas)),
  };
}
