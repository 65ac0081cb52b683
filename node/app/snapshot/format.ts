import { createHash, type Hash as Digest } from "node:crypto";
import { createReadStream } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { bytesToHex, concatBytes, equalsBytes, hexToBytes } from "../../base/bytes.ts";
import type { CodedError } from "../../base/errors.ts";
import type { BlockId, Hash } from "../../chain/types/primitives.ts";
import { appError } from "../errors.ts";

/** What a snapshot is of. */
export interface SnapshotHeader {
  genesis: Hash;
  /** The block whose state it holds; all blocks up to it are in it. */
  head: BlockId;
}

/** Records of a snapshot; the kind's number is the first byte of each. */
export const RECORD = {
  /** A trie node; it is named by its hash. */
  node: 1,
  /** Code, named by its hash. */
  code: 2,
  /** A block and its receipts, in the order of their numbers. */
  block: 3,
  /** The safe head as of an L1 block. */
  safeHead: 4,
  /** SHA-256 of all before; the last one. */
  end: 5,
} as const;

export type RecordKind = (typeof RECORD)[keyof typeof RECORD];

export interface SnapshotRecord {
  kind: RecordKind;
  payload: Uint8Array;
}

const MAGIC = new TextEncoder().encode("OLSNAP01");
/** Magic, genesis hash, head's hash, head's number u64. */
const HEADER_BYTES = 8 + 32 + 32 + 8;
/** Kind u8, length of the payload u32. */
const FRAME_BYTES = 5;
/** Far more than a block can have. */
const MAX_PAYLOAD = 64 << 20;
const WRITE_PIECE = 1 << 20;

export function snapshotInvalid(reason: string, facts?: Record<string, unknown>): CodedError {
  return appError("CHAIN_SNAPSHOT_INVALID", {
    message: `The snapshot can't be used: ${reason}.`,
    fix: "Get it again from its maker, or start without it: the node derives the chain from L1.",
    facts,
  });
}

/** Writes a snapshot record by record. */
export class SnapshotWriter {
  private readonly file: FileHandle;
  private readonly digest: Digest = createHash("sha256");
  private pieces: Uint8Array[] = [];
  private buffered = 0;

  constructor(file: FileHandle, { genesis, head }: SnapshotHeader) {
    this.file = file;
    const number = new Uint8Array(8);
    new DataView(number.buffer).setBigUint64(0, head.number);
    this.put(concatBytes(MAGIC, hexToBytes(genesis), hexToBytes(head.hash), number));
  }

  async record(kind: RecordKind, payload: Uint8Array): Promise<void> {
    const frame = new Uint8Array(FRAME_BYTES);
    frame[0] = kind;
    new DataView(frame.buffer).setUint32(1, payload.length);
    this.put(frame);
    this.put(payload);
    if (this.buffered >= WRITE_PIECE) await this.flush();
  }

  /** Writes the checksum and has everything on the disk. */
  async finish(): Promise<void> {
    await this.record(RECORD.end, new Uint8Array(this.digest.copy().digest()));
    await this.flush();
    await this.file.sync();
  }

  private put(bytes: Uint8Array): void {
    this.digest.update(bytes);
    this.pieces.push(bytes);
    this.buffered += bytes.length;
  }

  private async flush(): Promise<void> {
    await this.file.writeFile(concatBytes(...this.pieces));
    this.pieces = [];
    this.buffered = 0;
  }
}

/** Takes bytes of a stream in pieces of the sizes that are asked for. */
class Pieces {
  private readonly source: AsyncIterator<Uint8Array>;
  private readonly digest = createHash("sha256");
  private held: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.source = source[Symbol.asyncIterator]();
  }

  async take(length: number): Promise<Uint8Array> {
    const parts = [this.held];
    for (let have = this.held.length; have < length; ) {
      const next = await this.source.next();
      if (next.done === true) throw snapshotInvalid("it ends too early");
      parts.push(next.value);
      have += next.value.length;
    }
    const all = parts.length === 1 ? this.held : concatBytes(...parts);
    this.held = all.subarray(length);
    const taken = all.slice(0, length);
    this.digest.update(taken);
    return taken;
  }

  sum(): Uint8Array {
    return new Uint8Array(this.digest.copy().digest());
  }

  async isAtEnd(): Promise<boolean> {
    return this.held.length === 0 && (await this.source.next()).done === true;
  }
}

/**
 * Reads a snapshot's header and records. The checksum is compared with the last one: nothing of it is to be believed before
 * the records end. @throws CodedError `CHAIN_SNAPSHOT_INVALID`.
 */
export async function readSnapshot(
  file: string,
): Promise<{ header: SnapshotHeader; records: AsyncGenerator<SnapshotRecord> }> {
  const pieces = new Pieces(createReadStream(file, { highWaterMark: WRITE_PIECE }));
  const first = await pieces.take(HEADER_BYTES).catch((cause: unknown) => {
    throw snapshotInvalid(cause instanceof Error ? cause.message : String(cause), { file });
  });
  if (!equalsBytes(first.subarray(0, 8), MAGIC)) throw snapshotInvalid("the file is no snapshot", { file });
  const header = {
    genesis: bytesToHex(first.subarray(8, 40)),
    head: {
      hash: bytesToHex(first.subarray(40, 72)),
      number: new DataView(first.buffer, first.byteOffset).getBigUint64(72),
    },
  };
  return { header, records: recordsOf(pieces) };
}

async function* recordsOf(pieces: Pieces): AsyncGenerator<SnapshotRecord> {
  for (;;) {
    const sum = pieces.sum();
    const frame = await pieces.take(FRAME_BYTES);
    const length = new DataView(frame.buffer, frame.byteOffset).getUint32(1);
    if (length > MAX_PAYLOAD) throw snapshotInvalid("a record is too long", { length });
    const kind = Object.values(RECORD).find((known) => known === frame[0]);
    if (kind === undefined) throw snapshotInvalid("a record is of an unknown kind", { kind: frame[0] });
    const payload = await pieces.take(length);
    if (kind !== RECORD.end) {
      yield { kind, payload };
      continue;
    }
    if (!equalsBytes(payload, sum)) throw snapshotInvalid("its checksum is wrong");
    if (!(await pieces.isAtEnd())) throw snapshotInvalid("something follows its end");
    return;
  }
}
