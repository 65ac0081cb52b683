/**
 * Attribution indexes in files: written, mapped, committed to, scored and cut to their best rows by the C++ addon, off the event loop.
 * Every answer is the same for any number of threads, any instruction set and any division of the rows into files.
 *
 * Records are as the index commits them: rowId u32 | contributionId u64 | row u32 | first u32 | exponent i8 | int8[k], big endian.
 * `native/sketches/format.md` describes the files.
 */
import { availableParallelism } from "node:os";
import { loadAddon } from "./addon.ts";
import { NativeError } from "./error.ts";
import type { Session } from "./index.ts";
import type { Isa } from "./types.ts";

/** Rows of an index in one mapped file. */
export interface SketchPart {
  /** Its first row, and how many there are. */
  first: number;
  rows: number;
  /** The records where they are mapped. What is written here stays in this process. */
  records: Uint8Array;
}

/** A mapped index; unmapped when nothing holds it any more. Don't write to its files while it is. */
export interface Sketches {
  readonly handle: object;
  readonly rows: number;
  /** k, values of a sketch. */
  readonly dimension: number;
  /** 32 bytes: the Merkle root over the records. */
  readonly root: Uint8Array;
  /** In the order of their rows. */
  readonly parts: readonly SketchPart[];
}

/** A query of an index. */
export interface SketchQuery {
  exponent: number;
  /** [k] */
  values: Int16Array;
}

/** Rows and what they scored, the best first. */
export interface BestRows {
  rows: Uint32Array;
  scores: BigInt64Array;
}

export interface ThreadOptions {
  threads?: number;
}

/** Stands for no score: exponents ask for a shift outside 0 to 24, or a value of the row is -128. */
export const NO_SCORE = -(2n ** 63n);
/** Queries of one pass. */
export const MAX_QUERIES = 64;
/** A call lists at most so many rows. */
export const MAX_BEST = 65_536;

/**
 * Writes the file of these records, which are the index's rows from `first` on, replacing a file there in one step. A process that dies
 * on the way leaves what was there, and a `.partial` file beside it.
 * @param records end to end, or the path of a file of them.
 * @throws NativeError `SKETCH_INPUT`, `SKETCH_TOO_LARGE` (4 GiB of records), `SKETCH_READ`, `SKETCH_WRITE`, `SKETCH_MEMORY`
 */
export async function writeSketches(
  path: string,
  records: Uint8Array | string,
  {
    dimension,
    first = 0,
    threads = availableParallelism(),
  }: ThreadOptions & { dimension: number; first?: number },
): Promise<void> {
  await settled(() => loadAddon().sketchesWrite(path, records, dimension, first, threads));
}

/** Writes all rows of an index as one file: the same bytes as if it had been written at once. Errors as writeSketches'. */
export async function compactSketches(
  { handle }: Sketches,
  path: string,
  { threads = availableParallelism() }: ThreadOptions = {},
): Promise<void> {
  await settled(() => loadAddon().sketchesCompact(handle, path, threads));
}

/**
 * Maps the files of an index, in any order. With `verify` (the default) every byte is compared with its checksum first; without it this
 * reads the headers only.
 * @throws NativeError `SKETCH_FILE` (not such a file, another version, damaged), `SKETCH_READ`, `SKETCH_INPUT` (not the rows from 0 on)
 */
export async function openSketches(
  paths: readonly string[],
  { verify = true, threads = availableParallelism() }: ThreadOptions & { verify?: boolean } = {},
): Promise<Sketches> {
  const handle = await settled(() => loadAddon().sketchesOpen([...paths], verify, threads));
  const { rows, dimension, root, parts } = loadAddon().sketchesAbout(handle);
  return {
    ...{ handle, rows, dimension, root },
    parts: parts.map((part) => ({ ...part, records: new Uint8Array(part.records) })),
  };
}

/** The hashes (32 bytes each) beside a row's way to the root, from its leaf up; reads one of each level. */
export function sketchPath({ handle, rows }: Sketches, row: number): Uint8Array[] {
  if (!Number.isInteger(row) || row < 0 || row >= rows) {
    throw new NativeError("SKETCH_INPUT", `row ${row} is outside 0…${rows - 1}`);
  }
  const bytes = loadAddon().sketchesPath(handle, row);
  return Array.from({ length: bytes.length / 32 }, (_, i) => bytes.subarray(32 * i, 32 * i + 32));
}

/** Scores of all rows for the queries of one pass: 8 bytes a row and query, outside of JavaScript's memory. */
export class SketchScores {
  private readonly handle: object;

  constructor(handle: object) {
    this.handle = handle;
  }

  /**
   * The best rows for a query: of those that repeat no other row, aren't skipped and score above 0. Score descending, ties the lower row.
   * @param query its place among the queries.
   * @param limit at most {@link MAX_BEST}.
   * @param except rows that are left out, in any order.
   */
  best(query: number, limit: number, except: readonly number[] = []): Promise<BestRows> {
    const aside = Uint32Array.from(except).sort();
    return settled(() => loadAddon().sketchesBest(this.handle, query, limit, aside));
  }

  /** Of these rows in their order, {@link NO_SCORE} where there is none. */
  of(query: number, rows: Uint32Array): BigInt64Array {
    return loadAddon().sketchesPick(this.handle, query, rows);
  }
}

/** An index's rows in the memory of a device; freed when nothing holds it any more. */
export interface KeptSketches {
  readonly handle: object;
}

/** Rows of an index that a device keeps, in bytes, unless told otherwise. */
const KEPT_BYTES = 8 * 2 ** 30;

/**
 * Keeps an index's rows in the memory of the session's device, for {@link scoreSketches}. Rows that don't fit are read from the files at
 * each pass.
 * @param options `bytes`: of the device's memory, at most, for rows; two bytes a row and the scores of a pass come on top. 8 GiB unless given.
 * @returns undefined where the session's device is the CPU: it reads the files.
 * @throws NativeError `SKETCH_MEMORY` (the device's is full), `SKETCH_DEVICE` (the device refused)
 */
export async function keepSketches(
  { handle }: Sketches,
  session: Session,
  { bytes = KEPT_BYTES }: { bytes?: number } = {},
): Promise<KeptSketches | undefined> {
  const kept = await settled(() => loadAddon().sketchesKeep(handle, session.handle, bytes));
  return kept && { handle: kept };
}

/**
 * Exact scores of every row for each query, in one pass: dot << (query exponent + row exponent - e0).
 * @param queries 1 to {@link MAX_QUERIES}.
 * @param options `isa`: the instruction set, the best one unless given; `kept`: what {@link keepSketches} gave for this index.
 * @throws NativeError `SKETCH_INPUT`, `SKETCH_MEMORY`, `SKETCH_DEVICE`
 */
export async function scoreSketches(
  { handle, dimension }: Sketches,
  queries: readonly SketchQuery[],
  e0: number,
  { threads = availableParallelism(), isa, kept }: ThreadOptions & { isa?: Isa; kept?: KeptSketches } = {},
): Promise<SketchScores> {
  if (queries.length === 0 || queries.length > MAX_QUERIES) {
    throw new NativeError("SKETCH_INPUT", `${queries.length} queries are not 1 to ${MAX_QUERIES}`);
  }
  const values = new Int16Array(queries.length * dimension);
  const exponents = new Int8Array(queries.length);
  for (const [i, query] of queries.entries()) {
    if (query.values.length !== dimension || query.exponent !== (query.exponent << 24) >> 24) {
      throw new NativeError("SKETCH_INPUT", `a query is not ${dimension} values and an exponent of 8 bits`);
    }
    values.set(query.values, i * dimension);
    exponents[i] = query.exponent;
  }
  return new SketchScores(
    await settled(() => loadAddon().sketchesScore(handle, values, exponents, e0, threads, isa, kept?.handle)),
  );
}

/** Reads every byte of the records and adds them up, in words of 8 bytes: what no scan can be faster than. */
export function readSketches(
  { handle }: Sketches,
  { threads = availableParallelism() }: ThreadOptions = {},
): Promise<bigint> {
  return settled(() => loadAddon().sketchesRead(handle, threads));
}

/**
 * For display alone: the rows that look best by the signs of their values, an eighth of the bytes of a scan. What is paid or claimed
 * comes from {@link scoreSketches}.
 * @returns rows by estimate, ties the lower row; the numbers compare with each other only.
 */
export function likelySketches(
  { handle }: Sketches,
  values: Int16Array,
  limit: number,
  { threads = availableParallelism() }: ThreadOptions = {},
): Promise<BestRows> {
  return settled(() => loadAddon().sketchesLikely(handle, values, limit, threads));
}

async function settled<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    const code = (cause as Error & { code?: unknown }).code;
    const name = typeof code === "string" ? code : "SKETCH_INTERNAL";
    throw new NativeError(name, cause.message, FIXES[name], cause);
  }
}

const FIXES: Record<string, string> = {
  SKETCH_MEMORY: "Ask for fewer queries at a time, or keep fewer bytes on the device.",
  SKETCH_DEVICE: "Look at the GPU with nvidia-smi, or leave out `kept`: the CPU gives the same scores.",
  SKETCH_FILE: "Remove the file and make it again from the index's records.",
  SKETCH_WRITE: "Make room on the disk, or name a folder that can be written to.",
  SKETCH_READ: "Look whether the file is there and may be read.",
};
