import {
  Adapter,
  adapterTensors,
  initialAdapter,
  type LoraTrainResult,
  type Schedule,
  type Session,
} from "../../../native/js/index.ts";
import type { WaitOptions } from "../../../native/js/job.ts";
import { flatten, unflatten } from "../../../native/js/tensors.ts";
import { monotonicMs } from "../../base/clock.ts";
import { writeAdapter } from "../model/adapter.ts";
import type { ModelFiles } from "../model/files.ts";
import { adapterFromTensors, type LoadedModel, nativeConfig } from "../model/load.ts";
import type { TrainingState } from "./checkpoint.ts";
import { type Keeping, KeptRun } from "./kept-run.ts";
import type { Method } from "./method.ts";
import { planTraining, type TrainingPlan } from "./plan.ts";
import type { TrainingExample } from "./snapshot.ts";

/** A finished fine-tuning. */
export interface TrainedAdapter {
  /** Ready for jobs. */
  native: Adapter;
  /** In PEFT's form; equal inputs give equal bytes on every machine. */
  files: ModelFiles;
  /** Mean loss a target token, before each step's update. */
  losses: Float64Array;
  /** The gradient's norm of each step, before it is clipped. */
  norms: Float64Array;
  /** Visited in all steps together. */
  tokens: number;
}

/** What goes into `base_model_name_or_path`: the same for everybody, so that it cannot change the files' hashes. */
const BASE_NAME = "base";

/**
 * Fine-tunes LoRA factors on the rows. The result depends on base, rows and method only.
 * @throws CodedError of plan.ts; NativeError `NATIVE_CANCELLED` when aborted.
 */
export async function trainAdapter(
  session: Session,
  base: LoadedModel,
  rows: readonly TrainingExample[],
  method: Method,
  options: WaitOptions = {},
  keeping?: Keeping,
): Promise<TrainedAdapter> {
  const plan = await planTraining(rows, method, base.tokenizer, base.config.contextLength);
  return await trainPlan(session, base, plan, method, options, keeping);
}

/**
 * Runs a plan of {@link planTraining}, from its beginning or, where `keeping` has a state of the same run, from there: the result
 * is the same.
 * @throws NativeError `NATIVE_CANCELLED` when aborted.
 */
export async function trainPlan(
  session: Session,
  base: LoadedModel,
  plan: TrainingPlan,
  method: Method,
  options: WaitOptions = {},
  keeping?: Keeping,
): Promise<TrainedAdapter> {
  const { lora } = method;
  const config = nativeConfig(base.config);
  const shape = { rank: lora.rank, scale: lora.alpha / lora.rank, targets: lora.targets };
  const layout = adapterTensors(config, shape);
  const run = keeping && new KeptRun(keeping, plan, method);
  let state = await begin(run, flatten(layout, initialAdapter(config, shape, BigInt(lora.seed))), plan);
  while (state.step < plan.steps.length) {
    const adapter = new Adapter(config, shape, unflatten(layout, state.factors));
    const steps = plan.steps.slice(state.step, state.step + (run?.nextSteps() ?? plan.steps.length));
    const begun = monotonicMs();
    const part = await trainPart(session, base, { plan, steps, method, adapter, from: state }, options);
    adapter.close();
    state = {
      step: part.state.step,
      ...{ factors: part.flat, m: part.state.m, v: part.state.v },
      losses: joined(state.losses, part.losses),
      norms: joined(state.norms, part.norms),
    };
    await run?.keep(state, steps.length, monotonicMs() - begun);
  }
  const tensors = unflatten(layout, state.factors);
  return {
    native: new Adapter(config, shape, tensors),
    files: writeAdapter(adapterFromTensors(base.config, lora, tensors), base.config, BASE_NAME),
    ...{ losses: state.losses, norms: state.norms, tokens: plan.tokens },
  };
}

async function begin(
  run: KeptRun | undefined,
  factors: Float32Array,
  { steps }: TrainingPlan,
): Promise<TrainingState> {
  const kept = await run?.read(factors.length, steps.length);
  if (kept) return kept;
  const [m, v] = [new Float32Array(factors.length), new Float32Array(factors.length)];
  return { step: 0, factors, m, v, losses: new Float64Array(0), norms: new Float64Array(0) };
}

function joined(first: Float64Array, second: Float64Array): Float64Array {
  const all = new Float64Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/** Some steps of a plan, told as part of all. */
function trainPart(
  session: Session,
  base: LoadedModel,
  part: {
    plan: TrainingPlan;
    steps: readonly (readonly number[])[];
    method: Method;
    adapter: Adapter;
    from: TrainingState;
  },
  { onProgress, ...options }: WaitOptions,
): Promise<LoraTrainResult> {
  const { plan, steps, adapter, from } = part;
  const { training } = part.method;
  const total = plan.steps.length;
  const job = session.loraTrain({
    ...{ model: base.native, adapter, from, examples: plan.examples, steps },
    adamw: {
      beta1: training.beta1,
      beta2: training.beta2,
      eps: training.epsilon,
      weightDecay: training.weightDecay,
    },
    schedule: scheduleOf(training, total),
    clipNorm: training.clipNorm,
  });
  return job.wait({
    ...options,
    onProgress: ({ done, loss }) => onProgress?.({ done: from.step + done, total, loss }),
  });
}

function scheduleOf(training: Method["training"], totalSteps: number): Schedule {
  return {
    kind: "cosine",
    lr: training.learningRate,
    minLr: training.minLearningRate,
    warmupSteps: training.warmupSteps,
    totalSteps,
  };
}

/** The learning rate of a step, counted from 0, as native/spec.md has it: for displays. */
export function learningRateAt(training: Method["training"], step: number, totalSteps: number): number {
  const { learningRate: most, minLearningRate: least, warmupSteps } = training;
  if (step < warmupSteps) return (most * (step + 1)) / warmupSteps;
  const part = (step - warmupSteps) / (totalSteps - warmupSteps);
  return least + 0.5 * (most - least) * (1 + Math.cos(Math.PI * part));
}
