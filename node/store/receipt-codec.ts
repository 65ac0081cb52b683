import { bytesToBigInt, bytesToHex } from "../base/bytes.ts";
import type { Steps } from "../base/steps.ts";
import { logsBloom, writeLogs } from "../chain/codec/receipt.ts";
import { decodeRlp } from "../chain/codec/rlp.ts";
import { RlpListWriter } from "../chain/codec/rlp-list-writer.ts";
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

/** In the place of a bloom filter, which older versions wrote: it follows from the logs. */
const NO_BLOOM = new Uint8Array(0);

/** Receipts that are encoded in one step. */
const STEP = 256;

/** Encodes a block's receipts for the store. */
export function* encodeStoredReceipts(receipts: readonly Receipt[]): Steps<Uint8Array> {
  const writer = new RlpListWriter();
  const fees = new RepeatedFees();
  writer.begin();
  for (const [index, receipt] of receipts.entries()) {
    if (index % STEP === STEP - 1) yield;
    writeReceipt(writer, receipt, fees);
  }
  return writer.end();
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

function writeReceipt(writer: RlpListWriter, receipt: Receipt, fees: RepeatedFees): void {
  const list = writer.open();
  writer.integer(BigInt(receipt.type));
  writer.integer(BigInt(receipt.status));
  writer.integer(receipt.cumulativeGasUsed);
  writer.string(NO_BLOOM);
  writeLogs(writer, receipt.logs);
  writer.integer(receipt.gasUsed);
  writer.integer(receipt.effectiveGasPrice);
  const contract = writer.open();
  if (receipt.contractAddress !== undefined) writer.hex(receipt.contractAddress);
  writer.close(contract);
  writeOptional(writer, receipt.depositNonce);
  const version = receipt.depositReceiptVersion;
  writeOptional(writer, version === undefined ? undefined : BigInt(version));
  if (receipt.l1 === undefined) writer.close(writer.open());
  else writer.encoded(fees.encoded(receipt.l1));
  writer.close(list);
}

function writeOptional(writer: RlpListWriter, value: bigint | undefined): void {
  const list = writer.open();
  if (value !== undefined) writer.integer(value);
  writer.close(list);
}

/** The fees' encoding: much of a block's receipts have the same ones. */
class RepeatedFees {
  private readonly writer = new RlpListWriter();
  private last: { fees: L1FeeReceipt; bytes: Uint8Array } | undefined;

  encoded(fees: L1FeeReceipt): Uint8Array {
    const { last } = this;
    if (last?.fees === fees) return last.bytes;
    if (last !== undefined && L1_FIELDS.every((field) => last.fees[field] === fees[field])) return last.bytes;
    this.writer.begin();
    for (const field of L1_FIELDS) {
      if (field !== "l1FeeScalar" || fees.l1FeeScalar !== undefined) writeOptional(this.writer, fees[field]);
    }
    const bytes = this.writer.end().slice();
    this.last = { fees, bytes };
    return bytes;
  }
}

function itemReceipt(item: Item): Receipt {
  const fields = list(item);
  const contract = list(fields[7])[0];
  const version = fromOptional(fields[9]);
  const l1 = list(fields[10]);
  const bloom = bytes(fields[3]);
  const logs = list(fields[4]).map(itemLog);
  return {
    get logsBloom() {
      return bloom.length === 0 ? logsBloom(logs) : bloom;
    },
    logs,
    type: Number(toBigInt(fields[0])),
    status: toBigInt(fields[1]) === 1n ? 1 : 0,
    cumulativeGasUsed: toBigInt(fields[2]),
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

function l1Fees(items: readonly Item[]): L1FeeReceipt {
  const entries = L1_FIELDS.map((field, index) => [field, fromOptional(items[index] ?? [])]);
  return Object.fromEntries(entries) as unknown as L1FeeReceipt;
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
