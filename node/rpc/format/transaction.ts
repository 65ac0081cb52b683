import type { TypedTransaction } from "@ethereumjs/tx";
import { bigIntMin, bytesToHex } from "@ethereumjs/util";
import { DEPOSIT_TYPE } from "../../chain/codec/deposit.ts";
import type { Block, ChainTransaction, Receipt } from "../../chain/types/block.ts";
import { bytesQuantity, quantity } from "./quantity.ts";

/** Where a transaction is; absent while it waits in the pool. */
export interface TransactionPlace {
  block: Block;
  index: number;
  /** Deposits: their nonce and version are in the receipt. */
  receipt: Receipt | undefined;
}

const PRE_EIP155_V = 28n;

function effectiveGasPrice(signed: TypedTransaction, baseFee: bigint | undefined): bigint {
  if (!("maxFeePerGas" in signed)) return signed.gasPrice;
  if (baseFee === undefined) return signed.maxFeePerGas;
  return baseFee + bigIntMin(signed.maxPriorityFeePerGas, signed.maxFeePerGas - baseFee);
}

function signedFields(signed: TypedTransaction, baseFee: bigint | undefined): Record<string, unknown> {
  const v = signed.v ?? 0n;
  const isLegacy = signed.type === 0;
  return {
    gas: quantity(signed.gasLimit),
    gasPrice: quantity(effectiveGasPrice(signed, baseFee)),
    ...("maxFeePerGas" in signed && {
      maxFeePerGas: quantity(signed.maxFeePerGas),
      maxPriorityFeePerGas: quantity(signed.maxPriorityFeePerGas),
    }),
    input: bytesToHex(signed.data),
    nonce: quantity(signed.nonce),
    to: signed.to?.toString() ?? null,
    value: quantity(signed.value),
    type: quantity(signed.type),
    ...("accessList" in signed && { accessList: accessListJson(signed.accessList) }),
    ...((!isLegacy || v > PRE_EIP155_V) && { chainId: chainIdOf(signed, v) }),
    ...("authorizationList" in signed && {
      authorizationList: authorizationsJson(signed.authorizationList as unknown as Uint8Array[][]),
    }),
    v: quantity(v),
    r: quantity(signed.r ?? 0n),
    s: quantity(signed.s ?? 0n),
    ...(!isLegacy && { yParity: quantity(v) }),
  };
}

function chainIdOf(signed: TypedTransaction, v: bigint): string {
  return quantity("chainId" in signed ? signed.chainId : (v - 35n) / 2n);
}

function accessListJson(list: readonly (readonly [Uint8Array, readonly Uint8Array[]])[]): unknown[] {
  return list.map(([address, keys]) => ({
    address: bytesToHex(address),
    storageKeys: keys.map((key) => bytesToHex(key)),
  }));
}

function authorizationsJson(list: readonly Uint8Array[][]): unknown[] {
  return list.map(([chainId, address, nonce, yParity, r, s]) => ({
    chainId: bytesQuantity(chainId!),
    address: bytesToHex(address!),
    nonce: bytesQuantity(nonce!),
    yParity: bytesQuantity(yParity!),
    r: bytesQuantity(r!),
    s: bytesQuantity(s!),
  }));
}

type Deposit = Extract<ChainTransaction, { kind: "deposit" }>;

function depositFields({ deposit }: Deposit, receipt: Receipt | undefined): Record<string, unknown> {
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
      : signedFields(transaction.signed, header?.baseFeePerGas)),
  };
}
