/**
 * The native core as TypeScript sees it: models, adapters, trainers and jobs of the C++ addon.
 *
 * Every number that comes out is the same, byte for byte, on every back end (scalar, AVX2, AVX-512, VNNI, AMX, CUDA), for any
 * number of threads and any grouping of examples into micro-batches.
 */
import { loadAddon } from "./addon.ts";
import { NativeError } from "./error.ts";
import { type Job, startJob } from "./job.ts";
import { Adapter, adapterTensors, Model, modelTensors, Trainer } from "./models.ts";
import { packExamples, packPrompts, packSteps } from "./pack.ts";
import { targetMask, unflatten } from "./tensors.ts";
import {
  type AdamwOptions,
  type AdapterShape,
  ARITHMETICS,
  type Arithmetic,
  type BackendInfo,
  type EvaluateResult,
  type Example,
  type GenerateResult,
  type GradientsResult,
  type Isa,
  type JobOutputs,
  LORA_TARGETS,
  type LoraGradientsResult,
  type LoraTarget,
  type LoraTrainResult,
  type ModelConfig,
  type Schedule,
  type TensorInfo,
  type Tensors,
  type TrainedState,
  type TrainerState,
  type TrainResult,
  WEIGHT_FORMATS,
  type WeightFormat,
} from "./types.ts";

/** What this machine and this build offer. */
export function backends(): BackendInfo {
  return loadAddon().backends();
}

/** Fresh weights: normal(0, 0.02) from the seed (embeddings and linears), ones for norms, zeros for biases. */
export function initialWeights(config: ModelConfig, seed: bigint): Tensors {
  return unflatten(modelTensors(config), loadAddon().initModel(config, seed));
}

/** Fresh LoRA factors: A uniform in ±1/sqrt(in) from the seed, B zero. */
export function initialAdapter(config: ModelConfig, shape: AdapterShape, seed: bigint): Tensors {
  const flat = loadAddon().initAdapter(config, shape.rank, targetMask(shape.targets), seed);
  return unflatten(adapterTensors(config, shape), flat);
}

/** Exact upcast of IEEE half floats to fp32. */
export function f16ToF32(bits: Uint16Array): Float32Array {
  return loadAddon().f16ToF32(bits);
}

/** Exact upcast of bfloat16 to fp32. */
export function bf16ToF32(bits: Uint16Array): Float32Array {
  return loadAddon().bf16ToF32(bits);
}

/** fp32 to IEEE half, round to nearest even; values too large become infinities. */
export function f32ToF16(values: Float32Array): Uint16Array {
  return loadAddon().f32ToF16(values);
}

export interface SessionOptions {
  /** Threads, the job's own included; default: all cores. */
  threads?: number;
  /** Force an instruction set (tests); default: OPENLEDGER_ISA, else the best of this CPU. */
  isa?: Isa;
  /** Default: OPENLEDGER_DEVICE, else cpu. `cuda` only where `backends().cuda.available`. */
  device?: "cpu" | "cuda";
  /** Tokens per micro-batch (memory and cancel latency only: results do not depend on it); default 1024. */
  microbatchTokens?: number;
}

export interface WithModel {
  model: Model;
  adapter?: Adapter;
}

export interface PretrainRequest {
  trainer: Trainer;
  examples: readonly Example[];
  /** For each step the indices of its examples, in batch order. */
  steps: readonly (readonly number[])[];
  adamw: AdamwOptions;
  schedule: Schedule;
  /** Scale the gradient so that its norm is at most this; 0 or absent: no clipping. */
  clipNorm?: number;
}

export interface LoraTrainRequest {
  model: Model;
  /** Factors to start from (see `initialAdapter`). */
  adapter: Adapter;
  examples: readonly Example[];
  steps: readonly (readonly number[])[];
  adamw: AdamwOptions;
  schedule: Schedule;
  clipNorm?: number;
  /** Where an earlier job ended, whose factors `adapter` has: the first of `steps` is the one after. Absent: from the beginning. */
  from?: TrainedState;
}

/** A thread pool and a device. Jobs of one session take turns micro-batch by micro-batch. */
export class Session {
  readonly handle: object;
  readonly isa: Isa;
  readonly threads: number;
  readonly device: "cpu" | "cuda";

  constructor(options: SessionOptions = {}) {
    const raw = loadAddon().createSession(
      options.threads ?? 0,
      options.isa ?? process.env.OPENLEDGER_ISA ?? "",
      options.device ?? process.env.OPENLEDGER_DEVICE ?? "cpu",
      options.microbatchTokens ?? 0,
    );
    this.handle = raw.handle;
    this.isa = raw.isa;
    this.threads = raw.threads;
    this.device = raw.device;
  }

  /** Ends its threads once no job uses it. Calls after this throw NATIVE_CLOSED. */
  close(): void {
    loadAddon().closeHandle(this.handle);
  }

  /** Losses and log-probabilities of all examples; logits and hidden states where asked for. */
  evaluate(
    request: WithModel & {
      examples: readonly Example[];
      /** Keep logits of every position: Float32Array [tokens, vocab] per example. */
      logits?: boolean;
      /** Keep hidden states: embeddings, after each layer, after the final norm; [layers + 2, tokens, hidden] per example. */
      hidden?: boolean;
      /** Default: f32. */
      arithmetic?: Arithmetic;
    },
  ): Job<EvaluateResult> {
    const packed = packExamples(request.examples);
    const { vocabSize, hiddenSize, layers } = request.model.config;
    const job = loadAddon().startEvaluate(
      this.handle,
      request.model.handle,
      request.adapter?.handle,
      packed.ids,
      packed.targets,
      packed.offsets,
      request.logits ?? false,
      request.hidden ?? false,
      request.arithmetic ?? "f32",
    );
    return startJob(job, (out) => {
      const tokens = request.examples.map((example) => example.ids.length);
      const targets = packed.targetCounts;
      return {
        losses: f64(out, "losses"),
        logprobs: slices(f32(out, "logprobs"), targets),
        logits: request.logits
          ? slices(
              f32(out, "logits"),
              tokens.map((n) => n * vocabSize),
            )
          : undefined,
        hidden: request.hidden
          ? slices(
              f32(out, "hidden"),
              tokens.map((n) => n * hiddenSize * (layers + 2)),
            )
          : undefined,
      };
    });
  }

  /** Greedy decoding with a key-value cache; ties go to the lower id. Prompts are answered one after the other. */
  generate(
    request: WithModel & {
      prompts: readonly (Int32Array | readonly number[])[];
      maxTokens: number;
      /** Decoding ends after one of these (it is the last token of the answer). */
      stopIds?: readonly number[];
      /** Only ids below this are chosen: rows of the embeddings past the tokenizer's tokens are padding. */
      vocabulary?: number;
      /** Default: f32. */
      arithmetic?: Arithmetic;
    },
  ): Job<GenerateResult> {
    const packed = packPrompts(request.prompts);
    const job = loadAddon().startGenerate(
      this.handle,
      request.model.handle,
      request.adapter?.handle,
      packed.ids,
      packed.offsets,
      request.maxTokens,
      Int32Array.from(request.stopIds ?? []),
      request.vocabulary ?? 0,
      request.arithmetic ?? "f32",
    );
    return startJob(job, (out) => {
      const counts = [...i32(out, "counts")];
      return {
        tokens: slices(i32(out, "tokens"), counts),
        logits: slices(f32(out, "logits"), counts),
        gaps: slices(f32(out, "gaps"), counts),
        logprobs: slices(f32(out, "logprobs"), counts),
      };
    });
  }

  /** Gradient of the token-summed loss over all examples for every weight (no adapter): one chain in batch order. */
  gradients(request: { model: Model; examples: readonly Example[] }): Job<GradientsResult> {
    const packed = packExamples(request.examples);
    const job = loadAddon().startGradients(
      this.handle,
      request.model.handle,
      packed.ids,
      packed.targets,
      packed.offsets,
    );
    const layout = modelTensors(request.model.config);
    return startJob(job, (out) => ({
      losses: f64(out, "losses"),
      gradients: unflatten(layout, f32(out, "gradients")),
    }));
  }

  /** Per-example gradients of the token-summed loss for the adapter's factors, flattened as `adapterTensors`. */
  loraGradients(request: {
    model: Model;
    adapter: Adapter;
    examples: readonly Example[];
  }): Job<LoraGradientsResult> {
    const packed = packExamples(request.examples);
    const job = loadAddon().startLoraGradients(
      this.handle,
      request.model.handle,
      request.adapter.handle,
      packed.ids,
      packed.targets,
      packed.offsets,
    );
    return startJob(job, (out) => {
      const rows = f32(out, "gradients");
      return { losses: f64(out, "losses"), rows, dimension: rows.length / request.examples.length };
    });
  }

  /**
   * AdamW on all weights. Batch loss = sum of target losses / number of targets. Weight decay acts on matrices only
   * (linears, embeddings), not on norms and biases. When cancelled, the trainer stands after the last whole step.
   */
  pretrain(request: PretrainRequest): Job<TrainResult> {
    const packed = packExamples(request.examples);
    const job = loadAddon().startPretrain(
      this.handle,
      request.trainer.handle,
      packed.ids,
      packed.targets,
      packed.offsets,
      ...packSteps(request.steps, request.examples.length),
      request.adamw,
      request.schedule,
      request.clipNorm ?? 0,
    );
    return startJob(job, (out) => ({ losses: f64(out, "losses"), norms: f64(out, "norms") }));
  }

  /** AdamW on LoRA factors only, decay on A and B alike; the base stays frozen. */
  loraTrain(request: LoraTrainRequest): Job<LoraTrainResult> {
    const packed = packExamples(request.examples);
    const job = loadAddon().startLoraTrain(
      this.handle,
      request.model.handle,
      request.adapter.handle,
      packed.ids,
      packed.targets,
      packed.offsets,
      ...packSteps(request.steps, request.examples.length),
      request.adamw,
      request.schedule,
      request.clipNorm ?? 0,
      request.from,
    );
    const layout = adapterTensors(request.model.config, request.adapter.shape);
    return startJob(job, (out) => ({
      losses: f64(out, "losses"),
      norms: f64(out, "norms"),
      flat: f32(out, "adapter"),
      tensors: unflatten(layout, f32(out, "adapter")),
      state: { step: (request.from?.step ?? 0) + request.steps.length, m: f32(out, "m"), v: f32(out, "v") },
    }));
  }

  /** One matrix product in the committed order (tests, bench): C[M,N] = A[M,K] B[K,N], row-major. */
  gemm(m: number, n: number, k: number, a: Float32Array, b: Float32Array, repeat = 1): Float32Array {
    return loadAddon().gemm(this.handle, m, n, k, a, b, repeat);
  }

  /**
   * Rows of x times one matrix in any format, on this session's device (tests): y[t, o] = sum over i of x[t, i] W[o, i], by that
   * arithmetic's order. `weight` holds the matrix's rows end to end.
   * @throws NativeError NATIVE_TENSOR (wrong size), NATIVE_NOT_FINITE (weights), NATIVE_ARGUMENT, NATIVE_UNAVAILABLE (the device failed).
   */
  product(
    arithmetic: Arithmetic,
    weight: { format: WeightFormat; bytes: Uint8Array; rows: number; cols: number },
    x: Float32Array,
  ): Float32Array {
    const { format, bytes, rows, cols } = weight;
    return loadAddon().product(this.handle, arithmetic, WEIGHT_FORMATS[format], bytes, rows, cols, x);
  }
}

function output(out: JobOutputs, name: string): JobOutputs[string] {
  const found = out[name];
  if (found === undefined) throw new NativeError("NATIVE_INTERNAL", `the job gave no ${name}`);
  return found;
}
function f32(out: JobOutputs, name: string): Float32Array {
  return output(out, name) as Float32Array;
}
function f64(out: JobOutputs, name: string): Float64Array {
  return output(out, name) as Float64Array;
}
function i32(out: JobOutputs, name: string): Int32Array {
  return output(out, name) as Int32Array;
}
function slices<T extends Float32Array | Int32Array>(flat: T, counts: readonly number[]): T[] {
  let at = 0;
  return counts.map((count) => {
    at += count;
    return flat.subarray(at - count, at) as T;
  });
}

export type {
  AdamwOptions,
  AdapterShape,
  Arithmetic,
  BackendInfo,
  EvaluateResult,
  Example,
  GenerateResult,
  GradientsResult,
  Isa,
  Job,
  LoraGradientsResult,
  LoraTarget,
  LoraTrainResult,
  ModelConfig,
  Schedule,
  TensorInfo,
  Tensors,
  TrainedState,
  TrainerState,
  TrainResult,
  WeightFormat,
};
export { Adapter, ARITHMETICS, adapterTensors, LORA_TARGETS, Model, modelTensors, NativeError, Trainer };
