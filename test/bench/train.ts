import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Session } from "../../native/js/index.ts";
import { openModelSource } from "../../node/ai/model/files.ts";
import { loadNativeModel } from "../../node/ai/model/load.ts";
import { packageRoot } from "../../node/base/paths.ts";
import { type Bench, type Figure, median, wantedThreads } from "./figure.ts";
import { MADE_MODELS, writeMadeModel } from "./made-model.ts";
import { picked } from "./picks.ts";
import { TrainJob } from "./train-job.ts";
import { TrainPeer } from "./train-peer.ts";

const RUNS = 3;

interface Load {
  /** Sequences a step. */
  batch: number;
  /** Tokens of each. */
  length: number;
  steps: number;
  /** Absent: all cores. One thread measures the kernels; more measure also how both wait for a busy machine. */
  threads?: number;
}

/** The devnet's rows are near 32 tokens; 256 are the shipped model's whole context. */
const LOADS: Readonly<Record<string, readonly Load[]>> = {
  shipped: [
    { batch: 8, length: 32, steps: 10, threads: 1 },
    { batch: 8, length: 256, steps: 2 },
  ],
  "5m": [{ batch: 32, length: 64, steps: 3 }],
  "25m": [{ batch: 16, length: 64, steps: 2 }],
  "135m": [{ batch: 8, length: 64, steps: 2 }],
};

/**
 * LoRA training and per-example gradients of the factors, at the shipped model's size and at three of made models, beside the best of
 * PyTorch: same weights, tokens, factors, threads; the same losses and gradients, or no figure. OPENLEDGER_BENCH_SIZES picks sizes,
 * OPENLEDGER_BENCH_THREADS sets the threads (of one, processor time is measured).
 */
export const trainBench: Bench = {
  name: "train",
  async run() {
    const sizes = picked("OPENLEDGER_BENCH_SIZES", Object.keys(LOADS));
    const folder = await mkdtemp(join(tmpdir(), "openledger-bench-train-"));
    try {
      const figures: Figure[] = [];
      for (const size of sizes) figures.push(...(await measureSize(size, folder)));
      return figures;
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

async function measureSize(size: string, folder: string): Promise<Figure[]> {
  let modelFolder = join(packageRoot(), "node", "ai", "base-model", "model");
  const shape = MADE_MODELS[size];
  if (shape !== undefined) {
    modelFolder = join(folder, size);
    await writeMadeModel(modelFolder, shape);
  }
  const { native } = loadNativeModel(await openModelSource(modelFolder));
  const figures: Figure[] = [];
  for (const load of LOADS[size]!) {
    const session = new Session({ threads: wantedThreads(load.threads) });
    const job = new TrainJob(session, native, load);
    const peer = await TrainPeer.start(session.threads, modelFolder, folder, job);
    // A size of several loads needs a name for each.
    const name = LOADS[size]!.length === 1 ? size : `${size}-${load.batch}x${load.length}`;
    figures.push(await trainFigure(name, job, peer), await gradientFigure(name, job, peer));
    peer.stop();
    session.close();
  }
  native.close();
  if (shape !== undefined) await rm(modelFolder, { recursive: true });
  return figures;
}

/** Both take turns; the fastest of the peer's ways in fp32 counts. */
async function trainFigure(size: string, job: TrainJob, peer: TrainPeer): Promise<Figure> {
  const ours: number[] = [];
  await job.train();
  const losses = await job.train();
  await peer.warmTraining(losses);
  for (let run = 0; run < RUNS; run++) {
    ours.push(await job.timed(() => job.train()));
    await peer.train();
  }
  return figureOf(
    `LoRA training of ${size}, ${job.describe()}`,
    `train-${size}`,
    job.trainedTokens,
    ours,
    peer,
  );
}

async function gradientFigure(size: string, job: TrainJob, peer: TrainPeer): Promise<Figure> {
  const ours: number[] = [];
  await job.gradients();
  await peer.warmGradients(await job.gradients());
  for (let run = 0; run < RUNS; run++) {
    ours.push(await job.timed(() => job.gradients()));
    await peer.gradients();
  }
  const what = `gradients of each example of ${size}, ${job.describe()}`;
  return figureOf(what, `gradients-${size}`, job.batchTokens, ours, peer);
}

function figureOf(
  what: string,
  name: string,
  tokens: number,
  ours: readonly number[],
  peer: TrainPeer,
): Figure {
  const { best, note } = peer.take(tokens);
  return { what, name, unit: "tokens/s", ours: tokens / median(ours), peer: best, note };
}
