import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decodeRecord } from "./journal-record.ts";
import { BUCKET, numberKey } from "./keys.ts";
import { type KeyValueStore, openLevel, type Write } from "./level.ts";
import { createMempoolJournal, type MempoolJournal } from "./mempool-journal.ts";

const raw = (byte: number, length = 3) => new Uint8Array(length).fill(byte);

/** Appends one and waits for it. */
async function append(journal: MempoolJournal, bytes: Uint8Array): Promise<number> {
  const { arrivals, done } = journal.append([bytes]);
  await done;
  return arrivals[0]!;
}

/** A database whose writes end when the test says so. */
function slowLevel() {
  const writes: { writes: readonly Write[]; durable: boolean; end: (error?: Error) => void }[] = [];
  const level: KeyValueStore = {
    get: () => undefined,
    write: (given, durable) =>
      new Promise((resolve, reject) => {
        writes.push({ writes: given, durable, end: (error) => (error ? reject(error) : resolve()) });
      }),
    async *entries() {},
    clear: async () => {},
    compact: async () => {},
    size: async () => 0,
    close: async () => {},
  };
  return { level, writes };
}

/** The first bytes of a written record's transactions; undefined for a deletion, "gone" for one that has left. */
function contents({ value }: Write): (number | "gone")[] | undefined {
  return value && decodeRecord(value).map((slot) => slot?.[0] ?? "gone");
}

describe("mempool journal, group commit", () => {
  test("puts what arrives together into one write, and what comes meanwhile into the next", async () => {
    const { level, writes } = slowLevel();
    const journal = await createMempoolJournal(level);
    const first = [0, 1, 2].map((byte) => append(journal, raw(byte)));
    await turn();
    expect(writes.map((write) => [write.writes.length, write.durable])).toEqual([[3, false]]);
    const second = [3, 4].map((byte) => append(journal, raw(byte)));
    const removed = journal.remove([0, 16]);
    await turn();
    expect(writes).toHaveLength(1);
    writes[0]!.end();
    const arrivals = await Promise.all(first);
    expect(writes[1]!.writes.map(contents)).toEqual([[3], [4], undefined, undefined]);
    writes[1]!.end();
    await removed;
    expect([...arrivals, ...(await Promise.all(second))]).toEqual([0, 16, 32, 48, 64]);
    expect(writes).toHaveLength(2);
  });

  test("resolves nobody before the write has ended", async () => {
    const { level, writes } = slowLevel();
    const journal = await createMempoolJournal(level);
    let isDone = false;
    const appended = append(journal, raw(1)).then(() => {
      isDone = true;
    });
    await turn();
    await turn();
    expect(isDone).toBe(false);
    writes[0]!.end();
    await appended;
  });

  test("keeps neighbours in one record, writes it anew without those that left, and deletes an empty one", async () => {
    const { level, writes } = slowLevel();
    const journal = await createMempoolJournal(level);
    const { arrivals, done } = journal.append(Array.from({ length: 20 }, (_, i) => raw(i)));
    await turn();
    expect(writes[0]!.writes.map(contents)).toEqual([
      Array.from({ length: 16 }, (_, i) => i),
      [16, 17, 18, 19],
    ]);
    writes[0]!.end();
    await done;
    const removed = journal.remove([arrivals[17]!, ...arrivals.slice(0, 16)]);
    await turn();
    expect(writes[1]!.writes.map(contents)).toEqual([[16, "gone", 18, 19], undefined]);
    expect(writes[1]!.durable).toBe(false);
    writes[1]!.end();
    await removed;
    expect(Array.from(journal.entries(), (entry) => entry.raw[0])).toEqual([16, 18, 19]);
  });

  test("begins a new record after so many bytes", async () => {
    const { level, writes } = slowLevel();
    const journal = await createMempoolJournal(level);
    journal.append([raw(1, 10_000), raw(2, 10_000), raw(3, 10_000)]).done.catch(() => undefined);
    await turn();
    expect(writes[0]!.writes.map(contents)).toEqual([[1, 2], [3]]);
  });

  test("splits a long list, and a failed write rejects its own callers only", async () => {
    const { level, writes } = slowLevel();
    const journal = await createMempoolJournal(level);
    const results = Array.from({ length: 600 }, (_, i) =>
      append(journal, raw(i & 0xff)).catch((error: Error) => error.message),
    );
    await turn();
    writes[0]!.end();
    await turn();
    writes[1]!.end(new Error("disk full"));
    await turn();
    writes[2]!.end();
    const outcomes = await Promise.all(results);
    expect(writes.map((write) => write.writes.length)).toEqual([256, 256, 88]);
    expect(outcomes.indexOf("disk full")).toBe(256);
    expect(outcomes.filter((outcome) => outcome === "disk full")).toHaveLength(256);
    expect(outcomes.slice(512)).toEqual(Array.from({ length: 88 }, (_, i) => 16 * (512 + i)));
  });

  test("refuses what the disk can't keep up with, and takes more when it has", async () => {
    const { level, writes } = slowLevel();
    const journal = await createMempoolJournal(level);
    const large = new Uint8Array(32 * 1024 * 1024);
    const waiting = [append(journal, large), append(journal, large)];
    await expect(append(journal, raw(1))).rejects.toMatchObject({
      code: "STORE_BUSY",
      severity: "temporary",
    });
    await turn();
    writes[0]!.end();
    await Promise.all(waiting);
    await turn();
    const later = append(journal, raw(1));
    await turn();
    writes[1]!.end();
    expect(await later).toBe(32);
  });
});

describe("mempool journal on disk", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "journal-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("keeps the order of arrival over a restart and goes on counting", async () => {
    let level = await openLevel(folder);
    let journal = await createMempoolJournal(level);
    const { arrivals, done } = journal.append(Array.from({ length: 300 }, (_, i) => raw(i & 0xff)));
    await done;
    await journal.remove(arrivals.slice(1, 299));
    await level.close();
    level = await openLevel(folder);
    journal = await createMempoolJournal(level);
    expect(Array.from(journal.entries(), ({ arrival, raw: [byte] }) => [arrival, byte])).toEqual([
      [arrivals[0], 0],
      [arrivals[299], 299 & 0xff],
    ]);
    await journal.remove([arrivals[0]!]);
    expect(await append(journal, raw(1))).toBeGreaterThan(arrivals[299]!);
    expect(Array.from(journal.entries(), (entry) => entry.raw[0])).toEqual([299 & 0xff, 1]);
    await level.close();
  });

  test("says that a record is damaged", async () => {
    const level = await openLevel(folder);
    const key = numberKey(BUCKET.mempool, 0n);
    for (const value of [Uint8Array.of(1, 0), Uint8Array.of(2, 0, 0, 0, 7), new Uint8Array(4 * 17)]) {
      await level.write([{ key, value }], false);
      await expect(createMempoolJournal(level)).rejects.toMatchObject({ code: "STORE_CORRUPT" });
    }
    await level.close();
  });
});
