import { type NestedUint8Array, RLP } from "@ethereumjs/rlp";
import {
  bigIntToUnpaddedBytes,
  bytesToBigInt,
  concatBytes,
  setLengthLeft,
  unpadBytes,
} from "@ethereumjs/util";
import { CodedError } from "../../base/errors.ts";
import { chainError } from "../errors.ts";
import { joinBytes } from "./batch-bytes.ts";
import { type BatchReader, Bitlist, encodeUvarint } from "./batch-reader.ts";

type Field = Uint8Array | NestedUint8Array;

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

/** Fields of a type's `data` column in the order of the span batch format. */
const DATA_FIELDS: Readonly<Record<number, number>> = { 0: 3, 1: 4, 2: 5, 4: 6 };

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

function bytesField(field: Field | undefined, length?: number): Uint8Array {
  if (!(field instanceof Uint8Array)) throw unusable("a list stands where bytes belong");
  if (length !== undefined && field.length !== length)
    throw unusable("a field has a wrong length", { length: field.length, expected: length });
  return field;
}

function integerField(field: Field | undefined, maxBytes = Number.POSITIVE_INFINITY): Uint8Array {
  const bytes = bytesField(field);
  if (bytes[0] === 0) throw unusable("an integer has a leading zero byte");
  if (bytes.length > maxBytes) throw unusable("an integer is too large", { length: bytes.length });
  return bytes;
}

function listField(field: Field | undefined, length?: number): Field[] {
  if (!Array.isArray(field)) throw unusable("bytes stand where a list belongs");
  if (length !== undefined && field.length !== length)
    throw unusable("a list has a wrong length", { length: field.length, expected: length });
  return field;
}

function accessListField(field: Field | undefined): Field {
  for (const entry of listField(field)) {
    const [address, keys] = listField(entry, 2);
    bytesField(address, 20);
    for (const key of listField(keys)) bytesField(key, 32);
  }
  return field!;
}

function authorizationsField(field: Field | undefined): Field {
  for (const entry of listField(field)) {
    const [chainId, address, nonce, yParity, r, s] = listField(entry, 6);
    integerField(chainId, 32);
    bytesField(address, 20);
    integerField(nonce, 8);
    integerField(yParity, 1);
    integerField(r, 32);
    integerField(s, 32);
  }
  return field!;
}

function decodeFields(type: number, data: Uint8Array): Field[] {
  const count = DATA_FIELDS[type];
  if (count === undefined || (data[0] ?? 0) === 0) throw unusable(`type ${data[0]} is not supported`);
  try {
    return listField(RLP.decode(type === 0 ? data : data.subarray(1)), count);
  } catch (cause) {
    if (cause instanceof CodedError) throw cause;
    throw chainError("BATCH_TRANSACTION_INVALID", {
      message: "Transaction of a span batch: bad RLP.",
      cause,
    });
  }
}

interface FullTransaction {
  type: number;
  fields: Field[];
  to: Uint8Array | undefined;
  nonce: bigint;
  gas: bigint;
  signature: Uint8Array;
  yParity: boolean;
  /** The EIP-155 v's base, 27 when unprotected. */
  legacyV: bigint;
  chainId: bigint;
}

function encodeFull(tx: FullTransaction): Uint8Array {
  const { type, fields } = tx;
  const nonce = bigIntToUnpaddedBytes(tx.nonce);
  const gas = bigIntToUnpaddedBytes(tx.gas);
  const to = tx.to ?? new Uint8Array(0);
  const r = unpadBytes(tx.signature.subarray(0, 32));
  const s = unpadBytes(tx.signature.subarray(32));
  const parity = tx.yParity ? 1n : 0n;
  const value = integerField(fields[0], type === 4 ? 32 : undefined);
  if (type === 0) {
    const [, gasPrice, data] = fields;
    const v = bigIntToUnpaddedBytes(tx.legacyV + parity);
    return RLP.encode([nonce, integerField(gasPrice), gas, to, value, bytesField(data), v, r, s]);
  }
  const chainId = bigIntToUnpaddedBytes(tx.chainId);
  const fees = type === 1 ? [fields[1]] : [fields[1], fields[2]];
  const [data, accessList, authorizations] = fields.slice(1 + fees.length);
  const payload = [
    chainId,
    nonce,
    ...fees.map((fee) => integerField(fee, type === 4 ? 32 : undefined)),
    gas,
    to,
    value,
    bytesField(data),
    accessListField(accessList),
  ];
  if (type === 4) {
    if (tx.to === undefined) throw unusable("a set-code transaction has no recipient");
    payload.push(authorizationsField(authorizations));
  }
  payload.push(bigIntToUnpaddedBytes(parity), r, s);
  return concatBytes(Uint8Array.of(type), RLP.encode(payload));
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
    return encodeFull({
      type,
      fields: decodeFields(type, data),
      to: columns.isCreation.get(i) ? undefined : columns.recipients[recipientIndex++]!,
      nonce: columns.nonces[i]!,
      gas: columns.gasLimits[i]!,
      signature: columns.signatures[i]!,
      yParity: columns.yParity.get(i),
      legacyV: isProtected ? chainId * 2n + 35n : 27n,
      chainId,
    });
  });
}

interface SplitTransaction {
  creation: boolean;
  yParity: boolean;
  signature: Uint8Array;
  to: Uint8Array;
  data: Uint8Array;
  nonce: bigint;
  gas: bigint;
  /** undefined for typed transactions. */
  isProtected: boolean | undefined;
}

function splitLegacy(fields: Field[], chainId: bigint): SplitTransaction {
  const [nonce, gasPrice, gas, to, value, data, v, r, s] = listField(fields, 9) as Uint8Array[];
  const sign = bytesToBigInt(v!);
  const isProtected = sign !== 27n && sign !== 28n;
  const parity = sign - (isProtected ? chainId * 2n + 35n : 27n);
  if (parity !== 0n && parity !== 1n) throw unusable("it is signed for another chain", { v: sign, chainId });
  return {
    creation: to!.length === 0,
    yParity: parity === 1n,
    signature: concatBytes(setLengthLeft(r!, 32), setLengthLeft(s!, 32)),
    to: to!,
    data: RLP.encode([value!, gasPrice!, data!]),
    nonce: bytesToBigInt(nonce!),
    gas: bytesToBigInt(gas!),
    isProtected,
  };
}

function splitTyped(type: number, fields: Field[], chainId: bigint): SplitTransaction {
  const fees = type === 1 ? 1 : 2;
  const lists = type === 4 ? 2 : 1;
  listField(fields, 9 + fees + lists);
  const [txChainId, nonce] = fields as Uint8Array[];
  if (bytesToBigInt(txChainId!) !== chainId) throw unusable("it is signed for another chain", { chainId });
  const [gas, to, value, data] = fields.slice(2 + fees) as Uint8Array[];
  const [yParity, r, s] = fields.slice(6 + fees + lists) as Uint8Array[];
  const columns = [value!, ...fields.slice(2, 2 + fees), data!, ...fields.slice(6 + fees, 6 + fees + lists)];
  return {
    creation: to!.length === 0,
    yParity: yParity!.length === 1,
    signature: concatBytes(setLengthLeft(r!, 32), setLengthLeft(s!, 32)),
    to: to!,
    data: concatBytes(Uint8Array.of(type), RLP.encode(columns)),
    nonce: bytesToBigInt(nonce!),
    gas: bytesToBigInt(gas!),
    isProtected: undefined,
  };
}

function split(raw: Uint8Array, chainId: bigint): SplitTransaction {
  const type = (raw[0] ?? 0x80) <= 0x7f ? raw[0]! : 0;
  if (DATA_FIELDS[type] === undefined || raw[0] === 0)
    throw unusable(`type ${raw[0]} has no place in a batch`);
  const fields = listField(RLP.decode(type === 0 ? raw : raw.subarray(1)));
  return type === 0 ? splitLegacy(fields, chainId) : splitTyped(type, fields, chainId);
}

/**
 * The columns of signed transactions (types 0, 1, 2 and 4), encoded.
 * @throws CodedError `BATCH_TRANSACTION_INVALID` for deposits, blob transactions and other chains' transactions.
 */
export function encodeTransactionColumns(transactions: readonly Uint8Array[], chainId: bigint): Uint8Array {
  const rows = transactions.map((raw) => split(raw, chainId));
  const legacy = rows.filter((row) => row.isProtected !== undefined);
  return joinBytes([
    Bitlist.from(rows.map((row) => row.creation)).bytes,
    Bitlist.from(rows.map((row) => row.yParity)).bytes,
    ...rows.map((row) => row.signature),
    ...rows.map((row) => row.to),
    ...rows.map((row) => row.data),
    ...rows.map((row) => encodeUvarint(row.nonce)),
    ...rows.map((row) => encodeUvarint(row.gas)),
    Bitlist.from(legacy.map((row) => row.isProtected === true)).bytes,
  ]);
}
