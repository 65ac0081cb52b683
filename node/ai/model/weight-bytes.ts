import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { CodedError } from "../../base/errors.ts";
import { aiError } from "../errors.ts";

/** Where some bytes of a file of weights are, for the native core to read them without a copy on this side. */
export type BytesPlace = { data: Uint8Array } | { path: string; offset: number; bytes: number };

/** A file of weights that is read in pieces: its header here, its tensors in the native core. */
export interface WeightBytes {
  /** The file's name, for messages. */
  name: string;
  /** Bytes. */
  size: number;
  /** At most `length` bytes from `offset` on; fewer only at the file's end. */
  read(offset: number, length: number): Uint8Array;
  place(offset: number, bytes: number): BytesPlace;
}

/** A file that is in memory, or mapped into it. */
export function bytesInMemory(name: string, bytes: Uint8Array): WeightBytes {
  return {
    name,
    size: bytes.length,
    read: (offset, length) => bytes.subarray(offset, offset + length),
    place: (offset, length) => ({ data: bytes.subarray(offset, offset + length) }),
  };
}

/**
 * A file of any size on disk, opened anew for each read. The native core refuses it if its size has changed until then.
 * @throws CodedError `MODEL_FILE_MISSING`.
 */
export function bytesOnDisk(name: string, path: string): WeightBytes {
  const size = withFile(path, (descriptor) => fstatSync(descriptor).size);
  return {
    name,
    size,
    read: (offset, length) =>
      withFile(path, (descriptor) => {
        const buffer = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
        return buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, offset));
      }),
    place: (offset, bytes) => ({ path, offset, bytes }),
  };
}

function withFile<T>(path: string, use: (descriptor: number) => T): T {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (cause) {
    throw unreadable(path, cause);
  }
  try {
    return use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function unreadable(path: string, cause: unknown): CodedError {
  return aiError("MODEL_FILE_MISSING", {
    message: `cannot read ${path}`,
    fix: "check the path and that this user may read it",
    facts: { path },
    cause,
  });
}
