import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, lstat, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { downloadFile } from "@huggingface/hub";
import { sleep } from "../../base/clock.ts";
import { isCodedError, isTemporary } from "../../base/errors.ts";
import { aiError } from "../errors.ts";
import { boundedFetch, unreachable } from "./fetch.ts";
import { type HubAccess, type HubFile, type HubModel, refusalOf, tokenOf } from "./listing.ts";

/** Milliseconds without a byte until a connection counts as broken. */
const STALL_MS = 30_000;
/** Connections one after the other that bring nothing, until a download gives up. */
const MAX_FRUITLESS = 4;
/** Milliseconds before the first new try; each further one waits twice as long. */
const BACKOFF_MS = 500;

/** How a download goes on, told for every piece. */
export interface DownloadOptions extends HubAccess {
  /** Bytes of this file that are there. */
  onBytes?: (done: number) => void;
  backoffMs?: number;
}

/**
 * Fetches one file of a model into `folder`. It grows beside its place under a name with its hash, and takes its place when its
 * length and hash are right; what is there is kept and taken up again. A file that is there already is checked, not fetched.
 * @throws CodedError `HUB_UNREACHABLE`, `HUB_ANSWER_INVALID`, `HUB_REFUSED`, `HUB_MODEL_UNKNOWN`, `HUB_HASH_MISMATCH`.
 */
export async function downloadHubFile(
  model: HubModel,
  file: HubFile,
  folder: string,
  options: DownloadOptions = {},
): Promise<void> {
  const path = join(folder, file.name);
  const part = partOf(path, file);
  if ((await isWhole(path, file)) || (await completes(part, path, file))) return options.onBytes?.(file.size);
  let fruitless = 0;
  let isSecondCopy = false;
  for (;;) {
    const before = (await sizeOf(part)) ?? 0;
    try {
      if (before < file.size || file.size === 0) await fetchRest(model, file, part, before, options);
      if (await completes(part, path, file)) return;
      await rm(part, { force: true });
      // The rest may have been put behind a beginning that was damaged here: once more from nothing.
      if (isSecondCopy || before === 0) throw mismatch(model, file);
      isSecondCopy = true;
    } catch (error) {
      if (isCodedError(error, "HUB_RANGE_IGNORED")) await rm(part, { force: true });
      else if (!isTemporary(error) || options.signal?.aborted) throw error;
      fruitless = ((await sizeOf(part)) ?? 0) > before ? 0 : fruitless + 1;
      if (fruitless >= MAX_FRUITLESS) throw error;
      await sleep((options.backoffMs ?? BACKOFF_MS) * 2 ** fruitless, options.signal);
    }
  }
}

/** Appends what is missing. What came before a fault stays. */
async function fetchRest(
  model: HubModel,
  file: HubFile,
  part: string,
  from: number,
  options: DownloadOptions,
): Promise<void> {
  const stream = await openStream(model, file, from, options);
  const handle = await open(part, "a");
  try {
    await append(stream, handle, from, file, model.reference.endpoint, options);
    await handle.sync();
  } finally {
    await handle.close();
    void stream.cancel().catch(() => {});
  }
}

async function openStream(
  model: HubModel,
  file: HubFile,
  from: number,
  options: DownloadOptions,
): Promise<ReadableStream<Uint8Array>> {
  const { reference, commit } = model;
  const { endpoint, name } = reference;
  const call = boundedFetch(new URL(endpoint).origin, {
    signal: options.signal,
    maxBytes: file.size - from,
    headersTimeoutMs: options.timeoutMs,
  });
  let opened: (failure?: unknown) => void = () => {};
  const answer = new Promise<unknown>((resolve) => {
    opened = resolve;
  });
  // The library's stream keeps an error's text only, so the error itself is kept here.
  const watched: typeof fetch = async (input, init) => {
    try {
      const response = await call(input, init);
      opened(response.ok ? undefined : { statusCode: response.status });
      return response;
    } catch (error) {
      opened(error);
      throw error;
    }
  };
  const url = `${endpoint}/${name}/resolve/${commit}/${file.name}`;
  const downloadInfo = { size: file.size, etag: file.hash.hex, url };
  const location = {
    repo: name,
    path: file.name,
    revision: commit,
    hubUrl: endpoint,
    xet: false,
    downloadInfo,
  };
  const blob = await downloadFile({ ...location, fetch: watched, ...tokenOf(options) });
  const stream = blob!.slice(from).stream() as ReadableStream<Uint8Array>;
  const failure = await answer;
  if (failure === undefined) return stream;
  void stream.cancel().catch(() => {});
  const isStatus = typeof failure === "object" && failure !== null && "statusCode" in failure;
  throw refusalOf(reference, isStatus ? Object.assign(new Error("status"), failure) : failure);
}

async function append(
  stream: ReadableStream<Uint8Array>,
  handle: FileHandle,
  from: number,
  file: HubFile,
  endpoint: string,
  { signal, timeoutMs = STALL_MS, onBytes }: DownloadOptions,
): Promise<void> {
  const reader = stream.getReader();
  let done = from;
  try {
    for (;;) {
      const chunk = await readWithin(reader, timeoutMs, endpoint);
      signal?.throwIfAborted();
      if (chunk.done) break;
      await handle.writeFile(chunk.value);
      done += chunk.value.length;
      onBytes?.(done);
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw unreachable(endpoint, error);
  } finally {
    // A reader whose connection hangs would never let go.
    void reader.cancel().catch(() => {});
    reader.releaseLock();
  }
  if (done < file.size) throw unreachable(endpoint, `${file.name} ended after ${done} of ${file.size} bytes`);
}

async function readWithin(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  timeoutMs: number,
  endpoint: string,
): Promise<{ done: boolean; value?: Uint8Array } & ({ done: true } | { value: Uint8Array })> {
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unreachable(endpoint, `no byte in ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    const { done, value } = await Promise.race([reader.read(), stalled]);
    return done || value === undefined ? { done: true } : { done: false, value };
  } finally {
    clearTimeout(timer);
  }
}

/** Puts a whole and right part in its place. */
async function completes(part: string, path: string, file: HubFile): Promise<boolean> {
  if (!(await isWhole(part, file))) return false;
  await rename(part, path);
  return true;
}

async function isWhole(path: string, { size, hash }: HubFile): Promise<boolean> {
  if ((await sizeOf(path)) !== size) return false;
  const hashing: Hash = createHash(hash.kind === "sha256" ? "sha256" : "sha1");
  if (hash.kind === "git") hashing.update(`blob ${size}\0`);
  for await (const chunk of createReadStream(path)) hashing.update(chunk as Uint8Array);
  return hashing.digest("hex") === hash.hex;
}

/** Bytes of a file that are in `folder` already, in its place or beside it. */
export async function presentBytes(file: HubFile, folder: string): Promise<number> {
  const path = join(folder, file.name);
  return Math.min(file.size, Math.max((await sizeOf(path)) ?? 0, (await sizeOf(partOf(path, file))) ?? 0));
}

const partOf = (path: string, file: HubFile) => `${path}.${file.hash.hex.slice(0, 16)}.part`;

/** Bytes of a file; undefined where there is none. Something else in its place is not touched. */
async function sizeOf(path: string): Promise<number | undefined> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  if (found.isFile()) return found.size;
  throw aiError("HUB_TARGET_INVALID", {
    message: `${path} is there and is no file`,
    fix: "name another folder with --out",
    facts: { path },
  });
}

function mismatch({ reference }: HubModel, file: HubFile): Error {
  return aiError("HUB_HASH_MISMATCH", {
    message: `${reference.endpoint} gives a ${file.name} that has not the hash it names (${file.hash.kind} ${file.hash.hex})`,
    fix: "nothing of it was kept; try again, and use another hub if it stays so",
    facts: { file: file.name, expected: file.hash.hex },
  });
}
