import { Adapter, initialAdapter, type Session } from "../../../native/js/index.ts";
import type { WaitOptions } from "../../../native/js/job.ts";
import { writeAdapter } from "../model/adapter.ts";
import type { ModelFiles } from "../model/files.ts";
import { adapterFromTensors, type LoadedModel, nativeConfig } from "../model/load.ts";
import type { Method } from "./method.ts";
import { planTraining } from "./plan.ts";
import type { TrainingExample } from "./snapshot.ts";

/** A finished fine-tuning. */
export interface TrainedAdapter {
  /** Ready for jobs. */
  native: Adapter;
  /** In PEFT's form; equal inputs give equal bytes on every machine. */
  files: ModelFiles;
  /** Mean loss a target token, before each step's update. */
  losses: Float64Array;
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
): Promise<TrainedAdapter> {
  const { lora, training } = method;
  const plan = await planTraining(rows, method, base.tokenizer, base.config.contextLength);
  const config = nativeConfig(base.config);
  const shape = { rank: lora.rank, scale: lora.alpha / lora.rank, targets: lora.targets };
  const start = new Adapter(config, shape, initialAdapter(config, shape, BigInt(lora.seed)));
  const result = await session
    .loraTrain({
      model: base.native,
      adapter: start,
      examples: plan.examples,
      steps: plan.steps,
      adamw: {
        beta1: training.beta1,
        beta2: training.beta2,
        eps: training.epsilon,
        weightDecay: training.weightDecay,
      },
      schedule: {
        kind: "cosine",
        lr: training.learningRate,
        minLr: training.minLearningRate,
        warmupSteps: training.warmupSteps,
        totalSteps: plan.steps.length,
      },
      clipNorm: training.clipNorm,
    })
    .wait(options);
  const adapter = adapterFromTensors(base.config, lora, result.tensors);
  return {
    native: new Adapter(config, shape, result.tensors),
    files: writeAdapter(adapter, base.config, BASE_NAME),
    losses: result.losses,
    tokens: plan.tokens,
  };
}
