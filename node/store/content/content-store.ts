import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { CodedError } from "../../base/errors.ts";
import { PART_BYTES, PartStates } from "../../chain/content-parts.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { storeError } from "../errors.ts";

/** Documents, adapters, indexes and receipts by the SHA-256 of their bytes. */
export interface ContentStore {
  /** Stores bytes and gives their hash; bytes that are already there are not written again. @throws CodedError `CONTENT_TOO_LARGE`. */
  putContent(bytes: Uint8Array): Promise<Hash>;
  /** The whole content, hashed again. @throws CodedError `CONTENT_NOT_FOUND`, `CONTENT_CORRUPT`, `CONTENT_HASH_INVALID`. */
  getContent(hash: Hash): Promise<Uint8Array>;
  /** Bytes `[offset, offset + length)`, fewer at the end. @throws CodedError as {@link getContent}, `CONTENT_RANGE_INVALID`. */
  readContent(hash: Hash, offset: number, length: number): Promise<ContentRange>;
  /**
   * SHA-256's state before the part at `offset`, a multiple of {@link PART_BYTES} within the content: with it the part is checked alone.
   * @throws CodedError as {@link getContent}, `CONTENT_RANGE_INVALID`.
   */
  stateBefore(hash: Hash, offset: number): Promise<Hash>;
  /** Size in bytes, or undefined when the content is not here. */
  contentSize(hash: Hash): Promise<number | undefined>;
  /** Deletes a content; nothing where it is not here. */
  deleteContent(hash: Hash): Promise<void>;
}

export interface ContentRange {
  bytes: Uint8Array;
  /** Size of the whole content in bytes. */
  total: number;
}

export interface ContentStoreOptions {
  /** Largest content taken, in bytes. */
  maxContentBytes?: number;
  /** Largest range given at once, in bytes. */
  maxRangeBytes?: number;
  /** Another process writes into the folder too: what it has not finished stays. */
  isShared?: boolean;
}

const DEFAULT_MAX_CONTENT_BYTES = 512 * 1024 * 1024;
const DEFAULT_MAX_RANGE_BYTES = 1024 * 1024;
const TEMPORARY = ".part";

/** SHA-256 as the content store names it: lower-case hex with 0x. */
export function contentHash(bytes: Uint8Array): Hash {
  return `0x${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Opens the content store in `folder`; unfinished writes of an earlier process are removed, unless it is shared. */
export async function openContentStore(
  folder: string,
  options: ContentStoreOptions = {},
): Promise<ContentStore> {
  const maxContentBytes = options.maxContentBytes ?? DEFAULT_MAX_CONTENT_BYTES;
  const maxRangeBytes = options.maxRangeBytes ?? DEFAULT_MAX_RANGE_BYTES;
  await mkdir(folder, { recursive: true });
  if (!options.isShared) await removeUnfinished(folder);
  let writes = 0;
  /** Contents whose hash this process has checked on disk. */
  const verified = new Set<Hash>();
  /** Between the parts of contents that were asked for them: 32 bytes for each half of a MiB. */
  const states = new Map<Hash, Promise<readonly Hash[]>>();

  const size = async (hash: Hash) => (await stat(pathOf(folder, hash)).catch(() => undefined))?.size;

  return {
    async putContent(bytes) {
      if (bytes.length > maxContentBytes) throw tooLarge(bytes.length, maxContentBytes);
      const hash = contentHash(bytes);
      if ((await size(hash)) === bytes.length && (verified.has(hash) || (await isIntact(folder, hash)))) {
        verified.add(hash);
        return hash;
      }
      writes += 1;
      await writeAtomically(pathOf(folder, hash), `${process.pid}-${writes}`, bytes);
      verified.add(hash);
      return hash;
    },

    async getContent(hash) {
      const handle = await openContent(folder, hash);
      try {
        const bytes = new Uint8Array(await handle.readFile());
        if (contentHash(bytes) !== hash) throw corrupt(folder, hash);
        return bytes;
      } finally {
        await handle.close();
      }
    },

    async readContent(hash, offset, length) {
      if (!isRange(offset, length, maxRangeBytes)) throw badRange(offset, length, maxRangeBytes);
      const handle = await openContent(folder, hash);
      try {
        if (!verified.has(hash) && !(await isIntact(folder, hash))) throw corrupt(folder, hash);
        verified.add(hash);
        const total = (await handle.stat()).size;
        const bytes = new Uint8Array(Math.max(0, Math.min(length, total - offset)));
        await handle.read(bytes, 0, bytes.length, offset);
        return { bytes, total };
      } finally {
        await handle.close();
      }
    },

    async stateBefore(hash, offset) {
      requireHash(hash);
      let known = states.get(hash);
      if (known === undefined) {
        known = statesOf(folder, hash);
        states.set(hash, known);
        known.catch(() => states.delete(hash));
      }
      const state = (await known)[offset / PART_BYTES];
      if (state === undefined) throw badRange(offset, PART_BYTES, PART_BYTES);
      return state;
    },

    async contentSize(hash) {
      requireHash(hash);
      return size(hash);
    },

    async deleteContent(hash) {
      verified.delete(hash);
      states.delete(hash);
      await rm(pathOf(folder, hash), { force: true });
    },
  };
}

function requireHash(hash: string): void {
  if (/^0x[0-9a-f]{64}$/.test(hash)) return;
  throw storeError("CONTENT_HASH_INVALID", {
    message: `"${hash.slice(0, 80)}" is not a content hash.`,
    fix: "Give the SHA-256 of the content as 0x and 64 lower-case hexadecimal digits.",
  });
}

/** Two levels, so that no folder grows beyond what file systems list quickly. */
function pathOf(folder: string, hash: Hash): string {
  requireHash(hash);
  return join(folder, hash.slice(2, 4), hash.slice(2));
}

async function openContent(folder: string, hash: Hash): Promise<FileHandle> {
  try {
    return await open(pathOf(folder, hash), "r");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
    throw storeError("CONTENT_NOT_FOUND", {
      message: `Content ${hash} is not on this node.`,
      fix: "Ask the node to which it was submitted, or submit it here.",
      facts: { hash },
    });
  }
}

async function isIntact(folder: string, hash: Hash): Promise<boolean> {
  const digest = createHash("sha256");
  for await (const piece of createReadStream(pathOf(folder, hash))) digest.update(piece as Uint8Array);
  return `0x${digest.digest("hex")}` === hash;
}

/** @throws CodedError as {@link openContent}, `CONTENT_CORRUPT`. */
async function statesOf(folder: string, hash: Hash): Promise<readonly Hash[]> {
  const file = await openContent(folder, hash);
  try {
    const made = new PartStates();
    const part = new Uint8Array(PART_BYTES);
    for (let filled = PART_BYTES; filled === PART_BYTES; ) {
      filled = 0;
      for (let got = 1; got > 0 && filled < PART_BYTES; filled += got)
        got = (await file.read(part, filled, PART_BYTES - filled)).bytesRead;
      if (filled > 0) made.add(part.subarray(0, filled));
    }
    if (made.whole() !== hash) throw corrupt(folder, hash);
    return made.states;
  } finally {
    await file.close();
  }
}

async function writeAtomically(path: string, tag: string, bytes: Uint8Array): Promise<void> {
  const parent = dirname(path);
  await mkdir(parent, { recursive: true });
  const temporary = `${path}.${tag}${TEMPORARY}`;
  const handle = await open(temporary, "w");
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
  await syncFolder(parent);
}

/** Makes a rename durable: the folder's own entry list is data too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}

async function removeUnfinished(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true });
  await Promise.all(
    entries.filter((name) => name.endsWith(TEMPORARY)).map((name) => rm(join(folder, name), { force: true })),
  );
}

function isRange(offset: number, length: number, maximum: number): boolean {
  return (
    Number.isSafeInteger(offset) &&
    offset >= 0 &&
    Number.isSafeInteger(length) &&
    length > 0 &&
    length <= maximum
  );
}

function badRange(offset: number, length: number, maximum: number): CodedError {
  return storeError("CONTENT_RANGE_INVALID", {
    message: `A range of ${length} bytes at ${offset} can't be read.`,
    fix: `Ask for 1 to ${maximum} bytes at an offset of 0 or more.`,
    facts: { offset, length, maximum },
  });
}

function tooLarge(size: number, maximum: number): CodedError {
  return storeError("CONTENT_TOO_LARGE", {
    message: `The content has ${size} bytes; this node takes at most ${maximum}.`,
    fix: "Split it into several contents.",
    facts: { size, maximum },
  });
}

function corrupt(folder: string, hash: Hash): CodedError {
  return storeError("CONTENT_CORRUPT", {
    message: `The file of content ${hash} does not have that hash any more.`,
    fix: "Delete the file and submit the content again.",
    facts: { hash, file: pathOf(folder, hash) },
  });
}
