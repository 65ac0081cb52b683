import {
  EXPONENT_AT,
  RECORD_HEAD,
  type RecordHead,
  readRecordHead,
  recordSize,
} from "../../../precompiles/influence-verifier/rule.ts";
import type { CodedError } from "../../base/errors.ts";
import { type AiError, aiError } from "../errors.ts";

/** One row of the snapshots as the index commits it: whose row it is, whether it takes part, its sketch. */
export interface IndexRecord extends RecordHead {
  /** [k], each within ±127; all 0 where the row repeats another or is skipped. */
  values: Int8Array;
}

/** An answer's sketch. */
export interface QuerySketch {
  exponent: number;
  /** [k], each within ±32767. */
  values: Int16Array;
}

/** rowId u32 | contributionId u64 | row u32 | first u32 | exponent i8 | int8[k], big endian. */
export function encodeRecord(record: IndexRecord): Uint8Array {
  const bytes = new Uint8Array(recordSize(record.values.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, record.rowId);
  view.setBigUint64(4, record.contributionId);
  view.setUint32(12, record.row);
  view.setUint32(16, record.first);
  view.setInt8(EXPONENT_AT, checkedExponent(record.exponent));
  if (record.values.includes(-128)) throw bad("RECORD_INVALID", "a sketch value is -128");
  bytes.set(
    new Uint8Array(record.values.buffer, record.values.byteOffset, record.values.length),
    RECORD_HEAD,
  );
  return bytes;
}

/**
 * Reads a record. A value of -128 is read as it stands: a stranger's index may hold one, and then its row has no score.
 * @throws CodedError `RECORD_INVALID` for a wrong length.
 */
export function decodeRecord(bytes: Uint8Array, dimension: number): IndexRecord {
  if (bytes.length !== recordSize(dimension)) {
    throw bad("RECORD_INVALID", `it has ${bytes.length} bytes in place of ${recordSize(dimension)}`);
  }
  const values = new Int8Array(bytes.buffer, bytes.byteOffset + RECORD_HEAD, dimension);
  return { ...readRecordHead(bytes), values };
}

/** The record of a row among records that lie end to end. */
export function recordAt(records: Uint8Array, rowId: number, dimension: number): IndexRecord {
  const size = recordSize(dimension);
  return decodeRecord(records.subarray(rowId * size, (rowId + 1) * size), dimension);
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

/** Bytes of a query sketch: a cover may stand behind them. */
export function queryBytes(dimension: number): number {
  return 1 + 2 * dimension;
}

/** Reads a query sketch. @throws CodedError `QUERY_INVALID` for a wrong length or a value of -32768. */
export function decodeQuery(bytes: Uint8Array, dimension: number): QuerySketch {
  if (bytes.length !== queryBytes(dimension)) {
    throw bad("QUERY_INVALID", `it has ${bytes.length} bytes in place of ${queryBytes(dimension)}`);
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
