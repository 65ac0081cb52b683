import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fitFactored, type SketchTerms, sketchFactored } from "../../native/js/factored.ts";
import { type Adapter, type Example, type Model, Session } from "../../native/js/index.ts";
import { fitBasis, quantise, scan, sketch } from "../../native/js/influence.ts";
import { openModelSource } from "../../node/ai/model/files.ts";
import { loadNativeModel } from "../../node/ai/model/load.ts";
import { FACTORED_SKETCHES } from "../../node/ai/train/method.ts";
import { CodedError } from "../../node/base/errors.ts";
import { packageRoot } from "../../node/base/paths.ts";
import { Random } from "../../node/base/random.ts";
import { type Bench, clockFor, countThreads, type Figure, median, wantedThreads } from "./figure.ts";
import { MADE_ADAPTER, madeAdapter } from "./made-model.ts";
import { PythonPeer } from "./python-peer.ts";

/** As many rows as directions, and as many as directions are fitted on at most. */
const SIZES = { dense: 256, factored: 2048 };
const QUESTIONS = 4;
const LENGTH = 32;
const DAMPING = 0.1;
const RUNS = 3;
/**
 * Least correlation of both sides' scores of a question. Ours are rounded to 8 bits; dense directions hold all that the rows span, factored
 * ones leave out what their directions don't span, which these rows, that have nothing to do with one another, show most.
 */
const AGREEMENT: Readonly<Record<Kind, number>> = { dense: 0.9, factored: 0.6 };
const WAIT = { intervalMs: 1 };

/** Factored sketches as large models have them, but of rows as long as they are: kronfluence's scores have them so. */
const TERMS: SketchTerms = { dimension: FACTORED_SKETCHES.dimension, unit: false };

type Kind = keyof typeof SIZES;

/**
 * Basis, sketches and scores of the shipped model's LoRA factors beside kronfluence's factors and scores of the same rows: by dense
 * directions, and by factored sketches.
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
      const figures: Figure[] = [];
      for (const kind of ["dense", "factored"] as const)
        figures.push(await measure(kind, { session, model: native, modelFolder, folder }));
      return figures;
    } finally {
      session.close();
      native.close();
      await rm(folder, { recursive: true });
    }
  },
};

interface Subject {
  session: Session;
  model: Model;
  modelFolder: string;
  folder: string;
}

async function measure(kind: Kind, { session, model, modelFolder, folder }: Subject): Promise<Figure> {
  const count = SIZES[kind];
  const random = new Random(3);
  const made = (size: number) =>
    Array.from({ length: size }, () =>
      Array.from({ length: LENGTH }, () => random.below(model.config.vocabSize)),
    );
  const rows = made(count);
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
  let [note, failed]: (string | undefined)[] = [];
  const clock = clockFor(session);
  const turn = async (run: number) => {
    const start = clock();
    const mine = await SCORERS[kind](
      session,
      { model, adapter },
      rows.map(exampleOf),
      questions.map(exampleOf),
    );
    const seconds = clock() - start;
    const told: string | { seconds: number } =
      failed === undefined ? await peer.ask<{ seconds: number }>({ do: "score", file: scores }) : "";
    if (typeof told === "string") failed ??= told;
    else if (run < 0)
      note = `the scores correlate by ${agreementOf(mine, floats(await readFile(scores!)), kind).toFixed(2)}`;
    if (run < 0) return;
    ours.push(seconds);
    if (typeof told !== "string") theirs.push(told.seconds);
  };
  try {
    for (let run = -1; run < RUNS; run++) await turn(run);
  } finally {
    peer.stop();
  }
  return {
    what: `index of ${count} rows of ${LENGTH} tokens built at the shipped model's factors of rank ${rank} by ${kind} sketches, and ${QUESTIONS} questions scored, ${session.isa}, ${countThreads(session)}`,
    ...{ name: `index-build-${kind}`, unit: "rows/s", ours: count / median(ours), note: failed ?? note },
    peer: theirs.length > 0 ? { name: "kronfluence, ekfac", value: count / median(theirs) } : undefined,
  };
}

type Scorer = (
  session: Session,
  subject: { model: Model; adapter: Adapter },
  rows: Example[],
  questions: Example[],
) => Promise<Float64Array>;

/** As making an index and asking it do: [questions, rows]. */
const SCORERS: Readonly<Record<Kind, Scorer>> = {
  async dense(session, subject, examples, questions) {
    const dimension = examples.length;
    const fitting = { ...subject, examples, damping: DAMPING, dimension, sketches: true };
    const { basis, coordinates } = await fitBasis(session, fitting).wait(WAIT);
    const asked = await sketch(session, { ...subject, basis, examples: questions }).wait(WAIT);
    return scoresOf(coordinates!, asked, dimension);
  },
  async factored(session, subject, examples, questions) {
    const { axes } = FACTORED_SKETCHES;
    const fitting = { ...subject, ...TERMS, examples, damping: DAMPING, axes, sketches: true };
    const { basis, coordinates } = await fitFactored(session, fitting).wait(WAIT);
    const asking = { ...subject, basis, terms: TERMS, examples: questions };
    return scoresOf(coordinates!, await sketchFactored(session, asking).wait(WAIT), TERMS.dimension);
  },
};

function scoresOf(rows: Float32Array, questions: Float32Array, k: number): Float64Array {
  const index = quantise(rows, k, 8);
  const asked = quantise(questions, k, 16);
  const count = rows.length / k;
  const scores = new Float64Array((questions.length / k) * count);
  for (const [q, exponent] of asked.exponents.entries()) {
    const dots = scan(asked.values.subarray(q * k, (q + 1) * k), index.values);
    for (let row = 0; row < count; row++)
      scores[q * count + row] = Number(dots[row]) * 2 ** (exponent + index.exponents[row]!);
  }
  return scores;
}

function exampleOf(ids: readonly number[]): Example {
  return { ids: [...ids], completionStart: LENGTH / 2 };
}

function floats(bytes: Uint8Array): Float64Array {
  return Float64Array.from(new Float32Array(bytes.slice().buffer));
}

/** The least correlation of a question's scores. @throws CodedError `BENCH_MISMATCH` when both sides don't score the same thing. */
function agreementOf(ours: Float64Array, theirs: Float64Array, kind: Kind): number {
  const rows = SIZES[kind];
  const found = Array.from({ length: QUESTIONS }, (_, q) => {
    const part = [q * rows, (q + 1) * rows] as const;
    return correlation(ours.subarray(...part), theirs.subarray(...part));
  });
  const least = Math.min(...found);
  if (least >= AGREEMENT[kind]) return least;
  throw new CodedError("BENCH_MISMATCH", "fatal", {
    message: `the scores of question ${found.indexOf(least)} correlate by ${least}`,
    facts: { question: found.indexOf(least), correlation: least },
  });
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
