import { mkdtempSync, rmSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import {
  likelySketches,
  openSketches,
  readSketches,
  type Sketches,
  type SketchQuery,
  scoreSketches,
  sketchPath,
  writeSketches,
} from "../../native/js/sketches.ts";
import { CodedError } from "../../node/base/errors.ts";
import { Random } from "../../node/base/random.ts";
import { type Bench, type Figure, medianSeconds, medianSecondsInTurn, wallClock } from "./figure.ts";
import { modelFigures } from "./index-model.ts";

const DIMENSION = 4096;
/** Rows of one file: an index grows by files. */
const PART = 16_384;
const LISTED = 16;
const QUERIES = 16;
const HEAD = 21;
const QUERY = 7;

/**
 * An index of many rows of k = 4,096: building, memory, one question's scan beside what reading the same bytes takes; then, where facts are
 * asked for, questions to a model that learnt some of them. OPENLEDGER_BENCH_ROWS and OPENLEDGER_BENCH_FACTS name the sizes.
 */
export const indexBench: Bench = {
  name: "index",
  async run() {
    const rows = setting("OPENLEDGER_BENCH_ROWS", 100_000, 1_000, 4_000_000);
    const facts = setting("OPENLEDGER_BENCH_FACTS", 0, 0, 10_000);
    const folder = mkdtempSync(join(tmpdir(), "openledger-bench-index-"));
    try {
      const figures = await scanFigures(folder, rows);
      return facts > 0 ? [...figures, ...(await modelFigures(folder, rows, facts))] : figures;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function setting(name: string, usual: number, least: number, most: number): number {
  const value = Number(process.env[name] ?? usual);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new CodedError("BENCH_SETTING", "fatal", { message: `${name} is not ${least} to ${most}` });
}

async function scanFigures(folder: string, rows: number): Promise<Figure[]> {
  const what = `${rows.toLocaleString("en-US")} rows, k = ${DIMENSION}`;
  const before = process.memoryUsage().rss;
  let seconds = 0;
  const paths: string[] = [];
  for (let first = 0; first < rows; first += PART) {
    const records = madeRecords(first, Math.min(PART, rows - first));
    const path = join(folder, `${first}.sketches`);
    const start = wallClock();
    await writeSketches(path, records, { dimension: DIMENSION, first });
    seconds += wallClock() - start;
    paths.push(path);
  }
  const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);
  const open = await medianSeconds(() => openSketches(paths, { verify: false }), { runs: 3 });
  const index = await openSketches(paths);
  const grown = process.memoryUsage().rss - before;
  // They are mapped; what follows needs the room on the disk.
  for (const path of paths) rmSync(path);
  return [
    {
      what: `index of ${what} written: records, signs, Merkle tree, checksums, on the disk`,
      unit: "rows/s",
      ours: rows / seconds,
      peer: undefined,
      note: `${paths.length} files, ${(bytes / rows).toFixed(0)} bytes a row; opened in ${(1000 * open).toFixed(1)} ms; this process grew by ${(grown / 2 ** 20).toFixed(0)} MiB, mapped pages among it`,
    },
    ...(await questionFigures(index, what)),
    await pathFigure(index),
    await signsFigure(index, what),
  ];
}

/** Records of small random values; each hundredth is near a query, so that lists aren't noise alone. */
function madeRecords(first: number, rows: number): Uint8Array {
  const size = HEAD + DIMENSION;
  const bytes = new Uint8Array(rows * size);
  const view = new DataView(bytes.buffer);
  const random = new Random(first);
  for (let i = 0; i < rows; i++) {
    const at = i * size;
    view.setUint32(at, first + i);
    view.setUint32(at + 16, first + i);
    const target = (first + i) % 100 === 0 ? queryOf(((first + i) / 100) % QUERIES).values : undefined;
    for (let j = 0; j < DIMENSION; j += 4) {
      const word = random.next();
      for (let k = 0; k < 4; k++) {
        const noise = ((word >>> (8 * k)) & 63) - 32;
        view.setInt8(at + HEAD + j + k, target === undefined ? noise : noise + (target[j + k]! >> 12));
      }
    }
  }
  return bytes;
}

const known = new Map<number, SketchQuery>();
function queryOf(number: number): SketchQuery {
  let query = known.get(number);
  if (query === undefined) {
    const random = new Random(QUERY, number);
    const values = Int16Array.from({ length: DIMENSION }, () => random.below(65_535) - 32_767);
    query = { exponent: 0, values };
    known.set(number, query);
  }
  return query;
}

async function questionFigures(index: Sketches, what: string): Promise<Figure[]> {
  const threads = availableParallelism();
  const bytes = index.rows * (HEAD + DIMENSION);
  const ask = async (count: number) => {
    const queries = Array.from({ length: count }, (_, i) => queryOf(i));
    const scores = await scoreSketches(index, queries, 0, { threads });
    for (let q = 0; q < count; q++) await scores.best(q, LISTED);
  };
  const [one, many, read] = (await medianSecondsInTurn([
    () => ask(1),
    () => ask(QUERIES),
    () => readSketches(index, { threads }),
  ])) as [number, number, number];
  const rate = (seconds: number) => bytes / seconds / 1e9;
  return [
    {
      what: `one question's scores and best ${LISTED} of ${what}; ${threads} threads`,
      name: "index scan",
      unit: "GB/s",
      ours: rate(one),
      peer: { name: "reading the same bytes", value: rate(read) },
      note: `${(1000 * one).toFixed(1)} ms; reading alone takes ${(1000 * read).toFixed(1)} ms`,
    },
    {
      what: `${QUERIES} questions in one pass over ${what}`,
      unit: "questions/s",
      ours: QUERIES / many,
      peer: { name: "one after another", value: 1 / one },
      note: `${((QUERIES * index.rows * DIMENSION) / many / 1e9).toFixed(0)} GMAC/s`,
    },
  ];
}

async function pathFigure(index: Sketches): Promise<Figure> {
  const count = 10_000;
  const random = new Random(5);
  const rows = Array.from({ length: count }, () => random.next() % index.rows);
  const seconds = await medianSeconds(() => {
    for (const row of rows) sketchPath(index, row);
  });
  return {
    what: "paths from a row to the root",
    unit: "paths/s",
    ours: count / seconds,
    peer: undefined,
    note: "no peer makes the same",
  };
}

/** How much of the exact list the estimate from signs finds, and how long it takes. */
async function signsFigure(index: Sketches, what: string): Promise<Figure> {
  let found = 0;
  let listed = 0;
  for (let i = 0; i < QUERIES; i++) {
    const { exponent, values } = queryOf(i);
    const exact = (await (await scoreSketches(index, [{ exponent, values }], 0)).best(0, LISTED)).rows;
    const likely = new Set((await likelySketches(index, values, 4 * LISTED)).rows);
    listed += exact.length;
    found += exact.filter((row) => likely.has(row)).length;
  }
  const seconds = await medianSeconds(() => likelySketches(index, queryOf(0).values, 4 * LISTED));
  return {
    what: `likely rows by signs alone (for display) of ${what}`,
    unit: "rows/s",
    ours: index.rows / seconds,
    peer: undefined,
    note: `${(1000 * seconds).toFixed(1)} ms; its first ${4 * LISTED} hold ${((100 * found) / listed).toFixed(1)} % of the exact first ${LISTED}`,
  };
}
