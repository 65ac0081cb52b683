import { bytesToHex, hexToBytes } from "../base/bytes.ts";
import type { Hash } from "../chain/types/primitives.ts";

/** What takes one block back in the flat table. */
export interface FlatUndo {
  root: Hash;
  parentRoot: Hash;
  /** Values from before the block; undefined: there was none. */
  entries: readonly { key: Uint8Array; value: Uint8Array | undefined }[];
}

const HASHES = 64;
/** Of an entry: length of the key u8, length of the value u16. */
const ENTRY = 3;
const ABSENT = 0xffff;

/** Both roots, then of each entry: length of the key u8, of the value u16 (0xffff: none), key, value. */
export function encodeFlatUndo({ root, parentRoot, entries }: FlatUndo): Uint8Array {
  const size = entries.reduce(
    (sum, { key, value }) => sum + ENTRY + key.length + (value?.length ?? 0),
    HASHES,
  );
  const record = new Uint8Array(size);
  record.set(hexToBytes(root));
  record.set(hexToBytes(parentRoot), 32);
  let at = HASHES;
  for (const { key, value } of entries) {
    const length = value?.length ?? ABSENT;
    record[at] = key.length;
    record[at + 1] = length >> 8;
    record[at + 2] = length & 0xff;
    record.set(key, at + ENTRY);
    at += ENTRY + key.length;
    if (value === undefined) continue;
    record.set(value, at);
    at += value.length;
  }
  return record;
}

/** Inverse of {@link encodeFlatUndo}; undefined for a record that is damaged. */
export function decodeFlatUndo(record: Uint8Array): FlatUndo | undefined {
  if (record.length < HASHES) return undefined;
  const entries: { key: Uint8Array; value: Uint8Array | undefined }[] = [];
  let at = HASHES;
  while (at < record.length) {
    if (at + ENTRY > record.length) return undefined;
    const length = record[at + 1]! * 256 + record[at + 2]!;
    const from = at + ENTRY + record[at]!;
    const end = from + (length === ABSENT ? 0 : length);
    if (end > record.length) return undefined;
    const value = length === ABSENT ? undefined : record.subarray(from, end);
    entries.push({ key: record.subarray(at + ENTRY, from), value });
    at = end;
  }
  return {
    root: bytesToHex(record.subarray(0, 32)),
    parentRoot: bytesToHex(record.subarray(32, HASHES)),
    entries,
  };
}
