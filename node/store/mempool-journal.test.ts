import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { packageRoot } from "../base/paths.ts";
import { Random } from "../base/random.ts";
import { encodeRecord } from "./journal-record.ts";
import { type JournalLimits, type MempoolJournal, openMempoolJournal } from "./mempool-journal.ts";

const raw = (byte: number, length = 3) => new Uint8Array(length).fill(byte);
const bytesOf = (journal: MempoolJournal) => Array.from(journal.entries(), (entry) => entry.raw[0]);
const pairsOf = (journal: MempoolJournal) =>
  Array.from(journal.entries(), ({ arrival, raw: [byte] }) => [arrival, byte]);

let folder: string;
let journal: MempoolJournal;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "journal-"));
  journal = openMempoolJournal(folder);
});
afterEach(async () => {
  journal.close();
  await rm(folder, { recursive: true });
});

function reopen(limits?: JournalLimits): void {
  journal.close();
  journal = openMempoolJournal(folder, limits);
}

const files = () => readdirSync(folder).sort();
const newest = () => join(folder, files().at(-1)!);

describe("mempool journal", () => {
  test("keeps the order of arrival over a restart and goes on counting", async () => {
    const arrivals = journal.append(Array.from({ length: 300 }, (_, i) => raw(i & 0xff)));
    await journal.remove(arrivals.slice(1, 299));
    reopen();
    expect(pairsOf(journal)).toEqual([
      [arrivals[0], 0],
      [arrivals[299], 299 & 0xff],
    ]);
    await journal.remove([arrivals[0]!, 7_777]);
    expect(journal.append([raw(1)])[0]).toBeGreaterThan(arrivals[299]!);
    expect(bytesOf(journal)).toEqual([299 & 0xff, 1]);
    expect(journal.append([])).toEqual([]);
  });

  test("has handed a transaction to the operating system when it returns", async () => {
    const file = join(packageRoot(), process.env.OPENLEDGER_DIST ?? "dist", "node/store/mempool-journal.js");
    const code = `const { openMempoolJournal } = await import(${JSON.stringify(file)});
      const journal = openMempoolJournal(process.argv[1]);
      journal.append([Uint8Array.of(5, 6)]);
      await journal.remove([journal.append([Uint8Array.of(7)])[0]]);
      journal.append([Uint8Array.of(8)]);
      process.kill(process.pid, "SIGKILL");`;
    const flags = ["--input-type=module", "-e", code];
    const child = spawn(process.execPath, [...flags, folder], { stdio: ["ignore", "inherit", "inherit"] });
    expect((await once(child, "exit"))[1]).toBe("SIGKILL");
    reopen();
    expect(bytesOf(journal)).toEqual([5, 8]);
  });

  test("a record cut short at any byte ends the newest file, and nothing before it is lost", () => {
    journal.append([raw(1), raw(2)]);
    const whole = statSync(newest()).size;
    journal.append([raw(3, 20)]);
    const more = readFileSync(newest());
    for (let length = whole; length < more.length; length++) {
      journal.close();
      writeFileSync(newest(), more.subarray(0, length));
      journal = openMempoolJournal(folder);
      expect(bytesOf(journal)).toEqual([1, 2]);
      expect(statSync(newest()).size).toBe(whole);
    }
    journal.append([raw(4)]);
    reopen();
    expect(bytesOf(journal)).toEqual([1, 2, 4]);
  });

  test("any changed byte of the newest record takes that one away and no other", () => {
    journal.append([raw(1)]);
    const whole = statSync(newest()).size;
    journal.append([raw(2), raw(3)]);
    const bytes = readFileSync(newest());
    for (let at = whole; at < bytes.length; at++) {
      const changed = Uint8Array.from(bytes);
      changed[at]! ^= 0x55;
      journal.close();
      writeFileSync(newest(), changed);
      journal = openMempoolJournal(folder);
      expect(bytesOf(journal)).toEqual([1]);
    }
  });

  test("records of another kind or with a list that does not end are none", () => {
    journal.append([raw(1)]);
    const good = encodeRecord({ kind: "arrivals", first: 9, raws: [raw(9)] });
    const whole = readFileSync(newest());
    for (const body of [
      [3, 0],
      [1, 0, 0],
      [1, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1],
      [2, 1],
    ]) {
      const record = encodeRecord({ kind: "removals", arrivals: [] });
      const bad = reframed(record, Uint8Array.from(body));
      journal.close();
      writeFileSync(newest(), Buffer.concat([whole, bad, good]));
      journal = openMempoolJournal(folder);
      expect(bytesOf(journal)).toEqual([1]);
    }
  });

  test("says which file is damaged where it is not the newest", () => {
    reopen({ fileBytes: 64, files: 8 });
    for (let i = 0; i < 6; i++) journal.append([raw(i, 40)]);
    expect(files().length).toBeGreaterThan(2);
    journal.close();
    truncateSync(join(folder, files()[0]!), 30);
    expect(() => openMempoolJournal(folder)).toThrow(expect.objectContaining({ code: "STORE_CORRUPT" }));
    writeFileSync(join(folder, files()[0]!), "");
    appendFileSync(join(folder, "notes.txt"), "no file of the journal");
    journal = openMempoolJournal(folder);
    expect(bytesOf(journal)).toEqual([2, 3, 4, 5]);
  });

  test("a folder that is none is named", () => {
    const path = join(folder, "file");
    writeFileSync(path, "");
    expect(() => openMempoolJournal(path)).toThrow(expect.objectContaining({ code: "STORE_UNAVAILABLE" }));
  });
});

describe("mempool journal, files", () => {
  const SMALL: JournalLimits = { fileBytes: 200, files: 3 };

  test("deletes files that nothing is left of, and writes the rest of the oldest anew", async () => {
    reopen(SMALL);
    const [stays] = journal.append([raw(200, 50)]);
    for (let i = 0; i < 100; i++) {
      const arrivals = journal.append([raw(i, 50), raw(i, 50)]);
      await journal.remove(arrivals);
      expect(files().length).toBeLessThanOrEqual(SMALL.files + 1);
    }
    expect(pairsOf(journal)).toEqual([[stays, 200]]);
    reopen(SMALL);
    expect(pairsOf(journal)).toEqual([[stays, 200]]);
    await journal.remove([stays!]);
    reopen(SMALL);
    expect(bytesOf(journal)).toEqual([]);
  });

  test("holds what a list in memory holds, over random work and restarts", async () => {
    const random = new Random(7);
    const expected = new Map<number, number>();
    reopen(SMALL);
    for (let step = 0; step < 600; step++) {
      const choice = random.below(10);
      if (choice === 0) reopen(SMALL);
      else if (choice < 6) {
        const raws = Array.from({ length: 1 + random.below(4) }, () =>
          raw(random.below(256), 1 + random.below(60)),
        );
        for (const [i, arrival] of journal.append(raws).entries()) {
          expect(expected.has(arrival)).toBe(false);
          expected.set(arrival, raws[i]![0]!);
        }
      } else {
        const gone = [...expected.keys()].filter(() => random.below(3) > 0);
        for (const arrival of gone) expected.delete(arrival);
        await journal.remove(gone);
      }
      expect(pairsOf(journal)).toEqual([...expected]);
    }
  });

  test("refuses what the disk does not take, and takes more when it does again", async () => {
    reopen(SMALL);
    const [first] = journal.append([raw(1, 300)]);
    // A new file is due, and its folder is gone.
    await rm(folder, { recursive: true });
    expect(() => journal.append([raw(2)])).toThrow(
      expect.objectContaining({ code: "STORE_BUSY", severity: "temporary" }),
    );
    expect(pairsOf(journal)).toEqual([[first, 1]]);
    openMempoolJournal(folder).close();
    expect(journal.append([raw(3)])).toEqual([first! + 1]);
    expect(bytesOf(journal)).toEqual([1, 3]);
  });
});

/** A record with another body and the right length and checksum. */
function reframed(record: Uint8Array, body: Uint8Array): Uint8Array {
  const framed = Buffer.concat([record.subarray(0, 8), body]);
  framed.writeUInt32LE(body.length, 0);
  framed.writeUInt32LE(crc32(body), 4);
  return framed;
}
