import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { mapFile } from "../../../native/js/models.ts";
import type { CodedError } from "../../base/errors.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { contentIdOf } from "../codec/hash.ts";
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

/** Files of which a view is mapped into memory. */
const mappedFiles = new WeakMap<Uint8Array, string>();

/** A view of a whole file as {@link mapFile} gives it, known by its path from now on. @throws NativeError as mapFile. */
export function mapWeights(path: string): Uint8Array {
  const view = mapFile(path);
  mappedFiles.set(view, path);
  return view;
}

/** SHA-256 of bytes. A mapped file is read for it, so that no page of the mapping comes into memory. */
export function hashOfWeights(bytes: Uint8Array): Hash {
  const path = mappedFiles.get(bytes);
  if (path === undefined) return contentIdOf(bytes);
  const digest = createHash("sha256");
  const buffer = new Uint8Array(2 ** 20);
  withFile(path, (descriptor) => {
    for (let got = 1; got > 0; ) {
      got = readSync(descriptor, buffer);
      digest.update(buffer.subarray(0, got));
    }
  });
  return `0x${digest.digest("hex")}`;
}

/** A file that is in memory, or mapped into it: then it is read from the disk, for the mapping's pages would be a second copy. */
export function bytesInMemory(name: string, bytes: Uint8Array): WeightBytes {
  const path = mappedFiles.get(bytes);
  if (path !== undefined) return bytesOnDisk(name, path);
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
