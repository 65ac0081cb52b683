import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Adapter, type Example, type Model, Session } from "../../native/js/index.ts";
import { fitBasis, quantise, sketch } from "../../native/js/influence.ts";
import { openModelSource } from "../../node/ai/model/files.ts";
import { loadNativeModel } from "../../node/ai/model/load.ts";
import { CodedError } from "../../node/base/errors.ts";
import { packageRoot } from "../../node/base/paths.ts";
import { Random } from "../../node/base/random.ts";
import { type Bench, clockFor, countThreads, type Figure, median, wantedThreads } from "./figure.ts";
import { MADE_ADAPTER, madeAdapter } from "./made-model.ts";
import { PythonPeer } from "./python-peer.ts";

const ROWS = 256;
const QUESTIONS = 4;
const LENGTH = 32;
const DAMPING = 0.1;
const RUNS = 3;
/** Least correlation of both sides' scores of a question. Ours are rounded to 8 bits, and cut to directions that the rows span. */
const AGREEMENT = 0.9;
const WAIT = { intervalMs: 1 };

/**
 * Basis, sketches and scores of the shipped model's LoRA factors beside kronfluence's factors and scores of the same rows.
 * OPENLEDGER_BENCH_THREADS sets the threads (of one, processor time is measured).
 */
export const indexBuildBench: Bench = {
  name: "index-build",
  async run() {
    const modelFolder = join(packageRoot(), "node", "ai", "base-model", "model");
    const { native } = loadNativeModel(await openModelSource(modelFolder));
    const session = new Session({ threads: wantedThreads() });
    const folder = await mkdtemp(join(tmpdir(), "openledger-bench-index-build-"));
    try {
      return [await measure(session, native, modelFolder, folder)];
    } finally {
      session.close();
      native.close();
      await rm(folder, { recursive: true });
    }
  },
};

async function measure(session: Session, model: Model, modelFolder: string, folder: string): Promise<Figure> {
  const random = new Random(3);
  const made = (count: number) =>
    Array.from({ length: count }, () =>
      Array.from({ length: LENGTH }, () => random.below(model.config.vocabSize)),
    );
  const rows = made(ROWS);
  // Near copies of rows, so that scores aren't noise alone.
  const questions = made(QUESTIONS).map((ids, i) => [...rows[i]!.slice(0, LENGTH - 4), ...ids.slice(0, 4)]);
  const { adapter, flat } = madeAdapter(model);
  const [factors, file, scores] = ["factors.bin", "job.json", "scores.bin"].map((name) => join(folder, name));
  await writeFile(factors!, flat);
  const { rank, scale } = MADE_ADAPTER;
  const job = { rank, scale, rows, questions, completionStart: LENGTH / 2, damping: DAMPING, factors };
  await writeFile(file!, JSON.stringify(job));
  const peer = new PythonPeer("influence.py", [String(session.threads), modelFolder, file!]);
  const ours: number[] = [];
  const theirs: number[] = [];
  let note: string | undefined;
  const clock = clockFor(session);
  for (let run = -1; run < RUNS; run++) {
    const start = clock();
    const mine = await scoresOf(session, model, adapter, rows, questions);
    const seconds = clock() - start;
    const told = note === undefined ? await peer.ask<{ seconds: number }>({ do: "score", file: scores }) : "";
    if (typeof told === "string") note ??= told;
    else if (run < 0) requireAgreement(mine, floats(await readFile(scores!)));
    if (run < 0) continue;
    ours.push(seconds);
    if (typeof told !== "string") theirs.push(told.seconds);
  }
  peer.stop();
  return {
    what: `index of ${ROWS} rows of ${LENGTH} tokens built at the shipped model's factors of rank ${rank}, and ${QUESTIONS} questions scored, ${session.isa}, ${countThreads(session)}`,
    ...{ name: "index-build", unit: "rows/s", ours: ROWS / median(ours), note },
    peer: theirs.length > 0 ? { name: "kronfluence, ekfac", value: ROWS / median(theirs) } : undefined,
  };
}

/** As making an index and asking it do: [questions, rows]. */
async function scoresOf(
  session: Session,
  model: Model,
  adapter: Adapter,
  rows: readonly number[][],
  questions: readonly number[][],
): Promise<Float64Array> {
  const examples = rows.map(exampleOf);
  const request = { model, adapter, examples, damping: DAMPING, dimension: ROWS };
  const { basis } = await fitBasis(session, request).wait(WAIT);
  const sketched = await sketch(session, { model, adapter, basis, examples }).wait(WAIT);
  const index = quantise(sketched, ROWS, 8);
  const asked = await sketch(session, { model, adapter, basis, examples: questions.map(exampleOf) }).wait(
    WAIT,
  );
  const queries = quantise(asked, ROWS, 16);
  const scores = new Float64Array(questions.length * ROWS);
  for (let q = 0; q < questions.length; q++)
    for (let row = 0; row < ROWS; row++) {
      let dot = 0;
      for (let i = 0; i < ROWS; i++) dot += queries.values[q * ROWS + i]! * index.values[row * ROWS + i]!;
      scores[q * ROWS + row] = dot * 2 ** (queries.exponents[q]! + index.exponents[row]!);
    }
  return scores;
}

function exampleOf(ids: readonly number[]): Example {
  return { ids: [...ids], completionStart: LENGTH / 2 };
}

function floats(bytes: Uint8Array): Float64Array {
  return Float64Array.from(new Float32Array(bytes.slice().buffer));
}

/** @throws CodedError `BENCH_MISMATCH` when both sides don't score the same thing. */
function requireAgreement(ours: Float64Array, theirs: Float64Array): void {
  for (let q = 0; q < QUESTIONS; q++) {
    const part = [q * ROWS, (q + 1) * ROWS] as const;
    const found = correlation(ours.subarray(...part), theirs.subarray(...part));
    if (found >= AGREEMENT) continue;
    throw new CodedError("BENCH_MISMATCH", "fatal", {
      message: `the scores of question ${q} correlate by ${found}`,
      facts: { question: q, correlation: found },
    });
  }
}

function correlation(a: Float64Array, b: Float64Array): number {
  const mean = (values: Float64Array) => values.reduce((sum, x) => sum + x, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (const [i, x] of a.entries()) {
    ab += (x - meanA) * (b[i]! - meanB);
    aa += (x - meanA) ** 2;
    bb += (b[i]! - meanB) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}
