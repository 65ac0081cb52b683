import { storeError } from "./errors.ts";
import { BUCKET, bucketEnd, bucketKey, numberKey, numberOfKey } from "./keys.ts";
import type { KeyValueStore, Write } from "./level.ts";

/** Transactions with successive arrival numbers. */
export interface JournalEntries {
  /** The first one's number. */
  first: bigint;
}

/** Accepted transactions that no block holds yet, in order of arrival. */
export interface MempoolJournal {
  /**
   * Adds raw transactions. Once `done` resolves they survive kill -9; a power cut they survive from the next block on, whose
   * commit syncs the same log. `done` rejects with what the database throws.
   * @throws CodedError `STORE_BUSY` when too much waits for the disk.
   */
  append(raws: readonly Uint8Array[]): JournalEntries & { done: Promise<void> };
  /** Numbers for transactions that somebody else writes, together with something else. */
  reserve(raws: readonly Uint8Array[]): JournalEntries & { writes: readonly Write[] };
  remove(arrivals: readonly bigint[]): Promise<void>;
  entries(): AsyncIterableIterator<{ arrival: bigint; raw: Uint8Array }>;
}

/** Entries that one write takes in at most. */
const GROUP_ENTRIES = 256;
/** Bytes of transactions that wait for the disk at most. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/** Changes that share one write and its fate. */
interface Group {
  writes: Write[];
  /** Appended entries. */
  entries: number;
  bytes: number;
  done: Promise<void>;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** The journal in `level`; arrival numbers go on after the highest one that is still there. */
export async function createMempoolJournal(level: KeyValueStore): Promise<MempoolJournal> {
  const last = await level.entries(bucketKey(BUCKET.mempool), bucketEnd(BUCKET.mempool), true).next();
  return new GroupCommitJournal(level, last.done ? 0n : numberOfKey(last.value[0]) + 1n);
}

/**
 * Group commit: what comes in one turn of the event loop, or while an earlier write is under way, goes to the operating system
 * in one write. One write at a time keeps the order of arrival.
 */
class GroupCommitJournal implements MempoolJournal {
  private readonly level: KeyValueStore;
  private next: bigint;
  private readonly waiting: Group[] = [];
  private waitingBytes = 0;
  private isWriting = false;

  constructor(level: KeyValueStore, next: bigint) {
    this.level = level;
    this.next = next;
  }

  append(raws: readonly Uint8Array[]): JournalEntries & { done: Promise<void> } {
    let bytes = 0;
    for (const raw of raws) bytes += raw.length;
    if (this.waitingBytes + bytes > MAX_WAITING_BYTES) {
      throw storeError("STORE_BUSY", {
        message: "The disk is behind with the transactions that came before.",
        fix: "Send the transaction again in a moment.",
        facts: { waitingBytes: this.waitingBytes },
      });
    }
    const { first, writes } = this.reserve(raws);
    const group = this.group();
    group.writes.push(...writes);
    group.entries += raws.length;
    group.bytes += bytes;
    this.waitingBytes += bytes;
    return { first, done: group.done };
  }

  reserve(raws: readonly Uint8Array[]): JournalEntries & { writes: readonly Write[] } {
    const first = this.next;
    this.next += BigInt(raws.length);
    const writes = raws.map((raw, index) => ({
      key: numberKey(BUCKET.mempool, first + BigInt(index)),
      value: raw,
    }));
    return { first, writes };
  }

  async remove(arrivals: readonly bigint[]): Promise<void> {
    if (arrivals.length === 0) return;
    const group = this.group();
    for (const arrival of arrivals) {
      group.writes.push({ key: numberKey(BUCKET.mempool, arrival), value: undefined });
    }
    await group.done;
  }

  async *entries(): AsyncIterableIterator<{ arrival: bigint; raw: Uint8Array }> {
    for await (const [key, raw] of this.level.entries(bucketKey(BUCKET.mempool), bucketEnd(BUCKET.mempool))) {
      yield { arrival: numberOfKey(key), raw };
    }
  }

  /** The group that still takes changes in. */
  private group(): Group {
    const last = this.waiting.at(-1);
    if (last !== undefined && last.entries < GROUP_ENTRIES) return last;
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
        await this.level.write(group.writes, false);
        group.resolve();
      } catch (error) {
        group.reject(error);
      }
      this.waitingBytes -= group.bytes;
    }
    this.isWriting = false;
  }
}

function newGroup(): Group {
  let resolve: () => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const done = new Promise<void>((onDone, onError) => {
    resolve = onDone;
    reject = onError;
  });
  return { writes: [], entries: 0, bytes: 0, done, resolve, reject };
}
