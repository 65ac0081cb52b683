import type { CodedError } from "../base/errors.ts";
import { storeError } from "./errors.ts";

/** Transactions of a record by their place; undefined: it has left. */
export type RecordSlots = (Uint8Array | undefined)[];

/** Transactions of one record at most. */
export const RECORD_SLOTS = 16;
/** Bytes from which on a record takes no more in: it may be written anew for each transaction that leaves. */
export const RECORD_BYTES = 16 * 1024;

/** For each slot its length as u32 little endian, 0 for one that has left, and its bytes. */
export function encodeRecord(slots: RecordSlots): Uint8Array {
  let length = 0;
  for (const slot of slots) length += 4 + (slot?.length ?? 0);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const slot of slots) {
    view.setUint32(at, slot?.length ?? 0, true);
    at += 4;
    if (slot === undefined) continue;
    bytes.set(slot, at);
    at += slot.length;
  }
  return bytes;
}

/** Inverse of {@link encodeRecord}; shares memory. @throws CodedError `STORE_CORRUPT`. */
export function decodeRecord(bytes: Uint8Array): RecordSlots {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const slots: RecordSlots = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length || slots.length === RECORD_SLOTS) throw corrupt();
    const length = view.getUint32(at, true);
    at += 4;
    if (at + length > bytes.length) throw corrupt();
    slots.push(length === 0 ? undefined : bytes.subarray(at, at + length));
    at += length;
  }
  return slots;
}

function corrupt(): CodedError {
  return storeError("STORE_CORRUPT", {
    message: "The mempool's journal holds a record of no known form.",
    fix: "Restore the data folder from a copy, or start with --reset.",
  });
}
