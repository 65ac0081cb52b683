import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type KeyValueStore, openLevel, type Write } from "./level.ts";
import { createMempoolJournal, type MempoolJournal } from "./mempool-journal.ts";

const raw = (byte: number, length = 3) => new Uint8Array(length).fill(byte);

/** Appends one and waits for it. */
async function append(journal: MempoolJournal, bytes: Uint8Array): Promise<bigint> {
  const { first, done } = journal.append([bytes]);
  await done;
  return first;
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
    close: async () => {},
  };
  return { level, writes };
}

describe("mempool journal, group commit", () => {
  test("puts what arrives together into one write, and what comes meanwhile into the next", async () => {
    const { level, writes } = slowLevel();
    const journal = await createMempoolJournal(level);
    const first = [0, 1, 2].map((byte) => append(journal, raw(byte)));
    await turn();
    expect(writes.map((write) => [write.writes.length, write.durable])).toEqual([[3, false]]);
    const second = [3, 4].map((byte) => append(journal, raw(byte)));
    const removed = journal.remove([0n, 1n]);
    await turn();
    expect(writes).toHaveLength(1);
    writes[0]!.end();
    expect(await Promise.all(first)).toEqual([0n, 1n, 2n]);
    expect(writes[1]!.writes.map(({ value }) => value?.[0])).toEqual([3, 4, undefined, undefined]);
    writes[1]!.end();
    await removed;
    expect(await Promise.all(second)).toEqual([3n, 4n]);
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

  test("writes removals without a sync", async () => {
    const { level, writes } = slowLevel();
    const journal = await createMempoolJournal(level);
    const removed = Promise.all([journal.remove([4n]), journal.remove([5n, 6n])]);
    await turn();
    expect(writes.map((write) => [write.writes.length, write.durable])).toEqual([[3, false]]);
    writes[0]!.end();
    await removed;
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
    expect(outcomes.slice(512)).toEqual(Array.from({ length: 88 }, (_, i) => BigInt(512 + i)));
    const later = append(journal, raw(9));
    await turn();
    writes[3]!.end();
    expect(await later).toBe(600n);
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
    expect(await Promise.all(waiting)).toEqual([0n, 1n]);
    await turn();
    const later = append(journal, raw(1));
    await turn();
    writes[1]!.end();
    expect(await later).toBe(2n);
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
    const arrivals = await Promise.all(Array.from({ length: 300 }, (_, i) => append(journal, raw(i & 0xff))));
    expect(arrivals).toEqual(Array.from({ length: 300 }, (_, i) => BigInt(i)));
    await journal.remove(arrivals.slice(1, 299));
    await level.close();
    level = await openLevel(folder);
    journal = await createMempoolJournal(level);
    const found: [bigint, number][] = [];
    for await (const entry of journal.entries()) found.push([entry.arrival, entry.raw[0]!]);
    expect(found).toEqual([
      [0n, 0],
      [299n, 299 & 0xff],
    ]);
    expect(await append(journal, raw(1))).toBe(300n);
    await level.close();
  });
});
