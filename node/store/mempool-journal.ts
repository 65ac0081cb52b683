import { mkdirSync, readdirSync, readFileSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import type { CodedError } from "../base/errors.ts";
import { storeError } from "./errors.ts";
import { JournalFile } from "./journal-file.ts";
import { decodeRecords, encodeRecord, type JournalRecord } from "./journal-record.ts";

/** Accepted transactions that no block holds yet, in order of arrival. */
export interface MempoolJournal {
  /**
   * Adds raw transactions and gives them ascending numbers. Once it has returned they survive kill -9; a power cut they survive once the
   * next `sync` or `remove` has resolved.
   * @throws CodedError `STORE_BUSY` when the disk does not take them; none is added then.
   */
  append(raws: readonly Uint8Array[]): readonly number[];
  /** Takes them out and syncs. Rejects with what the disk says: they are back at the next start then. */
  remove(arrivals: readonly number[]): Promise<void>;
  /** Makes all that was added survive a power cut. */
  sync(): Promise<void>;
  entries(): Iterable<{ arrival: number; raw: Uint8Array }>;
  close(): void;
}

export interface JournalLimits {
  /** Bytes from which on a new file is begun. */
  fileBytes: number;
  /** Files at most: of the oldest, what is left is written anew then. */
  files: number;
}

const LIMITS: JournalLimits = { fileBytes: 16 * 1024 * 1024, files: 8 };

/** A file with the number of its transactions that are left. */
interface Segment {
  number: number;
  path: string;
  left: number;
}

interface Entry {
  raw: Uint8Array;
  segment: Segment;
}

const NAME = /^(\d{8})\.log$/;

/**
 * The journal in `folder`, made if need be; numbers go on after the highest one that is still there.
 *
 * It is a log in files of 16 MiB: records at the end of the newest one, those of a file that nothing is left of are deleted with it, the
 * oldest first, so that a removal is never deleted before what it removes. A record that is not whole ends the newest file: the
 * process or the machine ended while it was written, and nobody was told of it.
 * @throws CodedError `STORE_CORRUPT`, `STORE_UNAVAILABLE`.
 */
export function openMempoolJournal(folder: string, limits: JournalLimits = LIMITS): MempoolJournal {
  try {
    mkdirSync(folder, { recursive: true });
    const numbers = readdirSync(folder).flatMap((name) => NAME.exec(name)?.[1] ?? []);
    return new FileJournal(
      folder,
      limits,
      numbers.map(Number).sort((a, b) => a - b),
    );
  } catch (cause) {
    if (cause instanceof Error && "severity" in cause) throw cause;
    throw storeError("STORE_UNAVAILABLE", {
      message: `The mempool's journal in ${folder} can't be opened.`,
      fix: "Check that the folder can be written and that the disk has room.",
      facts: { folder, reason: String(cause) },
      cause,
    });
  }
}

class FileJournal implements MempoolJournal {
  private readonly folder: string;
  private readonly limits: JournalLimits;
  /** Oldest first; the last one takes what comes. */
  private readonly segments: Segment[] = [];
  private readonly live = new Map<number, Entry>();
  private next = 0;
  private file: JournalFile;

  constructor(folder: string, limits: JournalLimits, numbers: readonly number[]) {
    this.folder = folder;
    this.limits = limits;
    let length = 0;
    for (const [index, number] of numbers.entries())
      length = this.read(this.begin(number), index === numbers.length - 1);
    const newest = this.segments.at(-1) ?? this.begin(0);
    this.file = new JournalFile(newest.path, length);
  }

  append(raws: readonly Uint8Array[]): readonly number[] {
    if (raws.length === 0) return [];
    const first = this.next;
    this.write({ kind: "arrivals", first, raws });
    return raws.map((raw, index) => this.keep(first + index, raw));
  }

  async remove(arrivals: readonly number[]): Promise<void> {
    const known = arrivals.filter((arrival) => this.drop(arrival));
    if (known.length === 0) return;
    this.write({ kind: "removals", arrivals: known });
    if (this.segments.length > this.limits.files) this.carryOver(this.segments[0]!);
    await this.file.sync();
    this.deleteEmpty();
  }

  sync(): Promise<void> {
    return this.file.sync();
  }

  *entries(): Iterable<{ arrival: number; raw: Uint8Array }> {
    const sorted = [...this.live].sort(([a], [b]) => a - b);
    for (const [arrival, { raw }] of sorted) yield { arrival, raw };
  }

  close(): void {
    this.file.close();
  }

  private write(record: JournalRecord): void {
    try {
      if (this.file.bytes >= this.limits.fileBytes) this.rotate();
      this.file.append(encodeRecord(record));
    } catch (cause) {
      throw storeError("STORE_BUSY", {
        message: "The disk does not take transactions.",
        fix: "Send the transaction again in a moment; the operator looks whether the disk is full.",
        facts: { file: this.file.path, reason: String(cause) },
        cause,
      });
    }
  }

  private rotate(): void {
    const before = this.file;
    const number = this.segments.at(-1)!.number + 1;
    this.file = new JournalFile(this.pathOf(number), 0);
    this.begin(number);
    const isSynced = () => before.close();
    before.sync().then(isSynced, isSynced);
  }

  /** Deletes files that nothing is left of, from the oldest on; what was carried over is synced by then. */
  private deleteEmpty(): void {
    while (this.segments.length > 1 && this.segments[0]!.left === 0) {
      unlinkSync(this.segments.shift()!.path);
    }
  }

  /** Writes what is left of a file to the newest one, under its old numbers. */
  private carryOver(segment: Segment): void {
    for (const [arrival, { raw, segment: at }] of this.live) {
      if (at !== segment) continue;
      this.write({ kind: "arrivals", first: arrival, raws: [raw] });
      this.keep(arrival, raw);
    }
  }

  private begin(number: number): Segment {
    const segment = { number, path: this.pathOf(number), left: 0 };
    this.segments.push(segment);
    return segment;
  }

  private pathOf(number: number): string {
    return join(this.folder, `${String(number).padStart(8, "0")}.log`);
  }

  /** Takes a transaction in as one of the newest file. */
  private keep(arrival: number, raw: Uint8Array): number {
    this.drop(arrival);
    const segment = this.segments.at(-1)!;
    segment.left++;
    this.live.set(arrival, { raw, segment });
    this.next = Math.max(this.next, arrival + 1);
    return arrival;
  }

  private drop(arrival: number): boolean {
    const entry = this.live.get(arrival);
    if (entry === undefined) return false;
    entry.segment.left--;
    return this.live.delete(arrival);
  }

  /** Takes a file's records in; gives the bytes that hold them. */
  private read(segment: Segment, isNewest: boolean): number {
    const bytes = readFileSync(segment.path);
    const { records, end } = decodeRecords(bytes);
    if (end < bytes.length && !isNewest) throw corrupt(segment.path, end);
    for (const record of records) {
      if (record.kind === "arrivals")
        for (const [index, raw] of record.raws.entries()) this.keep(record.first + index, raw);
      else for (const arrival of record.arrivals) this.drop(arrival);
    }
    return end;
  }
}

function corrupt(file: string, at: number): CodedError {
  return storeError("STORE_CORRUPT", {
    message: `The mempool's journal is damaged in ${file} at byte ${at}.`,
    fix: "Restore the data folder from a copy; or delete the file, and send anew the transactions that waited in it.",
    facts: { file, at },
  });
}
