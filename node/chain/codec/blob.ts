import type { CodedError } from "../../base/errors.ts";
import { chainError } from "../errors.ts";

/** Bytes of a blob: 4,096 field elements of 32 (EIP-4844). */
export const BLOB_BYTES = 131_072;
/** The most data that a blob takes, in bytes: 1,024 rounds of 4 x 31 + 3, less version and length. */
export const MAX_BLOB_DATA_BYTES = (4 * 31 + 3) * 1_024 - 4;

const VERSION = 0;
const ELEMENT = 32;
/** Data bytes that lie whole in an element; the 6 spare bits of four elements hold three more. */
const WHOLE = 31;
/** Version and length take the place of the first data bytes. */
const HEADER = 4;
const ROUND = 4 * WHOLE + 3;

function invalid(reason: string, facts: Record<string, unknown> = {}): CodedError {
  return chainError("BLOB_INVALID", { message: `Blob: ${reason}.`, facts });
}

/**
 * The data in a blob. Source: op-service `Blob.ToData`, whose checks are these: the first element's two top bits go unseen,
 * nothing but zeros comes after the data. @throws CodedError `BLOB_INVALID`.
 */
export function decodeBlob(blob: Uint8Array): Uint8Array {
  if (blob.length !== BLOB_BYTES) throw invalid("it has another length", { length: blob.length });
  if (blob[1] !== VERSION) throw invalid("unknown version", { version: blob[1] });
  const length = (blob[2]! << 16) | (blob[3]! << 8) | blob[4]!;
  if (length > MAX_BLOB_DATA_BYTES) throw invalid("it says that it is longer than it can be", { length });
  const content = new Uint8Array(HEADER + MAX_BLOB_DATA_BYTES);
  const end = HEADER + length;
  let round = 0;
  do decodeRound(blob, content, round++);
  while (round * ROUND < end);
  if (content.subarray(end).some((byte) => byte !== 0)) throw invalid("there are bytes after its data");
  if (blob.subarray(round * 4 * ELEMENT).some((byte) => byte !== 0))
    throw invalid("there are elements after its data");
  return content.subarray(HEADER, end);
}

/** Four elements into 127 bytes; the first four of all are version and length. */
function decodeRound(blob: Uint8Array, content: Uint8Array, round: number): void {
  const spare = [0, 0, 0, 0];
  for (let i = 0; i < 4; i++) {
    const from = (4 * round + i) * ELEMENT;
    const top = blob[from]!;
    if ((top & 0xc0) !== 0 && (round > 0 || i > 0)) throw invalid("an element uses its two top bits");
    spare[i] = top & 0x3f;
    content.set(blob.subarray(from + 1, from + ELEMENT), round * ROUND + i * ELEMENT);
  }
  const [a, b, c, d] = spare as [number, number, number, number];
  const at = round * ROUND + WHOLE;
  content[at] = a | ((b & 0x30) << 2);
  content[at + ELEMENT] = (b & 0x0f) | ((d & 0x0f) << 4);
  content[at + 2 * ELEMENT] = c | ((d & 0x30) << 2);
}

/** A blob with this data; inverse of {@link decodeBlob}. @throws CodedError `BLOB_INVALID` when there is too much of it. */
export function encodeBlob(data: Uint8Array): Uint8Array {
  if (data.length > MAX_BLOB_DATA_BYTES) throw invalid("too much data", { length: data.length });
  const content = new Uint8Array(HEADER + MAX_BLOB_DATA_BYTES);
  content.set([VERSION, data.length >> 16, (data.length >> 8) & 0xff, data.length & 0xff]);
  content.set(data, HEADER);
  const blob = new Uint8Array(BLOB_BYTES);
  for (let round = 0; round * ROUND < HEADER + data.length; round++) {
    const at = round * ROUND + WHOLE;
    const [x, y, z] = [content[at]!, content[at + ELEMENT]!, content[at + 2 * ELEMENT]!];
    const spare = [x & 0x3f, (y & 0x0f) | ((x & 0xc0) >> 2), z & 0x3f, ((z & 0xc0) >> 2) | ((y & 0xf0) >> 4)];
    for (const [i, top] of spare.entries()) {
      const from = round * ROUND + i * ELEMENT;
      blob[(4 * round + i) * ELEMENT] = top;
      blob.set(content.subarray(from, from + WHOLE), (4 * round + i) * ELEMENT + 1);
    }
  }
  return blob;
}
