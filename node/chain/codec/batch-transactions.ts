import {
  bigIntToBytes,
  bigIntToUnpaddedBytes,
  concatBytes,
  equalsBytes,
  hexToBytes,
  unpadBytes,
} from "../../base/bytes.ts";
import { type CodedError, isCodedError } from "../../base/errors.ts";
import { chainError } from "../errors.ts";
import type { SignedTransaction, TransactionFields } from "../types/transaction.ts";
import { type BatchReader, Bitlist, encodeUvarint } from "./batch-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { encodeRlp, type RlpItem, RlpReader, wrapRlpList } from "./rlp.ts";
import { feeItems, listItems } from "./transaction-fields.ts";

const NO_BYTES = new Uint8Array(0);

/** A span's transactions, column by column, as parsed; their data may still turn out to be no transaction. */
export interface TransactionColumns {
  isCreation: Bitlist;
  yParity: Bitlist;
  /** r and s, 64 bytes each. */
  signatures: Uint8Array[];
  /** `to` of each transaction that is no creation. */
  recipients: Uint8Array[];
  data: { type: number; data: Uint8Array }[];
  nonces: bigint[];
  gasLimits: bigint[];
  /** One bit for each legacy transaction: EIP-155 or not. */
  isProtected: Bitlist;
}

/** An error that spoils this span batch alone: it parses, but its transactions do not come out. */
function unusable(reason: string, facts: Record<string, unknown> = {}): CodedError {
  return chainError("BATCH_TRANSACTION_INVALID", {
    message: `Transaction of a span batch: ${reason}.`,
    facts,
  });
}

/** Reads the columns of `count` transactions. @throws CodedError `BATCH_INVALID`. */
export function readTransactionColumns(reader: BatchReader, count: number): TransactionColumns {
  const times = <T>(n: number, read: () => T) => Array.from({ length: n }, read);
  const isCreation = reader.bitlist(count);
  const yParity = reader.bitlist(count);
  // Not by `times`: a hostile count of ten million must fail at the first missing byte, before memory is taken.
  const signatures: Uint8Array[] = [];
  for (let i = 0; i < count; i++) signatures.push(reader.bytes(64));
  let calls = 0;
  for (let i = 0; i < count; i++) if (!isCreation.get(i)) calls++;
  const recipients = times(calls, () => reader.bytes(20));
  const data = times(count, () => reader.transactionData());
  const nonces = times(count, () => reader.uvarint());
  const gasLimits = times(count, () => reader.uvarint());
  const legacy = data.filter(({ type }) => type === 0).length;
  const isProtected = reader.bitlist(legacy);
  return { isCreation, yParity, signatures, recipients, data, nonces, gasLimits, isProtected };
}

/** Passes over one item that `check` accepts, and gives its bytes as they stand. */
function item(reader: RlpReader, check: (reader: RlpReader) => void): Uint8Array {
  const start = reader.at;
  check(reader);
  return reader.data.subarray(start, reader.at);
}

function bytesItem(length?: number): (reader: RlpReader) => void {
  return (reader) => {
    const bytes = reader.bytes();
    if (length !== undefined && bytes.length !== length)
      throw unusable("a field has a wrong length", { length: bytes.length, expected: length });
  };
}

function integerItem(maxBytes = Number.POSITIVE_INFINITY): (reader: RlpReader) => void {
  return (reader) => {
    const bytes = reader.bytes();
    if (bytes[0] === 0) throw unusable("an integer has a leading zero byte");
    if (bytes.length > maxBytes) throw unusable("an integer is too large", { length: bytes.length });
  };
}

const anyBytes = bytesItem();
const addressItem = bytesItem(20);
const keyItem = bytesItem(32);

function accessListItem(reader: RlpReader): void {
  const list = reader.list();
  while (!list.done) {
    const entry = list.list();
    addressItem(entry);
    const keys = entry.list();
    while (!keys.done) keyItem(keys);
    entry.finish();
  }
}

const AUTHORIZATION = [
  integerItem(32),
  addressItem,
  integerItem(8),
  integerItem(1),
  integerItem(32),
  integerItem(32),
];

function authorizationsItem(reader: RlpReader): void {
  const list = reader.list();
  while (!list.done) {
    const entry = list.list();
    for (const check of AUTHORIZATION) check(entry);
    entry.finish();
  }
}

interface FullTransaction {
  type: number;
  data: Uint8Array;
  to: Uint8Array | undefined;
  nonce: bigint;
  gas: bigint;
  signature: Uint8Array;
  yParity: boolean;
  /** The EIP-155 v's base, 27 when unprotected. */
  legacyV: bigint;
  chainId: bigint;
}

function encodedInteger(value: bigint): Uint8Array {
  return encodeRlp(bigIntToUnpaddedBytes(value));
}

/** What a type's `data` column holds, each item as encoded. */
function dataItems(type: number, data: Uint8Array): Uint8Array[] {
  if (type > 4 || type === 3 || data[0] === 0) throw unusable(`type ${data[0]} is not supported`);
  const outer = new RlpReader(data, type === 0 ? 0 : 1);
  const list = outer.list();
  outer.finish();
  const number = integerItem(type === 4 ? 32 : undefined);
  const items = [item(list, number), item(list, number)];
  if (type === 2 || type === 4) items.push(item(list, number));
  items.push(item(list, anyBytes));
  if (type !== 0) items.push(item(list, accessListItem));
  if (type === 4) items.push(item(list, authorizationsItem));
  list.finish();
  return items;
}

function encodeFull(tx: FullTransaction): Uint8Array {
  const { type } = tx;
  const [value, ...rest] = dataItems(type, tx.data);
  const fees = type === 2 || type === 4 ? 2 : 1;
  const parity = tx.yParity ? 1n : 0n;
  if (type === 4 && tx.to === undefined) throw unusable("a set-code transaction has no recipient");
  const items = type === 0 ? [] : [encodedInteger(tx.chainId)];
  items.push(
    encodedInteger(tx.nonce),
    ...rest.slice(0, fees),
    encodedInteger(tx.gas),
    encodeRlp(tx.to ?? NO_BYTES),
    value!,
    ...rest.slice(fees),
    encodedInteger(type === 0 ? tx.legacyV + parity : parity),
    encodeRlp(unpadBytes(tx.signature.subarray(0, 32))),
    encodeRlp(unpadBytes(tx.signature.subarray(32))),
  );
  return wrapRlpList(items, type === 0 ? undefined : type);
}

/** A legacy v less its parity. Source: EIP-155. */
function legacyBase(isProtected: boolean, chainId: bigint): bigint {
  return isProtected ? chainId * 2n + 35n : 27n;
}

/** {@link encodeFull} with RLP's failures as this batch's own. */
function joinOne(tx: FullTransaction): Uint8Array {
  try {
    return encodeFull(tx);
  } catch (cause) {
    if (!isCodedError(cause, "RLP_INVALID")) throw cause;
    throw chainError("BATCH_TRANSACTION_INVALID", {
      message: `Transaction of a span batch: bad RLP (${cause.message})`,
      cause,
    });
  }
}

/**
 * The signed EIP-2718 envelopes that the columns describe, in order.
 * @throws CodedError `BATCH_TRANSACTION_INVALID`: this span batch is skipped alone.
 */
export function joinTransactions(columns: TransactionColumns, chainId: bigint): Uint8Array[] {
  let legacyIndex = 0;
  let recipientIndex = 0;
  return columns.data.map(({ type, data }, i) => {
    const isProtected = type === 0 && columns.isProtected.get(legacyIndex++);
    return joinOne({
      type,
      data,
      to: columns.isCreation.get(i) ? undefined : columns.recipients[recipientIndex++]!,
      nonce: columns.nonces[i]!,
      gas: columns.gasLimits[i]!,
      signature: columns.signatures[i]!,
      yParity: columns.yParity.get(i),
      legacyV: legacyBase(isProtected, chainId),
      chainId,
    });
  });
}

/** What a span takes of a transaction: its fields, and its envelope to compare with. */
export type SpanTransaction = TransactionFields & Pick<SignedTransaction, "raw">;

function dataColumn(fields: TransactionFields): Uint8Array {
  const { type, value, data } = fields;
  const items: RlpItem[] = [bigIntToUnpaddedBytes(value), ...feeItems(fields), data, ...listItems(fields)];
  return encodeRlp(items, type === 0 ? undefined : type);
}

function signatureColumn({ r, s }: TransactionFields): Uint8Array {
  return concatBytes(bigIntToBytes(r, 32), bigIntToBytes(s, 32));
}

/**
 * What the columns say of a transaction; they give it back byte for byte.
 * @throws CodedError `BATCH_TRANSACTION_INVALID` for another chain's transaction, and for one that would not come back: a
 * batch with it would be another block's or nobody's.
 */
function rowOf(transaction: SpanTransaction, chainId: bigint): FullTransaction {
  assertChain(transaction, chainId);
  const { type, to, nonce, gasLimit, yParity, raw } = transaction;
  const row: FullTransaction = {
    type,
    data: dataColumn(transaction),
    to: to && hexToBytes(to),
    nonce,
    gas: gasLimit,
    signature: signatureColumn(transaction),
    yParity: yParity === 1,
    legacyV: legacyBase(transaction.chainId !== undefined, chainId),
    chainId,
  };
  if (!equalsBytes(joinOne(row), raw)) throw unusable("a batch does not carry it byte for byte");
  return row;
}

/** Passes if a span batch gives the transaction back byte for byte. @throws CodedError `BATCH_TRANSACTION_INVALID`. */
export function assertSpanCarries(transaction: SpanTransaction, chainId: bigint): void {
  rowOf(transaction, chainId);
}

/** The columns of signed transactions, which grow with each of them. */
export class TransactionColumnsWriter {
  private readonly chainId: bigint;
  private readonly isCreation: boolean[] = [];
  private readonly yParity: boolean[] = [];
  private readonly signatures = new ByteWriter();
  private readonly recipients = new ByteWriter();
  private readonly data = new ByteWriter();
  private readonly nonces = new ByteWriter();
  private readonly gasLimits = new ByteWriter();
  private readonly isProtected: boolean[] = [];

  constructor(chainId: bigint) {
    this.chainId = chainId;
  }

  /** @throws CodedError `BATCH_TRANSACTION_INVALID` as {@link assertSpanCarries}; nothing is added then. */
  add(transaction: SpanTransaction): void {
    const row = rowOf(transaction, this.chainId);
    this.isCreation.push(row.to === undefined);
    this.yParity.push(row.yParity);
    this.signatures.push(row.signature);
    if (row.to !== undefined) this.recipients.push(row.to);
    this.data.push(row.data);
    this.nonces.push(encodeUvarint(row.nonce));
    this.gasLimits.push(encodeUvarint(row.gas));
    if (row.type === 0) this.isProtected.push(transaction.chainId !== undefined);
  }

  /** All columns in the format's order. */
  parts(): Uint8Array[] {
    return [
      Bitlist.from(this.isCreation).bytes,
      Bitlist.from(this.yParity).bytes,
      this.signatures.bytes(),
      this.recipients.bytes(),
      this.data.bytes(),
      this.nonces.bytes(),
      this.gasLimits.bytes(),
      Bitlist.from(this.isProtected).bytes,
    ];
  }
}

function assertChain({ chainId: own }: TransactionFields, chainId: bigint): void {
  if (own !== undefined && own !== chainId)
    throw unusable("it is signed for another chain", { chainId, own });
}
