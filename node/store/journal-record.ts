import { crc32 } from "node:zlib";

/** What a journal's file holds, in order. */
export type JournalRecord =
  | { kind: "arrivals"; first: number; raws: readonly Uint8Array[] }
  | { kind: "removals"; arrivals: readonly number[] };

const HEAD_BYTES = 8;
const ARRIVALS = 1;
const REMOVALS = 2;
/** A number of an arrival: 48 bits, little endian. */
const NUMBER_BYTES = 6;
const LENGTH_BYTES = 4;

/**
 * One record: the length and the CRC-32 of what follows, as u32 little endian; a kind; for arrivals the first one's number, then each
 * transaction behind its length; for removals the numbers.
 */
export function encodeRecord(record: JournalRecord): Uint8Array {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + bodyBytes(record));
  bytes[HEAD_BYTES] = record.kind === "arrivals" ? ARRIVALS : REMOVALS;
  let at = HEAD_BYTES + 1;
  if (record.kind === "arrivals") {
    at = bytes.writeUIntLE(record.first, at, NUMBER_BYTES);
    for (const raw of record.raws) {
      at = bytes.writeUInt32LE(raw.length, at);
      bytes.set(raw, at);
      at += raw.length;
    }
  } else {
    for (const arrival of record.arrivals) at = bytes.writeUIntLE(arrival, at, NUMBER_BYTES);
  }
  bytes.writeUInt32LE(bytes.length - HEAD_BYTES, 0);
  bytes.writeUInt32LE(crc32(bytes.subarray(HEAD_BYTES)), 4);
  return bytes;
}

function bodyBytes(record: JournalRecord): number {
  if (record.kind === "removals") return 1 + NUMBER_BYTES * record.arrivals.length;
  let bytes = 1 + NUMBER_BYTES;
  for (const raw of record.raws) bytes += LENGTH_BYTES + raw.length;
  return bytes;
}

/** The records up to the first that is not whole, and where that one begins: the file's end when all are. They share memory. */
export function decodeRecords(bytes: Uint8Array): { records: JournalRecord[]; end: number } {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: JournalRecord[] = [];
  let at = 0;
  while (at + HEAD_BYTES <= view.length) {
    const end = at + HEAD_BYTES + view.readUInt32LE(at);
    if (end > view.length) break;
    const body = view.subarray(at + HEAD_BYTES, end);
    const record = crc32(body) === view.readUInt32LE(at + 4) ? decodeBody(body) : undefined;
    if (record === undefined) break;
    records.push(record);
    at = end;
  }
  return { records, end: at };
}

function decodeBody(body: Buffer): JournalRecord | undefined {
  if (body[0] === REMOVALS && (body.length - 1) % NUMBER_BYTES === 0) {
    const arrivals: number[] = [];
    for (let at = 1; at < body.length; at += NUMBER_BYTES) arrivals.push(body.readUIntLE(at, NUMBER_BYTES));
    return { kind: "removals", arrivals };
  }
  if (body[0] !== ARRIVALS || body.length < 1 + NUMBER_BYTES) return undefined;
  const first = body.readUIntLE(1, NUMBER_BYTES);
  const raws: Uint8Array[] = [];
  for (let at = 1 + NUMBER_BYTES; at < body.length; ) {
    if (at + LENGTH_BYTES > body.length) return undefined;
    const end = at + LENGTH_BYTES + body.readUInt32LE(at);
    if (end > body.length) return undefined;
    raws.push(new Uint8Array(body.buffer, body.byteOffset + at + LENGTH_BYTES, end - at - LENGTH_BYTES));
    at = end;
  }
  return { kind: "arrivals", first, raws };
}
