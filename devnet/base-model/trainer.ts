import type { SessionOptions } from "../../native/js/index.ts";
import { initialWeights, Session, Trainer } from "../../native/js/index.ts";
import { systemClock } from "../../node/base/clock.ts";
import type { CodedError } from "../../node/base/errors.ts";
import { devnetError } from "../errors.ts";
import { readCheckpoint, weightsHash, writeCheckpoint } from "./checkpoint.ts";
import { TrainingData } from "./data.ts";
import {
  ADAMW,
  BASE_MODEL,
  CLIP_NORM,
  FASTER_FROM,
  scheduleAt,
  TRAINING_STEPS,
  WEIGHTS_SEED,
} from "./settings.ts";

export interface PretrainOptions {
  tokenizerJson: string;
  /** Where to keep checkpoints; absent: none are kept. */
  checkpoint?: string;
  /** Stop after this many steps in all; default: the whole run. */
  steps?: number;
  /** Seconds between two checkpoints. */
  interval?: number;
  session?: SessionOptions;
  onStep?: (done: StepReport) => void;
  /** Ends the run after the job in hand, with a checkpoint. */
  signal?: AbortSignal;
}

export interface StepReport {
  step: number;
  tokens: number;
  loss: number;
  norm: number;
  /** Since this process began. */
  tokensPerSecond: number;
}

/** Steps that go to the native core in one job: enough to hide the making of the next, few enough to stop soon. */
const STEPS_PER_JOB = 10;

/**
 * Trains the base model from its seeds, or goes on from the checkpoint: the weights after step n are the same bytes
 * whatever the number of interruptions, threads or the instruction set.
 * @throws CodedError `PRETRAIN_STOPPED` after the signal; `CHECKPOINT_INVALID`.
 */
export async function pretrain(options: PretrainOptions): Promise<Trainer> {
  const saved = options.checkpoint ? readCheckpoint(options.checkpoint, BASE_MODEL) : undefined;
  const trainer = new Trainer(
    BASE_MODEL,
    saved?.state ?? { weights: initialWeights(BASE_MODEL, WEIGHTS_SEED) },
  );
  const session = new Session(options.session);
  const data = await TrainingData.open(options.tokenizerJson);
  const last = Math.min(options.steps ?? TRAINING_STEPS, TRAINING_STEPS);
  const began = systemClock.now();
  let tokens = saved?.tokens ?? 0;
  let fresh = 0;
  let kept = began;
  let step = saved?.state.step ?? 0;
  let next = nextSteps(data, step, last);
  while (step < last) {
    const { examples, steps, sizes } = await next;
    const job = session.pretrain({
      trainer,
      examples,
      steps,
      adamw: ADAMW,
      schedule: scheduleAt(step),
      clipNorm: CLIP_NORM,
    });
    next = nextSteps(data, step + steps.length, last);
    const { losses, norms } = await job.wait({ intervalMs: 20 });
    for (const [i, size] of sizes.entries()) {
      step += 1;
      tokens += size;
      fresh += size;
      const tokensPerSecond = fresh / (systemClock.now() - began);
      options.onStep?.({
        step,
        tokens,
        loss: losses[i] as number,
        norm: norms[i] as number,
        tokensPerSecond,
      });
    }
    const stopping = options.signal?.aborted === true;
    const due = step === last || stopping || systemClock.now() - kept >= (options.interval ?? 300);
    if (options.checkpoint && due) {
      writeCheckpoint(options.checkpoint, BASE_MODEL, trainer.state(), tokens);
      kept = systemClock.now();
    }
    if (stopping && step < last) throw stopped(step);
  }
  return trainer;
}

function stopped(step: number): CodedError {
  return devnetError("PRETRAIN_STOPPED", {
    message: `the run was stopped after step ${step}`,
    fix: "run the same command again to go on from there",
    facts: { step },
  });
}

async function nextSteps(data: TrainingData, from: number, last: number) {
  const examples = [];
  const steps: number[][] = [];
  const sizes: number[] = [];
  // A job has one learning rate's curve.
  const end = Math.min(from + STEPS_PER_JOB, last, from < FASTER_FROM ? FASTER_FROM : last);
  for (let step = from; step < end; step++) {
    const batch = await data.batch(step);
    steps.push(batch.examples.map((_, i) => examples.length + i));
    examples.push(...batch.examples);
    sizes.push(batch.tokens);
  }
  return { examples, steps, sizes };
}

/** The hash of all weights after the first `steps` steps: the same everywhere, so a test can compare it. */
export async function firstStepsHash(
  tokenizerJson: string,
  steps: number,
  session?: SessionOptions,
): Promise<string> {
  const trainer = await pretrain({ tokenizerJson, steps, session });
  return weightsHash(BASE_MODEL, trainer.state().weights);
}
