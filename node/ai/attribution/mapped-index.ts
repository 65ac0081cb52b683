import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NativeError } from "../../../native/js/error.ts";
import type { Session } from "../../../native/js/index.ts";
import {
  type KeptSketches,
  keepSketches,
  NO_SCORE,
  openSketches,
  type Sketches,
  type SketchScores,
  scoreSketches,
  sketchPath,
  writeSketches,
} from "../../../native/js/sketches.ts";
import { recordSize } from "../../../precompiles/influence-verifier/rule.ts";
import { hexOfBytes } from "../codec/hash.ts";
import { aiError } from "../errors.ts";
import { indexParts } from "./index-contents.ts";
import type { QuerySketch } from "./record.ts";
import { requireRow } from "./record-tree.ts";
import type { IndexCommitment, RowScores } from "./score.ts";
import { type AttributionIndex, requireBytes, requireRoot } from "./sketch-index.ts";

/**
 * An index whose records, tree and marks lie in a mapped file, scored by the native scan off the event loop.
 * @param records of a part (index-contents.ts) end to end, or the path of a file of them.
 * @param paths of the files that are made, one a part, and stay where they are the right ones; absent: files that no folder names once they
 * are mapped, and that go with the index.
 * @param session whose device keeps the rows and makes the scores, where it has memory of its own with room; absent: the CPU.
 * @throws CodedError `INDEX_MISMATCH`, NativeError `SKETCH_WRITE`, `SKETCH_READ`, `SKETCH_MEMORY`.
 */
export async function mapIndex(
  records: (part: number) => Promise<Uint8Array | string>,
  commitment: IndexCommitment,
  paths?: readonly string[],
  session?: Session,
): Promise<AttributionIndex> {
  const remove = (path: string) => rm(path, { recursive: true, force: true });
  if (paths !== undefined) {
    try {
      return await writeIndex(records, commitment, paths, session);
    } catch (error) {
      for (const path of paths) await remove(path);
      throw error;
    }
  }
  const folder = await mkdtemp(join(tmpdir(), "openledger-index-"));
  const passing = indexParts(commitment).map((_, i) => join(folder, `${i}.sketches`));
  return writeIndex(records, commitment, passing, session).finally(() => remove(folder));
}

/** One part after the other, so that one is in memory at most. */
async function writeIndex(
  records: (part: number) => Promise<Uint8Array | string>,
  commitment: IndexCommitment,
  paths: readonly string[],
  session?: Session,
): Promise<AttributionIndex> {
  const { dimension } = commitment;
  for (const [i, { first, rows }] of indexParts(commitment).entries()) {
    const from = await records(i);
    requireBytes(typeof from === "string" ? (await stat(from)).size : from.length, { rows, dimension });
    await writeSketches(paths[i]!, from, { dimension, first });
  }
  return openIndex(paths, commitment, session);
}

/**
 * Maps the files of an index, every byte compared with its checksum, and checks its root. `session` is mapIndex's.
 * @throws CodedError `INDEX_MISMATCH`, NativeError `SKETCH_FILE`, `SKETCH_READ`.
 */
export async function openIndex(
  paths: readonly string[],
  commitment: IndexCommitment,
  session?: Session,
): Promise<AttributionIndex> {
  const sketches = await openSketches(paths);
  const { parts, dimension } = sketches;
  requireBytes(
    parts.reduce((sum, { records }) => sum + records.length, 0),
    commitment,
  );
  requireRoot(hexOfBytes(sketches.root), commitment);
  const kept = session && (await whereThereIsRoom(() => keepSketches(sketches, session)));
  const size = recordSize(dimension);
  return {
    commitment,
    record(rowId) {
      const part = parts.find(({ first, rows }) => rowId >= first && rowId < first + rows);
      const at = (rowId - (part?.first ?? 0)) * size;
      return part === undefined ? new Uint8Array(0) : part.records.subarray(at, at + size);
    },
    tree: {
      root: commitment.root,
      path(row) {
        requireRow(row, commitment.rows);
        return sketchPath(sketches, row).map(hexOfBytes);
      },
    },
    score: async (query) => scoresOf(await scored(sketches, query, commitment, kept), commitment.rows),
  };
}

async function scored(
  sketches: Sketches,
  query: QuerySketch,
  { dimension, e0 }: IndexCommitment,
  kept: KeptSketches | undefined,
) {
  if (query.values.length === dimension) {
    const byDevice = kept && (await whereThereIsRoom(() => scoreSketches(sketches, [query], e0, { kept })));
    return byDevice ?? scoreSketches(sketches, [query], e0);
  }
  throw aiError("SCORE_DIMENSION", {
    message: `a query of ${query.values.length} values cannot be scored against rows of ${dimension}`,
  });
}

/** A device whose memory is full leaves the work to the CPU, whose scores are the same. */
async function whereThereIsRoom<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof NativeError && error.code === "SKETCH_MEMORY") return undefined;
    throw error;
  }
}

/** A row that the index does not have has no score: claims and receipts name what they like. */
function scoresOf(scores: SketchScores, rows: number): RowScores {
  const QUERY = 0;
  return {
    of(rowIds) {
      const known = rowIds.filter((rowId) => rowId < rows);
      const values = scores.of(QUERY, Uint32Array.from(known));
      const found = new Map(known.map((rowId, i) => [rowId, values[i]]));
      return rowIds.map((rowId) => {
        const score = found.get(rowId);
        return { rowId, score: score === NO_SCORE ? undefined : score };
      });
    },
    async best(limit, except) {
      const { rows, scores: values } = await scores.best(QUERY, limit, except);
      return [...rows].map((rowId, i) => ({ rowId, score: values[i] }));
    },
  };
}
