import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Adapter,
  adapterTensors,
  type Example,
  initialAdapter,
  LORA_TARGETS,
  type LoraTrainResult,
  Session,
} from "../../native/js/index.ts";
import { readModelFolder } from "../../node/ai/model/files.ts";
import { type LoadedModel, loadModel, nativeConfig } from "../../node/ai/model/load.ts";
import { CodedError } from "../../node/base/errors.ts";
import { packageRoot } from "../../node/base/paths.ts";
import { type Bench, clockFor, countThreads, type Figure, medianSeconds } from "./figure.ts";
import { runPython } from "./python.ts";

const RANK = 8;
const SCALE = 2;
const LEARNING_RATE = 0.005;
const CLIP_NORM = 1;
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

/** The devnet's rows are near 32 tokens; 256 are the base model's whole context. */
const LOADS: readonly Load[] = [
  { batch: 8, length: 32, steps: 10, threads: 1 },
  { batch: 8, length: 256, steps: 2, threads: 1 },
  { batch: 8, length: 256, steps: 2 },
];
/** Both sides use fp32 in different orders, and AdamW's first steps have the size of the learning rate whatever the gradient. */
const LOSS_TOLERANCE = 0.02;

interface Job {
  batches: number[][][];
  completionStart: number;
}

/** LoRA steps on the shipped base model beside the same steps in eager PyTorch: same tokens, factors, threads, losses. */
export const trainBench: Bench = {
  name: "train",
  async run() {
    const modelFolder = join(packageRoot(), "node", "ai", "base-model", "model");
    const model = await loadModel(await readModelFolder(modelFolder));
    const folder = await mkdtemp(join(tmpdir(), "bench-"));
    try {
      const figures: Figure[] = [];
      for (const load of LOADS) figures.push(await measure(model, modelFolder, folder, load));
      return figures;
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

async function measure(model: LoadedModel, modelFolder: string, folder: string, load: Load): Promise<Figure> {
  const { batch, length, steps, threads } = load;
  const job = makeJob(load, model.config.vocabSize);
  const session = new Session({ threads });
  const { train, start } = prepare(session, model, job);
  let result: LoraTrainResult | undefined;
  const seconds = await medianSeconds(
    async () => {
      result = await train();
    },
    { runs: RUNS, clock: clockFor(session) },
  );
  const factors = join(folder, "factors.bin");
  const file = join(folder, "job.json");
  await writeFile(factors, start);
  const settings = { rank: RANK, scale: SCALE, learningRate: LEARNING_RATE, clipNorm: CLIP_NORM, factors };
  await writeFile(file, JSON.stringify({ ...settings, ...job }));
  const peer = runPython("train.py", [String(session.threads), modelFolder, file, String(RUNS)]);
  if (typeof peer !== "string") checkLosses(result!.losses, peer);
  const tokens = batch * length * steps;
  return {
    what: `LoRA training, rank ${RANK}, ${batch} x ${length} tokens a step, ${session.isa}, ${countThreads(session)}`,
    unit: "tokens/s",
    ours: tokens / seconds,
    peer: typeof peer === "string" ? undefined : { name: "torch", value: tokens / peer.seconds! },
    note: typeof peer === "string" ? peer : undefined,
  };
}

function prepare(session: Session, { config, native }: LoadedModel, { batches, completionStart }: Job) {
  const shape = { rank: RANK, scale: SCALE, targets: LORA_TARGETS };
  const tensors = initialAdapter(nativeConfig(config), shape, 1n);
  const adapter = new Adapter(nativeConfig(config), shape, tensors);
  const examples = batches.flat().map((ids): Example => ({ ids, completionStart }));
  const size = batches[0]!.length;
  const train = () =>
    session
      .loraTrain({
        model: native,
        adapter,
        examples,
        steps: batches.map((batch, step) => batch.map((_, i) => step * size + i)),
        adamw: { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0 },
        schedule: { kind: "constant", lr: LEARNING_RATE, warmupSteps: 0 },
        clipNorm: CLIP_NORM,
      })
      .wait({ intervalMs: 20 });
  const layout = adapterTensors(nativeConfig(config), shape);
  const start = new Float32Array(layout.reduce((sum, { count }) => sum + count, 0));
  for (const { name, offset } of layout) start.set(tensors[name]!, offset);
  return { train, start };
}

/** Sequences that repeat over the steps, so that the loss falls; the second half of each is its completion. */
function makeJob({ batch, length, steps }: Load, vocabSize: number): Job {
  let state = 1;
  const token = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state % vocabSize;
  };
  const rows = Array.from({ length: batch }, () => Array.from({ length }, token));
  return { batches: Array.from({ length: steps }, () => rows), completionStart: length / 2 };
}

/** @throws CodedError `BENCH_MISMATCH` when the two sides did not train the same thing. */
function checkLosses(losses: Float64Array, peer: Record<string, number>): void {
  const pairs = [
    [losses[0]!, peer.firstLoss!, 1e-4],
    [losses.at(-1)!, peer.lastLoss!, LOSS_TOLERANCE],
  ] as const;
  for (const [ours, theirs, tolerance] of pairs) {
    if (Math.abs(ours - theirs) <= tolerance * theirs) continue;
    throw new CodedError("BENCH_MISMATCH", "fatal", {
      message: `losses differ: ${ours} and ${theirs}`,
      facts: { ours, theirs },
    });
  }
}
