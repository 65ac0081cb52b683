import { equalsBytes } from "../../base/bytes.ts";
import { type CodedError, isCodedError } from "../../base/errors.ts";
import { chainError } from "../errors.ts";
import type { SignedTransaction } from "../types/transaction.ts";
import { type BatchReader, Bitlist, encodeUvarint } from "./batch-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { RlpReader } from "./rlp.ts";
import { RlpListWriter } from "./rlp-list-writer.ts";

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

function bytesItem(length?: number): (reader: RlpReader) => void {
  return (reader) => {
    const found = reader.skipBytes();
    if (length !== undefined && found !== length)
      throw unusable("a field has a wrong length", { length: found, expected: length });
  };
}

function integerItem(maxBytes = Number.POSITIVE_INFINITY): (reader: RlpReader) => void {
  return (reader) => {
    const length = reader.skipBytes();
    if (length > 0 && reader.data[reader.payload] === 0) throw unusable("an integer has a leading zero byte");
    if (length > maxBytes) throw unusable("an integer is too large", { length });
  };
}

const anyBytes = bytesItem();
const anyInteger = integerItem();
const integer32 = integerItem(32);
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

/** How many fees a transaction of the type names: a price, or a tip and a cap. */
function feeCount(type: number): number {
  return type === 2 || type === 4 ? 2 : 1;
}

/** Where the parts of a `data` column lie: the value, the fees, then the data and the type's lists. */
interface DataParts {
  value: number;
  fees: number;
  rest: number;
  end: number;
}

/** Checks what a type's `data` column holds. */
function dataParts(type: number, data: Uint8Array): DataParts {
  if (type > 4 || type === 3 || data[0] === 0) throw unusable(`type ${data[0]} is not supported`);
  const outer = new RlpReader(data, type === 0 ? 0 : 1);
  const list = outer.list();
  outer.finish();
  const number = type === 4 ? integer32 : anyInteger;
  const value = list.at;
  number(list);
  const fees = list.at;
  for (let left = feeCount(type); left > 0; left--) number(list);
  const rest = list.at;
  anyBytes(list);
  if (type !== 0) accessListItem(list);
  if (type === 4) authorizationsItem(list);
  list.finish();
  return { value, fees, rest, end: list.at };
}

const full = new RlpListWriter();

/** The envelope; valid until the next one is written. */
function encodeFull(tx: FullTransaction): Uint8Array {
  const { type, data, signature } = tx;
  const { value, fees, rest, end } = dataParts(type, data);
  if (type === 4 && tx.to === undefined) throw unusable("a set-code transaction has no recipient");
  const parity = tx.yParity ? 1n : 0n;
  full.begin();
  if (type !== 0) full.integer(tx.chainId);
  full.integer(tx.nonce);
  full.encoded(data, fees, rest);
  full.integer(tx.gas);
  full.string(tx.to ?? NO_BYTES);
  full.encoded(data, value, fees);
  full.encoded(data, rest, end);
  full.integer(type === 0 ? tx.legacyV + parity : parity);
  for (const half of [0, 32]) {
    let from = half;
    while (from < half + 32 && signature[from] === 0) from++;
    full.string(signature, from, half + 32);
  }
  return full.end(type === 0 ? undefined : type);
}

/** A legacy v less its parity. Source: EIP-155. */
function legacyBase(isProtected: boolean, chainId: bigint): bigint {
  return isProtected ? chainId * 2n + 35n : 27n;
}

/** {@link encodeFull} with RLP's failures as this batch's own; valid until the next one. */
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
    const joined = joinOne({
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
    return joined.slice();
  });
}

/** What a span takes of a transaction: its envelope, and what the columns hold otherwise than the envelope does. */
export type SpanTransaction = Pick<
  SignedTransaction,
  "raw" | "type" | "nonce" | "gasLimit" | "yParity" | "chainId"
>;

const column = new RlpListWriter();

/** What of an envelope's bytes the columns take as it stands. */
function partsOf(
  raw: Uint8Array,
  type: number,
): { data: Uint8Array; to?: Uint8Array; signature: Uint8Array } {
  const list = new RlpReader(raw, type === 0 ? 0 : 1).list();
  if (type !== 0) list.skip();
  list.skip();
  const fees = list.at;
  for (let left = feeCount(type); left > 0; left--) list.skip();
  const gas = list.at;
  list.skip();
  const to = list.bytes();
  const value = list.at;
  list.skip();
  const rest = list.at;
  for (let left = type === 0 ? 1 : type === 4 ? 3 : 2; left > 0; left--) list.skip();
  const end = list.at;
  list.skip();
  column.begin();
  column.encoded(raw, value, rest);
  column.encoded(raw, fees, gas);
  column.encoded(raw, rest, end);
  const data = column.end(type === 0 ? undefined : type).slice();
  return { data, to: to.length === 0 ? undefined : to, signature: signatureOf(list) };
}

/** r and s, 32 bytes each. */
function signatureOf(list: RlpReader): Uint8Array {
  const signature = new Uint8Array(64);
  for (const end of [32, 64]) {
    const length = list.skipBytes();
    if (length > 32) throw unusable("a signature's number is too large", { length });
    for (let i = 1; i <= length; i++) signature[end - i] = list.data[list.at - i]!;
  }
  return signature;
}

/**
 * What the columns say of a transaction; they give it back byte for byte.
 * @throws CodedError `BATCH_TRANSACTION_INVALID` for another chain's transaction, and for one that would not come back: a
 * batch with it would be another block's or nobody's.
 */
function rowOf(transaction: SpanTransaction, chainId: bigint): FullTransaction {
  assertChain(transaction, chainId);
  const { type, nonce, gasLimit, yParity, raw } = transaction;
  const { data, to, signature } = partsOf(raw, type);
  const row: FullTransaction = {
    type,
    data,
    to,
    nonce,
    gas: gasLimit,
    signature,
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

function assertChain({ chainId: own }: SpanTransaction, chainId: bigint): void {
  if (own !== undefined && own !== chainId)
    throw unusable("it is signed for another chain", { chainId, own });
}
