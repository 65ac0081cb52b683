import type { CodedError } from "../../base/errors.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { bytesOfHex, hexOfBytes } from "../codec/hash.ts";
import { type AiError, aiError } from "../errors.ts";

/** One training example's sketch as the index commits it. */
export interface IndexRecord {
  /** Position in the index, from 0. */
  rowId: number;
  exampleHash: Hash;
  contributor: Address;
  /** Coordinate = value · 2^exponent. */
  exponent: number;
  /** [k], each within ±127. */
  values: Int8Array;
}

/** An answer's sketch as a claim carries it. */
export interface QuerySketch {
  exponent: number;
  /** [k], each within ±32767. */
  values: Int16Array;
}

/** Bytes of a record before its sketch values: row id, example hash, contributor, exponent. */
const RECORD_HEAD = 57;

/** Bytes of a record with a sketch of `dimension` values. */
export function recordSize(dimension: number): number {
  return RECORD_HEAD + dimension;
}

/** rowId u32 | exampleHash 32 | contributor 20 | exponent i8 | int8[k], big endian. */
export function encodeRecord(record: IndexRecord): Uint8Array {
  const bytes = new Uint8Array(recordSize(record.values.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, record.rowId);
  bytes.set(bytesOfHex(record.exampleHash), 4);
  bytes.set(bytesOfHex(record.contributor), 36);
  view.setInt8(56, checkedExponent(record.exponent));
  for (const value of record.values) {
    if (value === -128) throw bad("RECORD_INVALID", "a sketch value is -128");
  }
  bytes.set(
    new Uint8Array(record.values.buffer, record.values.byteOffset, record.values.length),
    RECORD_HEAD,
  );
  return bytes;
}

/** Reads a record. @throws CodedError `RECORD_INVALID` for a wrong length or a value of -128. */
export function decodeRecord(bytes: Uint8Array, dimension: number): IndexRecord {
  if (bytes.length !== recordSize(dimension)) {
    throw bad("RECORD_INVALID", `it has ${bytes.length} bytes in place of ${recordSize(dimension)}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Int8Array(bytes.slice(RECORD_HEAD).buffer);
  if (values.includes(-128)) throw bad("RECORD_INVALID", "a sketch value is -128");
  return {
    rowId: view.getUint32(0),
    exampleHash: hexOfBytes(bytes.subarray(4, 36)),
    contributor: hexOfBytes(bytes.subarray(36, 56)),
    exponent: view.getInt8(56),
    values,
  };
}

/** exponent i8 | int16[k], big endian. */
export function encodeQuery(query: QuerySketch): Uint8Array {
  const view = new DataView(new ArrayBuffer(1 + 2 * query.values.length));
  view.setInt8(0, checkedExponent(query.exponent));
  for (const [i, value] of query.values.entries()) {
    if (value === -32768) throw bad("QUERY_INVALID", "a sketch value is -32768");
    view.setInt16(1 + 2 * i, value);
  }
  return new Uint8Array(view.buffer);
}

/** Reads a query sketch. @throws CodedError `QUERY_INVALID` for a wrong length or a value of -32768. */
export function decodeQuery(bytes: Uint8Array, dimension: number): QuerySketch {
  if (bytes.length !== 1 + 2 * dimension) {
    throw bad("QUERY_INVALID", `it has ${bytes.length} bytes in place of ${1 + 2 * dimension}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = Int16Array.from({ length: dimension }, (_, i) => view.getInt16(1 + 2 * i));
  if (values.includes(-32768)) throw bad("QUERY_INVALID", "a sketch value is -32768");
  return { exponent: view.getInt8(0), values };
}

function checkedExponent(exponent: number): number {
  if (!Number.isInteger(exponent) || exponent < -128 || exponent > 127) {
    throw bad("SKETCH_EXPONENT", `the exponent ${exponent} does not fit into 8 bits`);
  }
  return exponent;
}

function bad(code: AiError["code"], what: string): CodedError {
  return aiError(code, { message: `the sketch is not valid: ${what}` });
}
