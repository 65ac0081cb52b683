import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  NO_SCORE,
  openSketches,
  type Sketches,
  type SketchScores,
  scoreSketches,
  sketchPath,
  writeSketches,
} from "../../../native/js/sketches.ts";
import { hexOfBytes } from "../codec/hash.ts";
import { aiError } from "../errors.ts";
import type { QuerySketch } from "./record.ts";
import { requireRow } from "./record-tree.ts";
import type { IndexCommitment, RowScores } from "./score.ts";
import { type AttributionIndex, requireBytes, requireRoot } from "./sketch-index.ts";

/**
 * An index whose records, tree and marks lie in a mapped file, scored by the native scan off the event loop.
 * @param records all of them end to end, or the path of a file of them.
 * @param path of the file that is made, and stays where it is the right one; absent: one that no folder names once it is mapped, and that goes with the index.
 * @throws CodedError `INDEX_MISMATCH`, NativeError `SKETCH_WRITE`, `SKETCH_READ`, `SKETCH_MEMORY`.
 */
export async function mapIndex(
  records: Uint8Array | string,
  commitment: IndexCommitment,
  path?: string,
): Promise<AttributionIndex> {
  requireBytes(typeof records === "string" ? (await stat(records)).size : records.length, commitment);
  const { dimension } = commitment;
  if (path !== undefined) {
    await writeSketches(path, records, { dimension });
    return openIndex(path, commitment).catch(async (error: unknown) => {
      await rm(path, { force: true });
      throw error;
    });
  }
  const folder = await mkdtemp(join(tmpdir(), "openledger-index-"));
  try {
    const passing = join(folder, "index.sketches");
    await writeSketches(passing, records, { dimension });
    return await openIndex(passing, commitment);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Maps the file of an index, every byte compared with its checksum, and checks its root.
 * @throws CodedError `INDEX_MISMATCH`, NativeError `SKETCH_FILE`, `SKETCH_READ`.
 */
export async function openIndex(path: string, commitment: IndexCommitment): Promise<AttributionIndex> {
  const sketches = await openSketches([path]);
  const [{ records: bytes }] = sketches.parts as [Sketches["parts"][number]];
  requireBytes(bytes.length, commitment);
  requireRoot(hexOfBytes(sketches.root), commitment);
  return {
    ...{ commitment, bytes },
    tree: {
      root: commitment.root,
      path(row) {
        requireRow(row, commitment.rows);
        return sketchPath(sketches, row).map(hexOfBytes);
      },
    },
    score: async (query) => scoresOf(await scored(sketches, query, commitment), commitment.rows),
  };
}

async function scored(sketches: Sketches, query: QuerySketch, { dimension, e0 }: IndexCommitment) {
  if (query.values.length === dimension) return scoreSketches(sketches, [query], e0);
  throw aiError("SCORE_DIMENSION", {
    message: `a query of ${query.values.length} values cannot be scored against rows of ${dimension}`,
  });
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
