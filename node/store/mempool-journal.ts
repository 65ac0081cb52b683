import { storeError } from "./errors.ts";
import {
  decodeRecord,
  encodeRecord,
  RECORD_BYTES,
  RECORD_SLOTS,
  type RecordSlots,
} from "./journal-record.ts";
import { BUCKET, bucketEnd, bucketKey, numberKey, numberOfKey } from "./keys.ts";
import type { KeyValueStore, Write } from "./level.ts";

/** Accepted transactions that no block holds yet, in order of arrival. */
export interface MempoolJournal {
  /**
   * Adds raw transactions and gives them numbers. Once `done` resolves they survive kill -9; a power cut they survive from the
   * next block on, whose commit syncs the same log. `done` rejects with what the database throws.
   * @throws CodedError `STORE_BUSY` when too much waits for the disk.
   */
  append(raws: readonly Uint8Array[]): { arrivals: readonly number[]; done: Promise<void> };
  /** Numbers for transactions that somebody else writes, together with something else. */
  reserve(raws: readonly Uint8Array[]): { arrivals: readonly number[]; writes: readonly Write[] };
  remove(arrivals: readonly number[]): Promise<void>;
  entries(): Iterable<{ arrival: number; raw: Uint8Array }>;
}

/** Records that one write takes in at most. */
const GROUP_RECORDS = 256;
/** Bytes of transactions that wait for the disk at most. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/** Transactions that share a key: what a database asks for each key is more than what these bytes cost. */
interface JournalRecord {
  number: number;
  slots: RecordSlots;
  /** Transactions that are left. */
  live: number;
  bytes: number;
}

/** Changes that share one write and its fate. */
interface Group {
  changed: Set<JournalRecord>;
  /** Bytes that `append` has brought. */
  bytes: number;
  done: Promise<void>;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * The journal in `level`; numbers go on after the highest one that is still there.
 * @throws CodedError `STORE_CORRUPT`.
 */
export async function createMempoolJournal(level: KeyValueStore): Promise<MempoolJournal> {
  const records = new Map<number, JournalRecord>();
  for await (const [key, value] of level.entries(bucketKey(BUCKET.mempool), bucketEnd(BUCKET.mempool))) {
    const number = Number(numberOfKey(key));
    const slots = decodeRecord(value);
    const live = slots.filter((slot) => slot !== undefined).length;
    records.set(number, { number, slots, live, bytes: value.length });
  }
  return new GroupCommitJournal(level, records);
}

/**
 * Group commit: what comes in one turn of the event loop, or while an earlier write is under way, goes to the operating system
 * in one write. One write at a time keeps the order. A record that loses some of its transactions is written anew, one that
 * loses all is deleted: blocks mostly take neighbours together.
 */
class GroupCommitJournal implements MempoolJournal {
  private readonly level: KeyValueStore;
  /** By number, ascending. */
  private readonly records: Map<number, JournalRecord>;
  private next = 0;
  private readonly waiting: Group[] = [];
  private waitingBytes = 0;
  private isWriting = false;

  constructor(level: KeyValueStore, records: Map<number, JournalRecord>) {
    this.level = level;
    this.records = records;
    for (const number of records.keys()) this.next = number + 1;
  }

  append(raws: readonly Uint8Array[]): { arrivals: readonly number[]; done: Promise<void> } {
    let bytes = 0;
    for (const raw of raws) bytes += raw.length;
    if (this.waitingBytes + bytes > MAX_WAITING_BYTES) {
      throw storeError("STORE_BUSY", {
        message: "The disk is behind with the transactions that came before.",
        fix: "Send the transaction again in a moment.",
        facts: { waitingBytes: this.waitingBytes },
      });
    }
    const { arrivals, added } = this.add(raws);
    const group = this.group();
    for (const record of added) group.changed.add(record);
    group.bytes += bytes;
    this.waitingBytes += bytes;
    return { arrivals, done: group.done };
  }

  reserve(raws: readonly Uint8Array[]): { arrivals: readonly number[]; writes: readonly Write[] } {
    const { arrivals, added } = this.add(raws);
    return { arrivals, writes: added.map(writeOf) };
  }

  async remove(arrivals: readonly number[]): Promise<void> {
    if (arrivals.length === 0) return;
    const group = this.group();
    for (const arrival of arrivals) {
      const index = arrival % RECORD_SLOTS;
      const record = this.records.get((arrival - index) / RECORD_SLOTS);
      if (record?.slots[index] === undefined) continue;
      record.slots[index] = undefined;
      record.live--;
      if (record.live === 0) this.records.delete(record.number);
      group.changed.add(record);
    }
    await group.done;
  }

  *entries(): Iterable<{ arrival: number; raw: Uint8Array }> {
    for (const { number, slots } of this.records.values()) {
      for (const [index, raw] of slots.entries()) {
        if (raw !== undefined) yield { arrival: number * RECORD_SLOTS + index, raw };
      }
    }
  }

  private add(raws: readonly Uint8Array[]): { arrivals: readonly number[]; added: JournalRecord[] } {
    const added: JournalRecord[] = [];
    const arrivals: number[] = [];
    let record: JournalRecord | undefined;
    for (const raw of raws) {
      if (record === undefined || record.live === RECORD_SLOTS || record.bytes >= RECORD_BYTES) {
        record = { number: this.next++, slots: [], live: 0, bytes: 0 };
        this.records.set(record.number, record);
        added.push(record);
      }
      arrivals.push(record.number * RECORD_SLOTS + record.live);
      record.slots.push(raw);
      record.live++;
      record.bytes += raw.length;
    }
    return { arrivals, added };
  }

  /** The group that still takes changes in. */
  private group(): Group {
    const last = this.waiting.at(-1);
    if (last !== undefined && last.changed.size < GROUP_RECORDS) return last;
    const group = newGroup();
    this.waiting.push(group);
    if (!this.isWriting) {
      this.isWriting = true;
      setImmediate(() => void this.writeAll());
    }
    return group;
  }

  private async writeAll(): Promise<void> {
    for (let group = this.waiting.shift(); group !== undefined; group = this.waiting.shift()) {
      try {
        await this.level.write(Array.from(group.changed, writeOf), false);
        group.resolve();
      } catch (error) {
        group.reject(error);
      }
      this.waitingBytes -= group.bytes;
    }
    this.isWriting = false;
  }
}

/** The record as it is now; deleted when it has nothing left. */
function writeOf({ number, slots, live }: JournalRecord): Write {
  const key = numberKey(BUCKET.mempool, BigInt(number));
  return { key, value: live === 0 ? undefined : encodeRecord(slots) };
}

function newGroup(): Group {
  let resolve: () => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const done = new Promise<void>((onDone, onError) => {
    resolve = onDone;
    reject = onError;
  });
  return { changed: new Set(), bytes: 0, done, resolve, reject };
}
