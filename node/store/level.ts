import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { Level } from "level";
import type { CodedError } from "../base/errors.ts";
import { storeError } from "./errors.ts";

/** Reads committed values; what node/state builds its trie on. */
export interface KeyValueReader {
  get(key: Uint8Array): Uint8Array | undefined;
}

export type Write = { key: Uint8Array; value: Uint8Array } | { key: Uint8Array; value: undefined };

/** An ordered key-value store on disk with atomic batches. */
export interface KeyValueStore extends KeyValueReader {
  /** All writes or none; an undefined value deletes. `durable`: survives a power cut once resolved, not only kill -9. */
  write(writes: readonly Write[], durable: boolean): Promise<void>;
  /** Entries with `from <= key < to`, ascending or, with `reverse`, descending. */
  entries(
    from: Uint8Array,
    to: Uint8Array,
    reverse?: boolean,
  ): AsyncIterableIterator<[Uint8Array, Uint8Array]>;
  /** Deletes all entries with `from <= key < to`; not atomic. */
  clear(from: Uint8Array, to: Uint8Array): Promise<void>;
  /** Gives the disk back what was deleted between the two keys. */
  compact(from: Uint8Array, to: Uint8Array): Promise<void>;
  /** Bytes on disk between the two keys, about: what was written last is not counted. */
  size(from: Uint8Array, to: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

/** The package's types are those that browsers' databases share; on Node it has these too. */
type Database = Level<Uint8Array, Uint8Array> & {
  compactRange(from: Uint8Array, to: Uint8Array): Promise<void>;
  approximateSize(from: Uint8Array, to: Uint8Array): Promise<number>;
};

/** Folders that this thread has open: the database itself lets one process open a folder many times. */
const openFolders = new Set<string>();

/**
 * Opens or makes the store in `folder`. Other threads may read it meanwhile: {@link openSharedLevel}.
 * @throws CodedError `STORE_LOCKED` (somebody has it), `STORE_CORRUPT`, `STORE_UNAVAILABLE` (disk or permission).
 */
export async function openLevel(folder: string): Promise<KeyValueStore> {
  const path = resolve(folder);
  if (openFolders.has(path)) throw locked(folder, { folder });
  openFolders.add(path);
  const level = await mkdir(path, { recursive: true })
    .then(() => openDatabase(path, true))
    .catch((cause: unknown) => {
      openFolders.delete(path);
      throw openError(folder, cause);
    });
  return {
    ...readerOf(level),
    async write(writes, durable) {
      // A third of the processor time of an array of operations, each of which is copied and looked through.
      const batch = level.batch();
      for (const { key, value } of writes) {
        if (value === undefined) batch.del(key);
        else batch.put(key, value);
      }
      await batch.write({ sync: durable });
    },
    async *entries(from, to, reverse = false) {
      for await (const [key, value] of level.iterator({ gte: from, lt: to, reverse })) {
        yield [plain(key), plain(value)];
      }
    },
    clear: (from, to) => level.clear({ gte: from, lt: to }),
    compact: (from, to) => level.compactRange(from, to),
    size: (from, to) => level.approximateSize(from, to),
    async close() {
      await level.close();
      openFolders.delete(path);
    },
  };
}

/**
 * Opens a store for reading that another thread of this process has open with {@link openLevel}.
 * @throws CodedError as that does; `STORE_UNAVAILABLE` also where there is no store.
 */
export async function openSharedLevel(folder: string): Promise<KeyValueReader & { close(): Promise<void> }> {
  const level = await openDatabase(resolve(folder), false).catch((cause: unknown) => {
    throw openError(folder, cause);
  });
  return { ...readerOf(level), close: () => level.close() };
}

/** All threads must name the folder alike: the addon finds the open database by its path. */
async function openDatabase(path: string, createIfMissing: boolean): Promise<Database> {
  const level = new Level<Uint8Array, Uint8Array>(path, {
    keyEncoding: "view",
    valueEncoding: "view",
    cacheSize: 64 * 1024 * 1024,
    multithreading: true,
    createIfMissing,
  }) as Database;
  await level.open();
  return level;
}

function readerOf(level: Database): KeyValueReader {
  return {
    get(key) {
      const value = level.getSync(key);
      return value === undefined ? undefined : plain(value);
    },
  };
}

/** The addon gives Buffers, whose `slice` shares memory where a Uint8Array's copies. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function openError(folder: string, error: unknown): CodedError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as { code?: unknown }).code;
  const facts = { folder, reason: cause instanceof Error ? cause.message : String(cause) };
  if (code === "LEVEL_LOCKED" || /lock .*(already held|temporarily unavailable)/i.test(facts.reason)) {
    return locked(folder, facts, cause);
  }
  if (
    code === "LEVEL_CORRUPTION" ||
    /corruption|does not exist|bad record|missing files|MANIFEST-\d+: no such file/i.test(facts.reason)
  ) {
    return storeError("STORE_CORRUPT", {
      message: `The database in ${folder} is damaged.`,
      fix: "Restore it from a copy, or start with --reset; a node without sequencer derives the chain again from L1.",
      facts,
      cause,
    });
  }
  return storeError("STORE_UNAVAILABLE", {
    message: `The database in ${folder} can't be opened.`,
    fix: "Check that the folder can be written and that the disk has room.",
    facts,
    cause,
  });
}

function locked(folder: string, facts: Readonly<Record<string, unknown>>, cause?: unknown): CodedError {
  return storeError("STORE_LOCKED", {
    message: `Another process uses the data folder ${folder}.`,
    fix: "Stop that process, or give this one its own folder with --data-dir.",
    facts,
    cause,
  });
}
