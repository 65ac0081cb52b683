import { bigIntToUnpaddedBytes, bytesToBigInt, bytesToHex, hexToBytes } from "../base/bytes.ts";
import { decodeRlp, encodeRlp } from "../chain/codec/rlp.ts";
import type { L1FeeReceipt, Log, Receipt } from "../chain/types/block.ts";
import { storeError } from "./errors.ts";

/** RLP of the store's own form of receipts: more than consensus keeps, so that RPC needs no re-execution. */
type Item = Uint8Array | Item[];

const L1_FIELDS = [
  "l1GasPrice",
  "l1GasUsed",
  "l1Fee",
  "l1BaseFeeScalar",
  "l1BlobBaseFee",
  "l1BlobBaseFeeScalar",
  "operatorFeeScalar",
  "operatorFeeConstant",
  "daFootprintGasScalar",
  "blobGasUsed",
  // Added later: receipts that were stored before end without it.
  "l1FeeScalar",
] as const satisfies readonly (keyof L1FeeReceipt)[];

/** Encodes a block's receipts for the store. */
export function encodeStoredReceipts(receipts: readonly Receipt[]): Uint8Array {
  return encodeRlp(receipts.map(receiptItem));
}

/** Inverse of {@link encodeStoredReceipts}. @throws CodedError `STORE_CORRUPT`. */
export function decodeStoredReceipts(bytes: Uint8Array): Receipt[] {
  try {
    return list(decodeRlp(bytes) as Item).map(itemReceipt);
  } catch (cause) {
    throw storeError("STORE_CORRUPT", {
      message: "Stored receipts can't be read.",
      fix: "Restore the data folder from a copy, or start with --reset.",
      cause,
    });
  }
}

function receiptItem(receipt: Receipt): Item {
  return [
    number(BigInt(receipt.type)),
    number(BigInt(receipt.status)),
    number(receipt.cumulativeGasUsed),
    receipt.logsBloom,
    receipt.logs.map((log) => [
      hexToBytes(log.address),
      log.topics.map((topic) => hexToBytes(topic)),
      log.data,
    ]),
    number(receipt.gasUsed),
    number(receipt.effectiveGasPrice),
    receipt.contractAddress === undefined ? [] : [hexToBytes(receipt.contractAddress)],
    optional(receipt.depositNonce),
    optional(receipt.depositReceiptVersion === undefined ? undefined : BigInt(receipt.depositReceiptVersion)),
    receipt.l1 === undefined ? [] : l1Items(receipt.l1),
  ];
}

function itemReceipt(item: Item): Receipt {
  const fields = list(item);
  const contract = list(fields[7])[0];
  const version = fromOptional(fields[9]);
  const l1 = list(fields[10]);
  return {
    type: Number(toBigInt(fields[0])),
    status: toBigInt(fields[1]) === 1n ? 1 : 0,
    cumulativeGasUsed: toBigInt(fields[2]),
    logsBloom: bytes(fields[3]),
    logs: list(fields[4]).map(itemLog),
    gasUsed: toBigInt(fields[5]),
    effectiveGasPrice: toBigInt(fields[6]),
    contractAddress: contract === undefined ? undefined : bytesToHex(bytes(contract)),
    depositNonce: fromOptional(fields[8]),
    depositReceiptVersion: version === undefined ? undefined : Number(version),
    l1: l1.length === 0 ? undefined : l1Fees(l1),
  };
}

function itemLog(item: Item): Log {
  const [address, topics, data] = list(item);
  return {
    address: bytesToHex(bytes(address)),
    topics: list(topics).map((topic) => bytesToHex(bytes(topic))),
    data: bytes(data),
  };
}

function l1Items(l1: L1FeeReceipt): Item[] {
  const items = L1_FIELDS.map((field) => optional(l1[field]));
  return l1.l1FeeScalar === undefined ? items.slice(0, -1) : items;
}

function l1Fees(items: readonly Item[]): L1FeeReceipt {
  const entries = L1_FIELDS.map((field, index) => [field, fromOptional(items[index] ?? [])]);
  return Object.fromEntries(entries) as unknown as L1FeeReceipt;
}

function number(value: bigint): Uint8Array {
  return bigIntToUnpaddedBytes(value);
}

function optional(value: bigint | undefined): Item {
  return value === undefined ? [] : [number(value)];
}

function fromOptional(item: Item | undefined): bigint | undefined {
  const value = list(item)[0];
  return value === undefined ? undefined : toBigInt(value);
}

function toBigInt(item: Item | undefined): bigint {
  return bytesToBigInt(bytes(item));
}

function bytes(item: Item | undefined): Uint8Array {
  if (!(item instanceof Uint8Array)) throw new Error("expected bytes");
  return item;
}

function list(item: Item | undefined): Item[] {
  if (!Array.isArray(item)) throw new Error("expected a list");
  return item;
}
